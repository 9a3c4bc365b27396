// Records a whole script against one port.

import { joinChunks, withoutDate } from './compare.ts';
import type { Exchange } from './exchange.ts';
import { play } from './exchange.ts';

/** Name of the exchange → what the server sent, without what may differ between two moments. */
export async function record(exchanges: readonly Exchange[], port: number): Promise<ReadonlyMap<string, string>> {
  const recordings = new Map<string, string>();
  for (const exchange of exchanges) {
    const bytes = withoutDate(await play(exchange, port));
    recordings.set(exchange.name, exchange.joinChunks ? joinChunks(bytes) : bytes);
  }
  return recordings;
}
