// A confidence sequence for the share of bad units in one arm: valid at every look, for rates that drift too.
// It must not know the other arm.

import { lastHolding } from './bisect.ts';
import { logSumExp, mixtureAround } from './mixture.ts';
import type { Mixture } from './mixture.ts';

/** Bad units among all units of one arm. */
export interface Tally {
  readonly units: number;
  readonly bad: number;
}

/** Going on is decided where a few tenths of a percent are compared with half a point more: odds of one and a half to two. */
const NEAR: Mixture = mixtureAround(1.6);

/** Odds beyond e^±30 are 0 and 1 for every count that a double can hold exactly. */
const LARGEST_LOGIT = 30;

/**
 * The natural logarithm of an e-process against "the mean share is at least (direction -1) or at most (1) `share`":
 * a mixture of Bernoulli likelihood ratios over odds ratios. It stays one when the share drifts, because
 * Π(1 - c(pᵢ - p)) ≤ exp(-cΣ(pᵢ - p)) (Howard et al., arXiv 1810.08240, sub-Bernoulli case).
 */
export function logShareEvidence(tally: Tally, share: number, direction: 1 | -1): number {
  return atLogit(tally, Math.log(share) - Math.log1p(-share), direction);
}

/** The largest share that is not rejected: the true one is ever above it with probability at most exp(-`needed`). */
export function upperShare(tally: Tally, needed: number): number {
  const clean = clamp(tally);
  const notRejected = (logit: number): boolean => atLogit(clean, logit, -1) < needed;
  return notRejected(LARGEST_LOGIT) ? 1 : fromLogit(lastHolding(-LARGEST_LOGIT, LARGEST_LOGIT, notRejected));
}

/** The smallest share that is not rejected, as {@link upperShare}. */
export function lowerShare(tally: Tally, needed: number): number {
  const clean = clamp(tally);
  const notRejected = (logit: number): boolean => atLogit(clean, logit, 1) < needed;
  return notRejected(-LARGEST_LOGIT) ? 0 : fromLogit(lastHolding(LARGEST_LOGIT, -LARGEST_LOGIT, notRejected));
}

function atLogit(tally: Tally, logit: number, direction: 1 | -1): number {
  const terms = Float64Array.from(NEAR.logWeights);
  const good = tally.units - tally.bad;
  const bad = logShare(logit);
  const fine = logShare(-logit);
  for (let index = 0; index < terms.length; index += 1) {
    const other = logit + direction * (NEAR.logRatios[index] ?? 0);
    terms[index] = (terms[index] ?? 0) + tally.bad * (logShare(other) - bad) + good * (logShare(-other) - fine);
  }
  return logSumExp(terms);
}

/** A unit may turn bad in an arm in which it was not counted yet; the share is never above one for it. */
function clamp(tally: Tally): Tally {
  return tally.bad <= tally.units ? tally : { units: tally.bad, bad: tally.bad };
}

/** log(1 / (1 + exp(-logit))) without overflow. */
function logShare(logit: number): number {
  return logit < 0 ? logit - Math.log1p(Math.exp(logit)) : -Math.log1p(Math.exp(-logit));
}

function fromLogit(logit: number): number {
  return Math.exp(logShare(logit));
}
