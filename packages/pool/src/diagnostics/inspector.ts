// Looking into one running worker over Node's own inspector: opened by signal on a free loopback port, closed again after
// use. Needs nothing loaded in the worker, and works while its event loop hangs.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { setTimeout as after } from 'node:timers/promises';

import { StartFailure } from '../failure.ts';

/** A worker as far as it can be looked into. */
export interface Subject { readonly id: string; readonly pid: number; readonly logFile: string }

const OPEN_LIMIT_MS = 5_000;
const LOOK_EVERY_MS = 20;
const ASK_EVERY_MS = 400;
/** What a worker logs between the signal and its announcement; more means that it is flooding. */
const ANNOUNCEMENT_BYTES = 1024 * 1024;

/** Opens the inspector and says its address, `ws://127.0.0.1:…`. Throws StartFailure when the worker does not answer. */
export async function openInspector(subject: Subject): Promise<string> {
  const from = size(subject.logFile);
  for (let waited = 0; waited < OPEN_LIMIT_MS; waited += LOOK_EVERY_MS) {
    // Asked again now and then: while a former conversation is still being closed, the signal means nothing.
    if (waited % ASK_EVERY_MS === 0) process.kill(subject.pid, 'SIGUSR1');
    const url = /Debugger listening on (ws:\/\/\S+)/.exec(readFrom(subject.logFile, from))?.[1];
    if (url !== undefined) return url;
    await after(LOOK_EVERY_MS);
  }
  throw new StartFailure({ reason: 'unroutable', message: `${subject.id} did not open its inspector within ${OPEN_LIMIT_MS / 1000} s`, cure: 'it may be open already (see its log), or the app may have taken SIGUSR1 for itself' });
}

type Answer = Readonly<Record<string, unknown>>;

/** A conversation in the DevTools protocol. */
export class Inspector {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>();
  readonly #listeners = new Map<string, (parameters: Answer) => void>();
  #next = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', (event: { readonly data: unknown }) => this.#hear(String(event.data)));
    socket.addEventListener('close', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('the worker closed its inspector'));
    });
  }

  static async connect(url: string): Promise<Inspector> {
    const socket = new WebSocket(url);
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener('open', () => resolve());
      socket.addEventListener('error', () => reject(new Error(`no inspector answers at ${url}`)));
    });
    return new Inspector(socket);
  }

  call(method: string, parameters: Answer = {}): Promise<Answer> {
    this.#next += 1;
    const id = this.#next;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#socket.send(JSON.stringify({ id, method, params: parameters }));
    });
  }

  on(event: string, run: (parameters: Answer) => void): void {
    this.#listeners.set(event, run);
  }

  /** Also closes the worker's port, a moment later: closing waits until nobody is connected. */
  async close(): Promise<void> {
    await this.call('Runtime.evaluate', { expression: "void setTimeout(() => process.getBuiltinModule('node:inspector').close(), 50).unref()" });
    this.#socket.close();
  }

  #hear(text: string): void {
    const message: unknown = JSON.parse(text);
    if (!isObject(message)) return;
    if (typeof message['method'] === 'string') {
      this.#listeners.get(message['method'])?.(isObject(message['params']) ? message['params'] : {});
      return;
    }
    const id = Number(message['id']);
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (isObject(message['error'])) waiting?.reject(new Error(String(message['error']['message'])));
    else waiting?.resolve(isObject(message['result']) ? message['result'] : {});
  }
}

function isObject(value: unknown): value is Answer {
  return typeof value === 'object' && value !== null;
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
