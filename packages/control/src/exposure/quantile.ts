// A quantile of durations from counts by bucket. It must not know whose durations they are.

import { LATENCY_EDGES_SECONDS } from '@graylane/wire';

/**
 * Milliseconds under which the share `quantile` of the counted durations lies, evenly spread inside a bucket; null without
 * any. What lies above the last edge is told as that edge: at least so long.
 */
export function quantileMs(latency: readonly number[], quantile: number): number | null {
  const all = latency.reduce((sum, count) => sum + count, 0);
  if (all === 0) return null;
  const wanted = quantile * all;
  let below = 0;
  let from = 0;
  for (const [index, edge] of LATENCY_EDGES_SECONDS.entries()) {
    const inside = latency[index] ?? 0;
    if (inside > 0 && below + inside >= wanted) return rounded((from + ((edge - from) * (wanted - below)) / inside) * 1_000);
    below += inside;
    from = edge;
  }
  return from * 1_000;
}

/** Buckets are far wider than a tenth of a millisecond. */
function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}
