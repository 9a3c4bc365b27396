// One run of wrk against one port. It knows no contestant.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export interface Run {
  readonly requests: number;
  readonly seconds: number;
  readonly failed: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface WrkOptions {
  /** wrk, and what stands before it. */
  readonly command: readonly string[];
  readonly port: number;
  readonly connections: number;
  readonly seconds: number;
  /** Requests a second, about; as many as go where it is left out. */
  readonly rate?: number;
  /** Half of the requests ask for the canary by a cookie. */
  readonly asksCanary?: boolean;
}

/** What requests.lua prints at the end; times in microseconds. */
interface Printed { readonly requests: number; readonly micros: number; readonly p50: number; readonly p99: number; readonly failed: number }

export async function runWrk({ command, port, connections, seconds, rate, asksCanary = false }: WrkOptions): Promise<Run> {
  const [program = 'wrk', ...before] = command;
  const args = [...before, '-t1', `-c${connections}`, `-d${seconds}`, '-s', join(import.meta.dirname, 'requests.lua'), `http://127.0.0.1:${port}/`];
  const pause = rate === undefined ? {} : { PAUSE_MS: String(Math.max(1, Math.round((connections * 1_000) / rate))) };
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...pause, ...(asksCanary ? { ASK_CANARY: '1' } : {}) } });
  let text = '';
  child.stdout.on('data', (chunk) => (text += String(chunk)));
  await once(child, 'close');
  const line = text.split('\n').find((one) => one.startsWith('{'));
  if (line === undefined) throw new Error(`wrk printed no result: ${text}`);
  const printed = JSON.parse(line) as Printed;
  return {
    requests: printed.requests,
    seconds: printed.micros / 1e6,
    failed: printed.failed,
    p50Ms: printed.p50 / 1e3,
    p99Ms: printed.p99 / 1e3,
  };
}
