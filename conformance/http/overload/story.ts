// Runs the overload story against one plane: a crowd before a slow app, and one more visitor after the crowd has left.

import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import * as http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { crowd } from './crowd.ts';
import type { CrowdReport } from './crowd.ts';

export type Plane = 'in-process' | 'gateway' | 'tutorial';

export interface Story extends CrowdReport {
  readonly plane: Plane;
  /** Bytes over time, in milliseconds since the crowd came; the first is the idle process. */
  readonly memory: readonly { readonly at: number; readonly rss: number }[];
  /** How long the visitor after the crowd waited; Infinity when it gave up. */
  readonly afterMs: number;
}

/** The visitor comes this long after the crowd left, and waits no longer than this. */
const CALM_MS = 200;
const VISITOR_PATIENCE_MS = 10_000;

export async function tell(plane: Plane, clients: number, durationMs: number): Promise<Story> {
  const folder = mkdtempSync(join(tmpdir(), 'gl-'));
  const path = join(folder, 'app.sock');
  const app = start('app.ts', path);
  await once(app, 'message');
  const front = start('front.ts', plane, path);
  const memory: { at: number; rss: number }[] = [];
  let zero = performance.now();
  const port = await new Promise<number>((resolve) => front.on('message', (message: { port?: number; rss?: number }) => {
    if (message.port !== undefined) resolve(message.port);
    if (message.rss !== undefined) memory.push({ at: performance.now() - zero, rss: message.rss });
  }));
  try {
    // One request warms the code that every plane loads late.
    await visitor(port);
    await sleep(300);
    memory.splice(0, memory.length - 1);
    zero = performance.now();
    const report = await crowd({ port, clients, durationMs, pauseMs: 50, patienceMs: 10_000 });
    await sleep(CALM_MS);
    const afterMs = await visitor(port);
    return { plane, memory: memory.map((sample, i) => (i === 0 ? { ...sample, at: 0 } : sample)), afterMs, ...report };
  } finally {
    front.kill('SIGKILL');
    app.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}

function start(file: string, ...args: string[]): ChildProcess {
  return fork(join(import.meta.dirname, file), args, { execArgv: ['--conditions=graylane-source'] });
}

function visitor(port: number): Promise<number> {
  const started = performance.now();
  return new Promise((resolve) => {
    const request = http.get({ port, host: '127.0.0.1', agent: false, timeout: VISITOR_PATIENCE_MS }, (res) => {
      res.resume();
      res.on('end', () => resolve(res.statusCode === 200 ? performance.now() - started : Infinity));
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(Infinity));
  });
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? NaN;
}
