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
  readonly program: string;
  readonly port: number;
  readonly connections: number;
  readonly seconds: number;
}

/** What requests.lua prints at the end; times in microseconds. */
interface Printed { readonly requests: number; readonly micros: number; readonly p50: number; readonly p99: number; readonly failed: number }

export async function runWrk(options: WrkOptions): Promise<Run> {
  const args = ['-t1', `-c${options.connections}`, `-d${options.seconds}`, '-s', join(import.meta.dirname, 'requests.lua'), `http://127.0.0.1:${options.port}/`];
  const child = spawn(options.program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
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
