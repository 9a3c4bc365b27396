// With what probability a user of a release's audience is treated, from the release's own words.

import type { ReleaseSpec } from '@graylane/rules';

/**
 * Treated users among all that are in either arm; null when the clauses differ in their percentages, so that there is no
 * one share. Pinned clauses are in no arm.
 */
export function treatedShare({ percent, holdback, when }: ReleaseSpec): number | null {
  const drawn = when.filter(({ pinned }) => pinned !== true);
  const [first] = drawn;
  if (first === undefined) return null;
  const clausePercent = first.percent ?? 100;
  if (drawn.some((clause) => (clause.percent ?? 100) !== clausePercent)) return null;
  return (Math.min(percent ?? 100, 100 - (holdback ?? 0)) * clausePercent) / 10_000;
}
