// Evidence from the arms in which bad units arrive, given that a unit's arm was drawn at random with a known share.
// It must not know how many good units there were: load, and errors that hit both arms, cancel out.

import { lastHolding } from './bisect.ts';
import { logSumExp, mixtureAround } from './mixture.ts';
import type { Mixture } from './mixture.ts';

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
 * made sequential as in Lindon & Malek, NeurIPS 2022.)
 */
export function logEvidenceAbove(strata: readonly Arrivals[], ratio: number, mixture: Mixture = HARM): number {
  return logEvidence(strata, Math.log(ratio), mixture, 1);
}

/** The same against "the treated rate is at least `ratio` times the control rate". */
export function logEvidenceBelow(strata: readonly Arrivals[], ratio: number, mixture: Mixture): number {
  return logEvidence(strata, Math.log(ratio), mixture, -1);
}

/** The largest ratio that the true one is above, 0 if none is known: ever wrong with probability at most exp(-`needed`). */
export function lowerRatio(strata: readonly Arrivals[], needed: number): number {
  const possible = (logRatio: number): boolean => logEvidence(strata, logRatio, HARM, 1) < needed;
  return possible(-LARGEST_LOG_RATIO) ? 0 : Math.exp(lastHolding(LARGEST_LOG_RATIO, -LARGEST_LOG_RATIO, possible));
}

/** The smallest ratio that the true one is below, null if none is known, as {@link lowerRatio}. */
export function upperRatio(strata: readonly Arrivals[], needed: number, mixture: Mixture): number | null {
  const possible = (logRatio: number): boolean => logEvidence(strata, logRatio, mixture, -1) < needed;
  return possible(LARGEST_LOG_RATIO) ? null : Math.exp(lastHolding(-LARGEST_LOG_RATIO, LARGEST_LOG_RATIO, possible));
}

function logEvidence(strata: readonly Arrivals[], logLimit: number, mixture: Mixture, direction: 1 | -1): number {
  const terms = Float64Array.from(mixture.logWeights);
  for (const stratum of strata) {
    if (stratum.share <= 0 || stratum.share >= 1) continue;
    const all = stratum.treated + stratum.control;
    if (all === 0) continue;
    const atLimit = odds(stratum.share, logLimit);
    for (const [index, logRatio] of mixture.logRatios.entries()) {
      const step = direction * logRatio;
      const term = terms[index];
      if (term !== undefined) terms[index] = term + stratum.treated * step - all * Math.log(odds(stratum.share, logLimit + step) / atLimit);
    }
  }
  return logSumExp(terms);
}

/** The weight of both arms together, control at 1 - share: the denominator of q. */
function odds(share: number, logRatio: number): number {
  return share * Math.exp(logRatio) + 1 - share;
}
