// What counts as failed and as slow, in one place for verdicts, status and comparisons.

import type { Exposure } from '@graylane/wire';
import { LATENCY_EDGES_SECONDS } from '@graylane/wire';

/** A request over this is slow; the last edge of the usual histograms that a person still waits for. */
export const SLOW_SECONDS = 1;
const SLOW_FROM: number = LATENCY_EDGES_SECONDS.indexOf(SLOW_SECONDS) + 1;

/** 5xx, no answer at all, cut off, or timed out. */
export function hasFailed({ status, end }: Pick<Exposure, 'status' | 'end'>): boolean {
  return status >= 500 || status === 0 || end !== 'complete';
}

/** How many of the counted durations are slow. */
export function slowOf(latency: readonly number[]): number {
  return latency.slice(SLOW_FROM).reduce((sum, count) => sum + count, 0);
}
