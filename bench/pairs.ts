// One contestant beside the reference, in turns of seconds and both hot: what a shared machine does in a minute hurts both
// sides of a ratio alike, and nobody has rested for the others' turns.

import type { LoadOptions, Measure } from './measure.ts';
import { measureOnce, warmUp } from './measure.ts';
import type { Server } from './server.ts';

export interface Pair {
  readonly own: Measure;
  readonly reference: Measure;
}

export interface PairsOptions extends LoadOptions {
  readonly name: string;
  readonly server: Server;
  readonly reference: Server;
  readonly pairs: number;
  readonly seconds: number;
  readonly warmupSeconds: number;
  readonly onPair: (pair: Pair) => void;
}

export async function runPairs(options: PairsOptions): Promise<readonly Pair[]> {
  const { name, server, reference, seconds } = options;
  await warmUp(options, reference, options.warmupSeconds / 2);
  await warmUp(options, server, options.warmupSeconds);
  const pairs: Pair[] = [];
  let rate: number | null = null;
  const ofReference = async (): Promise<Measure> => {
    const measure = await measureOnce(options, 'the reference', reference, seconds);
    rate = measure.requests / measure.seconds;
    return measure;
  };
  // The first turn of each is the end of its warm-up.
  await ofReference();
  await measureOnce(options, name, server, seconds, rate);
  while (pairs.length < options.pairs) {
    // Each goes first in every other pair, so that drift cancels out.
    const first = pairs.length % 2 === 0 ? await ofReference() : null;
    const own = await measureOnce(options, name, server, seconds, rate);
    const pair = { own, reference: first ?? await ofReference() };
    pairs.push(pair);
    options.onPair(pair);
  }
  return pairs;
}
