// Interleaved rounds: each round measures every contestant once, in a fresh order, so that a busy minute hurts all alike.

import type { Random } from '../conformance/live/random.ts';
import type { LoadOptions, Measure } from './measure.ts';
import { measureOnce, warmUp } from './measure.ts';
import type { Server } from './server.ts';

export interface RoundsOptions extends LoadOptions {
  readonly servers: ReadonlyMap<string, Server>;
  readonly rounds: number;
  readonly seconds: number;
  readonly warmupSeconds: number;
  /** Load before each measure that is not counted: a server that has rested for the others' turns has cold caches and code to compile again. */
  readonly leadSeconds: number;
  readonly random: Random;
  readonly onMeasure: (name: string, round: number, measure: Measure) => void;
}

/** Name → one measure a round, in the order of the rounds. */
export async function runRounds(options: RoundsOptions): Promise<ReadonlyMap<string, readonly Measure[]>> {
  const { servers, rounds, random, onMeasure } = options;
  const measures = new Map<string, Measure[]>([...servers.keys()].map((name) => [name, []]));
  for (const server of servers.values()) await warmUp(options, server, options.warmupSeconds);
  for (let round = 1; round <= rounds; round++) {
    for (const [name, server] of shuffled([...servers], random)) {
      if (options.leadSeconds > 0) await measureOnce(options, name, server, options.leadSeconds);
      const measure = await measureOnce(options, name, server, options.seconds);
      measures.get(name)?.push(measure);
      onMeasure(name, round, measure);
    }
  }
  return measures;
}

export function shuffled<Item>(items: readonly Item[], random: Random): readonly Item[] {
  const order = [...items];
  for (let last = order.length - 1; last > 0; last--) {
    const other = random.below(last + 1);
    [order[last], order[other]] = [order[other] as Item, order[last] as Item];
  }
  return order;
}
