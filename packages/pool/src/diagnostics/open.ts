// Node's own inspector in one running worker: opened by signal on a free loopback port, or found where it is open already.
// Needs nothing loaded in the worker, and works while its event loop hangs.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { get } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as after } from 'node:timers/promises';

import { StartFailure } from '../failure.ts';
import { connectionsOn, isLoopback, listeningSockets, socketsOf } from '../os/listening.ts';
import { Inspector } from './inspector.ts';

/** A worker as far as it can be looked into. */
export interface Subject { readonly id: string; readonly pid: number; readonly logFile: string }

/** `found`: somebody else has opened it, and may be using it. */
export interface OpenInspector { readonly url: string; readonly found: boolean }

const OPEN_LIMIT_MS = 5_000;
const LOOK_EVERY_MS = 20;
const ASK_EVERY_MS = 400;
/** Without a word for so long it is open already; before, it may still be closing. */
const FIND_AFTER_MS = 600;
const FIND_TIMEOUT_MS = 500;
/** A worker closes it at its next turn. */
const CLOSE_LIMIT_MS = 2_000;
/** What a worker logs between the signal and its announcement; more means that it is flooding. */
const ANNOUNCEMENT_BYTES = 1024 * 1024;
const ANNOUNCEMENT = /Debugger listening on (ws:\/\/\S+)/;

/** Says the address of the worker's inspector, `ws://127.0.0.1:…`. Throws StartFailure when there is none to be had. */
export async function openInspector(subject: Subject): Promise<OpenInspector> {
  const from = size(subject.logFile);
  for (let waited = 0; waited < OPEN_LIMIT_MS; waited += LOOK_EVERY_MS) {
    // Asked again now and then: while a former conversation is still being closed, the signal means nothing.
    if (waited % ASK_EVERY_MS === 0) process.kill(subject.pid, 'SIGUSR1');
    const url = ANNOUNCEMENT.exec(readFrom(subject.logFile, from))?.[1];
    if (url !== undefined) return { url, found: false };
    if (waited === FIND_AFTER_MS) {
      const open = await findInspector(subject);
      if (open !== null) return { url: open, found: true };
    }
    await after(LOOK_EVERY_MS);
  }
  throw new StartFailure({ reason: 'unroutable', message: `${subject.id} did not open its inspector within ${OPEN_LIMIT_MS / 1000} s`, cure: 'the app may have taken SIGUSR1 for itself' });
}

/** The address of an inspector that is open, or null. */
export async function findInspector(subject: Subject): Promise<string | null> {
  for (const port of candidates(subject)) {
    const url = await inspectorOn(port);
    if (url !== null) return url;
  }
  return null;
}

/** A conversation with a worker's inspector, which is closed again unless somebody else has opened it or uses it. */
export async function withInspector(subject: Subject, use: (inspector: Inspector) => Promise<void>): Promise<void> {
  const { url, found } = await openInspector(subject);
  const inspector = await Inspector.connect(url);
  try {
    await use(inspector);
  } finally {
    if (found) inspector.close();
    // A worker that died over it has closed its inspector too; the reason is already on its way.
    else await closeUnlessUsed(inspector, url).catch(() => undefined);
  }
}

/** Closes an inspector that was left open; false when somebody is connected, and true when there is none. */
export async function closeInspector(subject: Subject): Promise<boolean> {
  const url = await findInspector(subject);
  if (url === null) return true;
  if (!await closeUnlessUsed(await Inspector.connect(url), url)) return false;
  for (let waited = 0; waited < CLOSE_LIMIT_MS && await inspectorOn(portOf(url)) !== null; waited += LOOK_EVERY_MS) await after(LOOK_EVERY_MS);
  return true;
}

/** With somebody else connected the worker would stand still until that one has gone. */
async function closeUnlessUsed(inspector: Inspector, url: string): Promise<boolean> {
  const isUsed = connectionsOn(portOf(url)) > 1;
  if (isUsed) inspector.close();
  else await inspector.closePort();
  return !isUsed;
}

/** Loopback ports of the worker where the system tells, and the one that it announced last. */
function candidates({ pid, logFile }: Subject): readonly number[] {
  const own = socketsOf(pid);
  const ports = listeningSockets().filter((socket) => isLoopback(socket.address) && own.has(socket.inode)).map(({ port }) => port);
  const announced = [...readFrom(logFile, Math.max(0, size(logFile) - ANNOUNCEMENT_BYTES)).matchAll(new RegExp(ANNOUNCEMENT, 'g'))].at(-1)?.[1];
  return [...new Set([...(announced === undefined ? [] : [portOf(announced)]), ...ports])];
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}

/** Every inspector has a page that names its targets; whatever else listens there has not. */
async function inspectorOn(port: number): Promise<string | null> {
  try {
    const targets: unknown = JSON.parse(await page(port, '/json/list'));
    const first: unknown = Array.isArray(targets) ? targets[0] : null;
    const url: unknown = typeof first === 'object' && first !== null ? Reflect.get(first, 'webSocketDebuggerUrl') : null;
    return typeof url === 'string' && url.startsWith('ws://') ? url : null;
  } catch {
    return null;
  }
}

/** On a connection of its own, which is gone when it is read: who else is connected will be counted. */
function page(port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port, path, agent: false, signal: AbortSignal.timeout(FIND_TIMEOUT_MS) });
    request.once('response', (response) => void text(response).then(resolve, reject));
    request.once('error', reject);
  });
}

function size(file: string): number {
  const fd = openSync(file, 'r');
  try {
    return fstatSync(fd).size;
  } finally {
    closeSync(fd);
  }
}

function readFrom(file: string, from: number): string {
  const fd = openSync(file, 'r');
  try {
    // A rotation in between begins the file anew.
    const start = fstatSync(fd).size < from ? 0 : from;
    const bytes = Buffer.alloc(ANNOUNCEMENT_BYTES);
    return bytes.toString('utf8', 0, readSync(fd, bytes, 0, bytes.length, start));
  } finally {
    closeSync(fd);
  }
}
