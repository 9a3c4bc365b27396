// A ladder of ratios, each bet against from both sides: the rungs that survive are a confidence interval for the ratio.
// It must not know what is compared.

import { NO_WEALTH, bet, logWealth } from './betting.ts';
import type { Wealth } from './betting.ts';

/** One candidate for the ratio of treated to control. */
export interface Rung {
  readonly ratio: number;
  readonly wealth: Wealth;
}

/** Where people read an interval: around 1 closely, then by factors. The guardrail's own limit is added. */
const RATIOS: readonly number[] = [0.2, 0.5, 0.67, 0.8, 0.9, 1, 1.1, 1.5, 2, 3, 5, 10];

export function newLadder(limit: number): readonly Rung[] {
  const ratios = [...RATIOS.filter((ratio) => ratio !== limit), limit].sort((one, other) => one - other);
  return ratios.map((ratio) => ({ ratio, wealth: NO_WEALTH }));
}

/** What a rung sees of one block: a number in [0, 1] and the mean that it has at most if the rung's ratio is not exceeded. */
export interface Sight {
  readonly y: number;
  readonly mean: number;
}

export function climb(ladder: readonly Rung[], see: (ratio: number, index: number) => Sight | null): readonly Rung[] {
  return ladder.map((rung, index) => {
    const sight = see(rung.ratio, index);
    return sight === null ? rung : { ratio: rung.ratio, wealth: bet(rung.wealth, sight.y, sight.mean) };
  });
}

/** Log evidence against "ratio ≤ limit" and "ratio ≥ limit". */
export function evidenceAt(ladder: readonly Rung[], limit: number): { readonly above: number; readonly below: number } {
  const rung = ladder.find((candidate) => candidate.ratio === limit);
  if (rung === undefined) throw new RangeError(`the ladder has no rung at ${limit}`);
  return { above: logWealth(rung.wealth.above), below: logWealth(rung.wealth.below) };
}

/** The ratio lies between: above the highest rung rejected from below, under the lowest one rejected from above. */
export function ladderInterval(ladder: readonly Rung[], needed: number): { readonly low: number; readonly high: number | null } {
  let low = 0;
  let high: number | null = null;
  for (const rung of ladder) {
    if (logWealth(rung.wealth.above) >= needed) low = rung.ratio;
    if (high === null && logWealth(rung.wealth.below) >= needed) high = rung.ratio;
  }
  return { low, high };
}
