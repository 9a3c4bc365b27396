// What is done to the product, and what must hold meanwhile. Each scenario returns facts; the limits stand beside them.

import path from 'node:path';
import { setTimeout as after } from 'node:timers/promises';

import type { PoolSpec } from '@graylane/pool';
import { Load, quantile } from './client.ts';
import type { Failure, Manner, Tally } from './client.ts';
import { growth } from './growth.ts';
import type { Allowance, Sample } from './growth.ts';
import { Rig } from './rig.ts';

export interface Outcome {
  readonly scenario: string;
  readonly rounds: number;
  readonly requests: number;
  readonly failures: readonly Failure[];
  /** Limits that were missed, each as one line. */
  readonly missed: readonly string[];
  readonly figures: Readonly<Record<string, string>>;
}

export interface Plan { readonly rounds: number; readonly random: () => number }

/** Node's interpreter for the workers; null is this one's own. */
export type Interpreter = string | null;

export const EVERY_MANNER: readonly Manner[] = ['keep-alive', 'keep-alive', 'new-connection', 'new-connection', 'slow-upload'];

export function pools(interpreter: Interpreter): readonly [PoolSpec, PoolSpec] {
  const common = { service: 'web', script: 'server.cjs', cwd: path.join(import.meta.dirname, 'apps'), interpreter, ready: { timeoutMs: 20_000 }, killTimeoutMs: 2_000, drainTimeoutMs: 10_000, backoff: { firstMs: 20, capMs: 200 } };
  return [{ ...common, version: 'v1', role: 'stable', workers: 2 }, { ...common, version: 'v2', role: 'canary', workers: 2, backoff: { firstMs: 20, capMs: 200, maxCrashes: 1_000 } }];
}

/** SIGKILL of the supervisor at a random moment, then a reload through the next one. */
export async function supervisorDeath({ rounds, random }: Plan, interpreter: Interpreter = null): Promise<Outcome> {
  return withRig('supervisor killed, then a reload', rounds, interpreter, async (rig, load) => {
    let slowest = 0;
    let slowestUp = 0;
    const missed: string[] = [];
    for (let round = 0; round < rounds; round++) {
      await after(random() * 300);
      // Half of the time it dies in the middle of a reload.
      const reload = random() < 0.5 ? rig.command({ do: 'reload', version: 'v1' }) : null;
      await after(random() * 400);
      const killed = performance.now();
      const { mark } = rig;
      process.kill(rig.supervisor, 'SIGKILL');
      await rig.after(mark, (line) => line.said === 'up');
      slowestUp = Math.max(slowestUp, performance.now() - killed);
      const published = await rig.command({ do: 'publish', generation: round + 2 });
      if (published.result !== 'ok') missed.push(`round ${round}: the strategy was not accepted by all (${published.result ?? ''})`);
      slowest = Math.max(slowest, performance.now() - killed);
      await reload;
      const reloaded = await rig.command({ do: 'reload', version: 'v1' });
      if (reloaded.result !== 'ok') missed.push(`round ${round}: the reload failed (${reloaded.result ?? ''})`);
      await load.more(5);
    }
    if (slowest > 2_000) missed.push(`a strategy was accepted only ${Math.round(slowest)} ms after a kill`);
    return { missed, figures: { 'slowest supervisor': `${Math.round(slowestUp)} ms`, 'slowest strategy': `${Math.round(slowest)} ms` } };
  }, noFailure);
}

/** SIGKILL of one worker at a random moment; its requests in flight may fail, and nothing else. */
export async function workerDeath({ rounds, random }: Plan, version: 'v1' | 'v2', interpreter: Interpreter = null): Promise<Outcome> {
  const kills: number[] = [];
  return withRig(`${version === 'v1' ? 'stable' : 'canary'} worker killed`, rounds, interpreter, async (rig, load) => {
    let slowest = 0;
    for (let round = 0; round < rounds; round++) {
      await after(20 + random() * 100);
      const victims = (await rig.workers(version)).filter((worker) => worker.state === 'ready');
      const victim = victims[Math.floor(random() * victims.length)];
      if (victim === undefined) throw new Error('no worker is ready');
      kills.push(load.elapsedMs);
      const killed = performance.now();
      const { mark } = rig;
      process.kill(victim.pid, 'SIGKILL');
      await rig.after(mark, (line) => line.said === 'crash');
      while ((await rig.workers(version)).filter((worker) => worker.state === 'ready').length < 2) await load.more(1);
      slowest = Math.max(slowest, performance.now() - killed);
    }
    return { missed: slowest > 1_500 ? [`a worker came back only after ${Math.round(slowest)} ms`] : [], figures: { 'slowest return': `${Math.round(slowest)} ms` } };
  }, (failures) => inFlightOnly(failures, kills, version === 'v2'), version === 'v2' ? { 'x-canary': '1' } : {});
}

/** Stable grows and shrinks: a slot that is given up may hold connections that nobody has accepted yet. */
export async function scaling({ rounds }: Plan, interpreter: Interpreter = null): Promise<Outcome> {
  return withRig('scaled up and down', rounds, interpreter, async (rig, load) => {
    const missed: string[] = [];
    for (let round = 0; round < rounds; round++) {
      for (const workers of [4, 1]) {
        const scaled = await rig.command({ do: 'scale', version: 'v1', workers });
        if (scaled.result !== 'ok') missed.push(`round ${round}: ${scaled.result ?? ''}`);
        await load.more(20);
      }
    }
    return { missed, figures: {} };
  }, noFailure);
}

const BROKEN = ['exits', 'never listens', 'fails readiness', 'throws on first request'] as const;

/** A reload to a version that is broken in one of four ways; stable must not notice. */
export async function brokenVersion({ rounds }: Plan, interpreter: Interpreter = null): Promise<Outcome> {
  return withRig('broken new version', rounds, interpreter, async (rig) => {
    const missed: string[] = [];
    const before = (await rig.workers('v1')).map((worker) => worker.pid);
    for (let round = 0; round < rounds; round++) {
      const how = BROKEN[round % BROKEN.length] ?? 'exits';
      const result = (await rig.command({ do: 'reload', version: 'v1', env: { BREAK: how }, ready: { http: '/healthz', timeoutMs: 700 } })).result ?? '';
      if (!/^GL20\d\d$/.test(result)) missed.push(`round ${round}: a version that ${how} was accepted (${result})`);
    }
    const after = (await rig.workers('v1')).filter((worker) => worker.state === 'ready').map((worker) => worker.pid);
    if (JSON.stringify(after) !== JSON.stringify(before)) missed.push('stable workers were replaced');
    return { missed, figures: {} };
  }, noFailure);
}

/** Reloads and strategies without end; the pools alone must not grow, timers included. `npm run churn` does more, to the whole product. */
export async function churn({ rounds, random }: Plan, interpreter: Interpreter = null): Promise<Outcome> {
  return withRig('churn', rounds, interpreter, async (rig) => {
    const samples: Sample[] = [];
    for (let round = 0; round < rounds; round++) {
      await rig.command({ do: 'reload', version: random() < 0.5 ? 'v1' : 'v2' });
      for (let n = 0; n < 20; n++) await rig.command({ do: 'publish', generation: round * 20 + n + 2 });
      const { vitals } = await rig.command({ do: 'look' });
      if (vitals !== undefined) samples.push({ ...vitals });
    }
    const last = samples.at(-1);
    return { missed: growth(samples, ALLOWED_GROWTH), figures: { 'RSS after': `${Math.round((last?.['rss'] ?? 0) / 2 ** 20)} MiB`, fds: String(last?.['fds'] ?? 0) } };
  }, noFailure);
}

const ALLOWED_GROWTH: readonly Allowance[] = [{ figure: 'handles', more: 2 }, { figure: 'fds', more: 2 }, { figure: 'rss', ratio: 1.1 }];

type Judge = (failures: readonly Failure[]) => readonly string[];

const noFailure: Judge = (failures) => (failures.length === 0 ? [] : [`${failures.length} failed requests`]);

/** Failures must have been in flight at a kill. `retried`: GETs of a killed canary are sent to another worker, so they may not fail at all. */
function inFlightOnly(failures: readonly Failure[], kills: readonly number[], retried: boolean): readonly string[] {
  const strange = failures.filter((failure) => !kills.some((kill) => failure.sentMs <= kill + 25 && failure.failedMs >= kill - 25));
  const visible = retried ? failures.filter((failure) => failure.manner !== 'slow-upload') : [];
  return [
    ...(strange.length === 0 ? [] : [`${strange.length} failed requests were not in flight at a kill`]),
    ...(visible.length === 0 ? [] : [`${visible.length} idempotent requests failed visibly`]),
    ...(failures.length <= kills.length * EVERY_MANNER.length ? [] : [`${failures.length} failures are more than were in flight`]),
  ];
}

async function withRig(
  scenario: string, rounds: number, interpreter: Interpreter,
  run: (rig: Rig, load: Load) => Promise<{ missed: readonly string[]; figures: Readonly<Record<string, string>> }>,
  judge: Judge, headers: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const rig = await Rig.start(pools(interpreter));
  const load = new Load({ port: rig.port, manners: EVERY_MANNER, pauseMs: 10, headers });
  let tally: Tally | null = null;
  try {
    const { missed, figures } = await run(rig, load);
    tally = await load.stop();
    const faults = rig.lines.filter((line) => line.said === 'fault').map((line) => `agent fault: ${line.text ?? ''}`);
    return { scenario, rounds, requests: tally.answers, failures: tally.failures, missed: [...missed, ...judge(tally.failures), ...faults], figures: { ...figures, ...latency(tally) } };
  } finally {
    if (tally === null) await load.stop();
    await rig.end();
  }
}

function latency(tally: Tally): Record<string, string> {
  const all = [...tally.latenciesMs.values()].flat();
  return { p50: `${Math.round(quantile(all, 0.5))} ms`, p99: `${Math.round(quantile(all, 0.99))} ms` };
}
