// Evidence by betting on a number in [0, 1] whose mean has a known limit, one number a block of time.
// It must not know what the number stands for, nor how the events inside a block hang together.

import { logSumExp } from './mixture.ts';

/** Log wealths of the bettors against "mean ≤ limit" (`above`) and "mean ≥ limit" (`below`), one a fraction. */
export interface Wealth {
  readonly above: readonly number[];
  readonly below: readonly number[];
}

/** The parts of the wealth that bettors stake at each block; below 1, so that nobody is ever ruined. */
const FRACTIONS: readonly number[] = [0.05, 0.15, 0.35, 0.65, 0.95];

export const NO_WEALTH: Wealth = { above: FRACTIONS.map(() => 0), below: FRACTIONS.map(() => 0) };

/**
 * The wealth after one more block with the number `y` and the limit `mean` on its expectation (0 < mean < 1).
 *
 * Each factor has mean at most 1 if the limit holds given the past, and nothing else is assumed: neither independence
 * inside the block nor a variance (Waudby-Smith & Ramdas, "Estimating means of bounded random variables by betting",
 * JRSS-B 2024; the average over fixed fractions is a test supermartingale again).
 */
export function bet(wealth: Wealth, y: number, mean: number): Wealth {
  const gainAbove = y / mean - 1;
  const gainBelow = (1 - y) / (1 - mean) - 1;
  return {
    above: wealth.above.map((log, index) => log + Math.log1p((FRACTIONS[index] ?? 0) * gainAbove)),
    below: wealth.below.map((log, index) => log + Math.log1p((FRACTIONS[index] ?? 0) * gainBelow)),
  };
}

/** The natural logarithm of the bettors' mean wealth: an e-process. */
export function logWealth(logs: readonly number[]): number {
  return logSumExp(Float64Array.from(logs)) - Math.log(logs.length);
}
