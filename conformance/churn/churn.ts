// Days of changes in an hour: strategies, reloads, crashes, scalings, canaries that come and go, under counted load.
// `graylane up` is a black box here; its supervisor's size is read from /proc.

import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { Load } from '../chaos/client.ts';
import { growth } from '../chaos/growth.ts';
import type { Sample } from '../chaos/growth.ts';
import { processTree, statOf } from '../live/processes.ts';
import { SERVICE, startUp } from '../live/up.ts';
import type { Up } from '../live/up.ts';

export interface ChurnOptions {
  readonly rounds: number;
  /** A round begins this long after the one before, or when that is done. */
  readonly roundMs: number;
  readonly minutes: number;
  readonly random: () => number;
  readonly report: (sample: ChurnSample) => void;
}

export interface ChurnSample extends Sample {
  readonly round: number;
  readonly minute: number;
  /** Of the supervisor: resident bytes, open descriptors, threads. */
  readonly rssMiB: number;
  readonly fds: number;
  readonly threads: number;
  /** All processes below the one that was started, itself included. */
  readonly processes: number;
}

export interface ChurnResult {
  readonly counts: Readonly<Record<Deed | 'strategies', number>>;
  readonly answers: number;
  readonly failures: readonly string[];
  readonly samples: readonly ChurnSample[];
  readonly missed: readonly string[];
}

type Deed = 'reload of stable' | 'reload of canary' | 'kill' | 'scale' | 'canary gone and back';

/** Of a hundred rounds. */
const DEEDS: readonly (readonly [Deed, number])[] = [['reload of stable', 35], ['reload of canary', 20], ['kill', 15], ['scale', 15], ['canary gone and back', 15]];
const STRATEGIES_A_ROUND = 10;
const STABLE_WORKERS = 2;
const MANNERS = ['keep-alive', 'new-connection', 'slow-upload'] as const;

export async function churn(options: ChurnOptions): Promise<ChurnResult> {
  const cwd = join(import.meta.dirname, '..', 'chaos', 'apps');
  const version = (workers: number): object => ({ script: 'server.cjs', cwd, workers, drainTimeout: '5s', killTimeout: '2s' });
  const stable = version(STABLE_WORKERS);
  const up = await startUp({ versions: { v1: stable, v2: version(1) }, host: '127.0.0.1' });
  const load = new Load({ port: up.port, manners: MANNERS, pauseMs: 100 });
  const counts = { strategies: 0, 'reload of stable': 0, 'reload of canary': 0, kill: 0, scale: 0, 'canary gone and back': 0 };
  const samples: ChurnSample[] = [];
  const troubles: string[] = [];
  const began = performance.now();
  try {
    const supervisor = supervisorOf(up.pid);
    for (let round = 0; round < options.rounds && performance.now() - began < options.minutes * 60_000; round++) {
      const due = after(options.roundMs);
      for (let n = 0; n < STRATEGIES_A_ROUND; n++) await up.publish(up.document(releases(options.random)));
      counts.strategies += STRATEGIES_A_ROUND;
      const deed = draw(options.random());
      counts[deed] += 1;
      const trouble = await act(up, deed, stable, options.random);
      if (trouble !== null) troubles.push(`round ${round}: ${trouble}`);
      const sample = { round, minute: Math.round((performance.now() - began) / 6_000) / 10, ...sizeOf(supervisor), processes: processTree(up.pid).length };
      samples.push(sample);
      options.report(sample);
      await due;
    }
  } finally {
    await load.stop();
    await up.stop();
  }
  const failures = load.failures.map(({ manner, id, why, failedMs }) => `${manner} ${id}: ${why} at ${Math.round(failedMs)} ms`);
  // A killed stable worker takes along what it has in flight, at most one request of each client.
  const allowed = counts.kill * MANNERS.length;
  const tooMany = failures.length > allowed ? [`${failures.length} failed requests; ${allowed} may have been in flight at a kill`] : [];
  const grown = growth(samples, [{ figure: 'rssMiB', ratio: 1.1 }, { figure: 'fds', more: 2 }, { figure: 'threads', more: 1 }, { figure: 'processes', more: 1 }]);
  return { counts, answers: load.answers, failures, samples, missed: [...troubles, ...tooMany, ...grown] };
}

/** Null when it went well. */
async function act(up: Up, deed: Deed, stable: object, random: () => number): Promise<string | null> {
  switch (deed) {
    case 'reload of stable': return refused(await up.command('reload', 'v1'), 'reload v1');
    case 'reload of canary': return refused(await up.command('reload', 'v2'), 'reload v2');
    case 'scale': {
      const workers = String(1 + Math.floor(random() * 3));
      return refused(await up.command('scale', 'v1', workers), `scale v1 ${workers}`);
    }
    case 'kill': {
      const ready = (await up.workers()).filter((worker) => worker.ready);
      const victim = ready[Math.floor(random() * ready.length)];
      if (victim === undefined) return 'no worker was ready';
      process.kill(victim.pid, 'SIGKILL');
      await up.ready(['v1', 'v2']);
      return null;
    }
    case 'canary gone and back': {
      const whole = up.document([]);
      await up.publish(withoutCanary(whole, stable));
      await up.publish(whole);
      await up.ready(['v1', 'v2']);
      return null;
    }
  }
}

function refused(code: number | null, command: string): string | null {
  return code === 0 ? null : `\`graylane ${command}\` ended with ${code ?? 'a signal'}`;
}

function withoutCanary(document: ReturnType<Up['document']>, stable: object): object {
  return { ...document, services: { [SERVICE]: { ...document.services[SERVICE], versions: { v1: stable } } } };
}

function releases(random: () => number): readonly object[] {
  const percent = Math.floor(random() * 100);
  return [{ name: 'canary', when: [{ header: { 'x-canary': '1' } }, { percent }], versions: { [SERVICE]: 'v2' } }];
}

function draw(chance: number): Deed {
  let rest = chance * 100;
  for (const [deed, share] of DEEDS) {
    if (rest < share) return deed;
    rest -= share;
  }
  return 'reload of stable';
}

/** The anchor has one child. */
function supervisorOf(anchor: number): number {
  const child = processTree(anchor).find((pid) => statOf(pid)?.parent === anchor);
  if (child === undefined) throw new Error(`process ${anchor} has no supervisor`);
  return child;
}

function sizeOf(pid: number): Pick<ChurnSample, 'rssMiB' | 'fds' | 'threads'> {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? Number.NaN);
  return { rssMiB: Math.round(field('VmRSS') / 102.4) / 10, fds: readdirSync(`/proc/${pid}/fd`).length, threads: field('Threads') };
}
