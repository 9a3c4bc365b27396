// Medians, and the bound of a ratio of pairs by bootstrap (Efron 1979). Pure but for the random numbers it is given.

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

export interface Ratio {
  readonly median: number;
  /** 95 % of the resampled medians are not above this. */
  readonly upper95: number;
}

/** Enough for two stable digits of a 95 % bound. */
const RESAMPLES = 10_000;

/** The ratio of values measured in the same round; `random` gives numbers in [0, 1). */
export function ratioOfPairs(values: readonly number[], references: readonly number[], random: () => number): Ratio {
  if (values.length !== references.length || values.length === 0) throw new Error(`${values.length} values for ${references.length} references`);
  const ratios = values.map((value, index) => value / (references[index] ?? NaN));
  const medians = Array.from({ length: RESAMPLES }, () => median(ratios.map(() => ratios[Math.floor(random() * ratios.length)] ?? NaN)));
  medians.sort((a, b) => a - b);
  return { median: median(ratios), upper95: medians[Math.floor(RESAMPLES * 0.95)] ?? NaN };
}
