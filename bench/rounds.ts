// Interleaved rounds: each round measures every contestant once, in a fresh order and between two measures of the reference,
// so that a busy minute, or a slow one of a shared machine, hurts both sides of a ratio alike.

import type { Random } from '../conformance/live/random.ts';
import { cpuMicros } from './cpu.ts';
import type { Server } from './server.ts';
import type { Run } from './wrk.ts';
import { runWrk } from './wrk.ts';

export interface Measure extends Run {
  /** User and system time of all server processes, divided by the requests. */
  readonly cpuMicrosPerRequest: number;
  /** The same of the reference, just before and just after; null for the reference itself. */
  readonly referenceMicros: number | null;
}

export interface RoundsOptions {
  readonly wrk: readonly string[];
  readonly servers: ReadonlyMap<string, Server>;
  /** The name of the server that all ratios are to; null where the caller compares within a round. */
  readonly reference: string | null;
  readonly rounds: number;
  readonly seconds: number;
  /** Load before the first round, half of it for the canary, until V8 has compiled what is hot in both versions. */
  readonly warmupSeconds: number;
  /** Load before each measure that is not counted: a server that has rested for the others' turns has cold caches and code to compile again. */
  readonly leadSeconds: number;
  readonly connections: number;
  readonly random: Random;
  readonly onMeasure: (name: string, round: number, measure: Measure) => void;
}

/** Name → its measures, in the order of the rounds. */
export async function runRounds(options: RoundsOptions): Promise<ReadonlyMap<string, readonly Measure[]>> {
  const { servers, reference, onMeasure } = options;
  const measures = new Map<string, Measure[]>([...servers.keys()].map((name) => [name, []]));
  let rate: number | null = null;
  const measured = async (name: string): Promise<Measure> => {
    const server = servers.get(name);
    if (server === undefined) throw new Error(`no server for ${name}`);
    if (options.leadSeconds > 0) await load(options, server, options.leadSeconds, rate);
    const before = cpuMicros(server.pids());
    const run = await load(options, server, options.seconds, rate);
    if (run.failed > 0) throw new Error(`${name}: ${run.failed} of ${run.requests} requests failed`);
    if (name === reference) rate = run.requests / run.seconds;
    const cpuMicrosPerRequest = (cpuMicros(server.pids()) - before) / run.requests;
    return { ...run, cpuMicrosPerRequest, referenceMicros: null };
  };
  const keep = (name: string, round: number, measure: Measure): void => {
    measures.get(name)?.push(measure);
    onMeasure(name, round, measure);
  };
  const ofReference = async (round: number): Promise<number | null> => {
    if (reference === null || !servers.has(reference)) return null;
    const measure = await measured(reference);
    keep(reference, round, measure);
    return measure.cpuMicrosPerRequest;
  };
  for (const { port, aside } of servers.values()) {
    const warmed = [port, ...(aside === undefined ? [] : [aside.port])];
    for (const one of warmed) await runWrk({ command: options.wrk, port: one, connections: options.connections, seconds: Math.ceil(options.warmupSeconds / warmed.length), asksCanary: true });
  }
  for (let round = 1; round <= options.rounds; round++) {
    let before = await ofReference(round);
    for (const name of shuffled([...servers.keys()].filter((one) => one !== reference), options.random)) {
      const own = await measured(name);
      const after = await ofReference(round);
      keep(name, round, { ...own, referenceMicros: before === null || after === null ? null : (before + after) / 2 });
      before = after;
    }
  }
  return measures;
}

/** `rate` is the reference's: a share of it goes to the server aside, if there is one. */
async function load({ wrk, connections }: RoundsOptions, { port, aside }: Server, seconds: number, rate: number | null): Promise<Run> {
  if (aside === undefined) return runWrk({ command: wrk, port, connections, seconds });
  const [main, other] = await Promise.all([
    runWrk({ command: wrk, port, connections, seconds }),
    runWrk({ command: wrk, port: aside.port, connections, seconds, ...(rate === null ? {} : { rate: rate * aside.share }) }),
  ]);
  return { ...main, requests: main.requests + other.requests, failed: main.failed + other.failed };
}

function shuffled(names: readonly string[], random: Random): readonly string[] {
  const order = [...names];
  for (let last = order.length - 1; last > 0; last--) {
    const other = random.below(last + 1);
    [order[last], order[other]] = [order[other] ?? '', order[last] ?? ''];
  }
  return order;
}
