// Interleaved rounds: each round measures every contestant once, in a fresh order, so that a busy minute hurts all alike.

import type { Random } from '../conformance/live/random.ts';
import { cpuMicros } from './cpu.ts';
import type { Server } from './server.ts';
import type { Run } from './wrk.ts';
import { runWrk } from './wrk.ts';

export interface Measure extends Run {
  /** User and system time of all server processes, divided by the requests. */
  readonly cpuMicrosPerRequest: number;
}

export interface RoundsOptions {
  readonly wrk: string;
  readonly servers: ReadonlyMap<string, Server>;
  readonly rounds: number;
  readonly seconds: number;
  /** Load before the first round, until V8 has compiled what is hot. */
  readonly warmupSeconds: number;
  /** Load before each measure that is not counted: a server that has rested for the others' turns has cold caches and code to compile again. */
  readonly leadSeconds: number;
  readonly connections: number;
  readonly random: Random;
  readonly onMeasure: (name: string, round: number, measure: Measure) => void;
}

/** Name → one measure a round, in the order of the rounds. */
export async function runRounds(options: RoundsOptions): Promise<ReadonlyMap<string, readonly Measure[]>> {
  const names = [...options.servers.keys()];
  const measures = new Map<string, Measure[]>(names.map((name) => [name, []]));
  for (const name of names) await measureOnce(options, name, options.warmupSeconds);
  for (let round = 1; round <= options.rounds; round++) {
    for (const name of shuffled(names, options.random)) {
      if (options.leadSeconds > 0) await measureOnce(options, name, options.leadSeconds);
      const measure = await measureOnce(options, name, options.seconds);
      measures.get(name)?.push(measure);
      options.onMeasure(name, round, measure);
    }
  }
  return measures;
}

async function measureOnce({ wrk, servers, connections }: RoundsOptions, name: string, seconds: number): Promise<Measure> {
  const server = servers.get(name);
  if (server === undefined) throw new Error(`no server for ${name}`);
  const pids = server.pids();
  const before = cpuMicros(pids);
  const run = await runWrk({ program: wrk, port: server.port, connections, seconds });
  if (run.failed > 0) throw new Error(`${name}: ${run.failed} of ${run.requests} requests failed`);
  return { ...run, cpuMicrosPerRequest: (cpuMicros(pids) - before) / run.requests };
}

function shuffled(names: readonly string[], random: Random): readonly string[] {
  const order = [...names];
  for (let last = order.length - 1; last > 0; last--) {
    const other = random.below(last + 1);
    [order[last], order[other]] = [order[other] ?? '', order[last] ?? ''];
  }
  return order;
}
