// Percentages as thresholds on the bucket, in whole numbers: no double ever decides who is in.

/** Buckets are in [0, BUCKETS). */
export const BUCKETS = 1_000_000;

/** Ten-thousandths of a percent: 100 % is BUCKETS. */
function percentUnits(percent: number): number {
  return Math.round(percent * 10_000);
}

/** `round(10,000 × min(percent, 100 − holdback) × clausePercent / 100)`, halves up. */
export function threshold(percent: number, holdback: number, clausePercent: number): number {
  const share = Math.min(percentUnits(percent), BUCKETS - percentUnits(holdback));
  // At most 10^12, exact in a double.
  return Math.floor((share * percentUnits(clausePercent) + BUCKETS / 2) / BUCKETS);
}
