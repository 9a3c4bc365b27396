// A canary that loops for ever, or is killed again and again, beside stable traffic at a constant rate.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Connection } from './connection.ts';
import { quantile } from './quantile.ts';
import type { SteadyResult } from './steady.ts';
import { runSteady } from './steady.ts';
import type { Up } from './up.ts';
import { bytesOf } from './users.ts';

export interface Quiet {
  readonly asked: number;
  readonly failed: readonly string[];
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface IsolationOptions {
  readonly up: Up;
  readonly perSecond: number;
  readonly seconds: number;
}

/** The nice value that canary workers start with: the unrelated hog gets the same. */
const CANARY_NICE = 10;
const HOG = 'for (;;);';
/** Often enough that a canary that was replaced loops again at once. */
const LOOP_EVERY_MS = 200;
const KILL_EVERY_MS = 300;
const GIVE_UP_MS = 30_000;

const host: readonly [string, string] = ['Host', 'shop.test'];
const stableRequest = { method: 'GET', target: '/', headers: [host] } as const;
const tester: readonly [string, string] = ['Cookie', 'beta=1'];

/** Stable traffic while a process that has nothing to do with us burns CPU. */
export async function besideHog(options: IsolationOptions): Promise<Quiet> {
  const hog = spawn('nice', ['-n', String(CANARY_NICE), process.execPath, '-e', HOG], { stdio: 'ignore' });
  try {
    return await stableTraffic(options);
  } finally {
    hog.kill('SIGKILL');
    await once(hog, 'exit');
  }
}

/** Stable traffic while every canary worker is in an endless loop, begun anew whenever one was replaced. */
export async function besideLoopingCanary(options: IsolationOptions): Promise<Quiet> {
  return await withCanaryRequests(options, '/loop', LOOP_EVERY_MS, () => Promise.resolve());
}

/** Stable traffic while canary workers are killed and canary users go on asking. */
export async function besideKilledCanary(options: IsolationOptions): Promise<Quiet & { readonly kills: number }> {
  let kills = 0;
  const quiet = await withCanaryRequests(options, '/', KILL_EVERY_MS, async () => {
    for (const { pid } of (await options.up.workers()).filter(({ version }) => version === 'v2')) if (kill(pid)) kills++;
  });
  return { ...quiet, kills };
}

async function withCanaryRequests(options: IsolationOptions, target: string, everyMs: number, also: () => Promise<void>): Promise<Quiet> {
  const request = bytesOf({ method: 'GET', target, headers: [host, tester] });
  const connections: Connection[] = [];
  const running: Promise<unknown>[] = [];
  const timer = setInterval(() => {
    const connection = new Connection(options.up.port, GIVE_UP_MS);
    connections.push(connection);
    running.push(connection.ask(request), also());
  }, everyMs);
  try {
    return await stableTraffic(options);
  } finally {
    clearInterval(timer);
    for (const connection of connections) connection.abandon();
    await Promise.all(running);
  }
}

async function stableTraffic({ up, perSecond, seconds }: IsolationOptions): Promise<Quiet> {
  const results = await runSteady({ port: up.port, perSecond, seconds, next: () => stableRequest });
  const waits = results.map(({ waitMs }) => waitMs);
  return { asked: results.length, failed: results.flatMap(fault), p99Ms: quantile(waits, 0.99), maxMs: quantile(waits, 1) };
}

function fault({ outcome }: SteadyResult): readonly string[] {
  if (outcome.kind === 'failed') return [outcome.why];
  const { status, body } = outcome.answer;
  return status === 200 && (JSON.parse(body) as { build: string }).build === 'v1' ? [] : [`${status} ${body}`];
}

function kill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    // It is being replaced just now.
    return false;
  }
}
