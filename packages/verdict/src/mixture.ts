// The alternatives over which the e-processes mix: how much worse (or better) than the limit an arm may be.
// It must not know what is counted.

/** Weighted alternatives, as natural logarithms of a ratio above one and of a weight; the weights sum to one. */
export interface Mixture {
  readonly ratios: Float64Array;
  readonly logRatios: Float64Array;
  readonly logWeights: Float64Array;
}

/** Fine enough that neighbours cost less than a tenth of the evidence, few enough to judge every request. */
const ALTERNATIVES = 24;

/** From 3 % worse to a thousandfold: below it no release lives long enough, above it any ratio is as good as infinite. */
const SMALLEST_LOG_RATIO = 0.03;
const LARGEST_LOG_RATIO: number = Math.log(1000);

/** Half of the weight lies within this many natural logarithms of the centre. */
const SPREAD = 0.5;

/**
 * A mixture centred on one ratio, with heavy tails: evidence for any other ratio comes later, never not at all.
 * The choice changes power only; the bound on false stops holds for every fixed mixture (method of mixtures,
 * Robbins 1970; Howard, Ramdas, McAuliffe, Sekhon, arXiv 1810.08240).
 */
export function mixtureAround(ratio: number): Mixture {
  const centre = Math.max(Math.log(ratio), SMALLEST_LOG_RATIO);
  const step = Math.log(LARGEST_LOG_RATIO / SMALLEST_LOG_RATIO) / (ALTERNATIVES - 1);
  const logRatios = Float64Array.from({ length: ALTERNATIVES }, (_, index) => SMALLEST_LOG_RATIO * Math.exp(index * step));
  const weights = logRatios.map((logRatio) => 1 / (1 + (Math.log(logRatio / centre) / SPREAD) ** 2));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return { ratios: logRatios.map((logRatio) => Math.exp(logRatio)), logRatios, logWeights: weights.map((weight) => Math.log(weight / total)) };
}

/** The logarithm of a sum of exponentials, without overflow; -Infinity for none. */
export function logSumExp(terms: Float64Array): number {
  let largest = -Infinity;
  for (const term of terms) largest = Math.max(largest, term);
  if (largest === -Infinity) return largest;
  let sum = 0;
  for (const term of terms) sum += Math.exp(term - largest);
  return largest + Math.log(sum);
}
