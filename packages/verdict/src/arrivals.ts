// Evidence from the arms in which bad units arrive, given that a unit's arm was drawn at random with a known share.
// It must not know how many good units there were: load, and errors that hit both arms, cancel out.

import { lastHolding } from './bisect.ts';
import { logSumExp, mixtureAround } from './mixture.ts';
import type { Mixture } from './mixture.ts';
import { temperedPower } from './tempering.ts';

/** Bad units that arrived while the treated arm had this share (0 to 1, both ends without evidence) of both arms' units. */
export interface Arrivals {
  readonly share: number;
  readonly treated: number;
  readonly control: number;
}

/** Harm that matters at once is severalfold; smaller ratios are found too, later. */
const HARM: Mixture = mixtureAround(5);

/** Ratios are told apart between a millionth and a million; beyond that an interval is open. */
const LARGEST_LOG_RATIO: number = Math.log(1e6);

/**
 * The natural logarithm of an e-process against "the treated rate is at most `ratio` times the control rate".
 *
 * Under a ratio r a bad arrival is treated with probability q = s·r / (s·r + 1 - s), whatever the rates and however they
 * move, as long as they move in both arms. Each alternative r' > r gives the likelihood ratio of r' to r, whose mean is
 * at most 1 under every ratio ≤ r; so is that of their mixture. By Ville's inequality it ever reaches 1/α with
 * probability at most α, at any number of looks. (Conditional test of two Poisson rates, Przyborowski & Wilenski 1940;
 * made sequential as in Lindon & Malek, NeurIPS 2022.) Where one unit may arrive several times, `perUnit` times on
 * average, each arrival counts for less (tempering.ts).
 */
export function logEvidenceAbove(strata: readonly Arrivals[], ratio: number, perUnit: number, mixture: Mixture = HARM): number {
  return logEvidence(strata, Math.log(ratio), perUnit, mixture, 1);
}

/** The same against "the treated rate is at least `ratio` times the control rate". */
export function logEvidenceBelow(strata: readonly Arrivals[], ratio: number, perUnit: number, mixture: Mixture): number {
  return logEvidence(strata, Math.log(ratio), perUnit, mixture, -1);
}

/**
 * Whether that evidence is at least `needed`. The same answer as from the functions above, but cheap where it is no,
 * which is at almost every look: a mixture is never above the best of all alternatives, which needs no mixture.
 */
export function reachesAbove(strata: readonly Arrivals[], ratio: number, needed: number, perUnit: number, mixture: Mixture = HARM): boolean {
  return best(strata, ratio, 1) >= needed && logEvidenceAbove(strata, ratio, perUnit, mixture) >= needed;
}

/** As {@link reachesAbove}, for evidence below `ratio`. */
export function reachesBelow(strata: readonly Arrivals[], ratio: number, needed: number, perUnit: number, mixture: Mixture): boolean {
  return best(strata, ratio, -1) >= needed && logEvidenceBelow(strata, ratio, perUnit, mixture) >= needed;
}

/** The ratio over all strata (Mantel & Haenszel 1959), null without a bad control unit. */
export function pooledRatio(strata: readonly Arrivals[]): number | null {
  const treated = strata.reduce((sum, stratum) => sum + stratum.treated * (1 - stratum.share), 0);
  const control = strata.reduce((sum, stratum) => sum + stratum.control * stratum.share, 0);
  return control === 0 ? null : treated / control;
}

/** The largest ratio that the true one is above, 0 if none is known: ever wrong with probability at most exp(-`needed`). */
export function lowerRatio(strata: readonly Arrivals[], needed: number, perUnit: number): number {
  const possible = (logRatio: number): boolean => logEvidence(strata, logRatio, perUnit, HARM, 1) < needed;
  return possible(-LARGEST_LOG_RATIO) ? 0 : Math.exp(lastHolding(LARGEST_LOG_RATIO, -LARGEST_LOG_RATIO, possible));
}

/** The smallest ratio that the true one is below, null if none is known, as {@link lowerRatio}. */
export function upperRatio(strata: readonly Arrivals[], needed: number, perUnit: number, mixture: Mixture): number | null {
  const possible = (logRatio: number): boolean => logEvidence(strata, logRatio, perUnit, mixture, -1) < needed;
  return possible(LARGEST_LOG_RATIO) ? null : Math.exp(lastHolding(-LARGEST_LOG_RATIO, LARGEST_LOG_RATIO, possible));
}

function logEvidence(strata: readonly Arrivals[], logLimit: number, perUnit: number, mixture: Mixture, direction: 1 | -1): number {
  const terms = Float64Array.from(mixture.logWeights);
  const limit = Math.exp(logLimit);
  for (const { share, treated, control } of strata) {
    if (share <= 0 || share >= 1 || treated + control === 0) continue;
    const atLimit = share * limit + 1 - share;
    const treatedAtLimit = (share * limit) / atLimit;
    for (let index = 0; index < terms.length; index += 1) {
      const ratio = mixture.ratios[index] ?? 1;
      const other = direction === 1 ? limit * ratio : limit / ratio;
      const forControl = -Math.log((share * other + 1 - share) / atLimit);
      const forTreated = direction * (mixture.logRatios[index] ?? 0) + forControl;
      const gain = treated * forTreated + control * forControl;
      terms[index] = (terms[index] ?? 0) + gain * temperedPower(treatedAtLimit, forTreated, forControl, perUnit);
    }
  }
  return logSumExp(terms);
}

/** The likelihood ratio of the best alternative on one side of `ratio`, chosen for each stratum by itself: no mixture is above it. */
function best(strata: readonly Arrivals[], ratio: number, direction: 1 | -1): number {
  let sum = 0;
  for (const { share, treated, control } of strata) {
    if (share <= 0 || share >= 1 || treated + control === 0) continue;
    const atLimit = (share * ratio) / (share * ratio + 1 - share);
    const seen = treated / (treated + control);
    if (direction * (seen - atLimit) <= 0) continue;
    sum += (treated === 0 ? 0 : treated * Math.log(seen / atLimit)) + (control === 0 ? 0 : control * Math.log((1 - seen) / (1 - atLimit)));
  }
  return sum;
}
