// Watches a share of bad users, or of bad requests where users are not known.

import { logEvidenceAbove, lowerRatio, pooledRatio, reachesAbove, reachesBelow, upperRatio } from './arrivals.ts';
import type { Plan, PlannedShare } from './config.ts';
import { ratioOf } from './evidence.ts';
import type { ArmEvidence, Evidence, Interval } from './evidence.ts';
import { mixtureAround } from './mixture.ts';
import type { Mixture } from './mixture.ts';
import { entryOf } from './observation.ts';
import type { ArmCounts, Observation } from './observation.ts';
import { lowerShare, upperShare } from './share.ts';
import type { Tally } from './share.ts';
import type { ArmTallies, ShareWatch } from './state.ts';
import { addArrivals } from './strata.ts';
import { designEffect } from './tempering.ts';

const NOTHING: ArmTallies = { treated: { units: 0, bad: 0 }, control: { units: 0, bad: 0 } };

export function newShareWatch(guardrail: PlannedShare): ShareWatch {
  return { kind: 'share', guardrail, tallies: NOTHING, strata: [], presentShare: null, present: NOTHING, crossed: null };
}

/** Null when the counts came under one share too many. */
export function observeShare(watch: ShareWatch, observation: Observation, plan: Plan, look: number): ShareWatch | null {
  const more: ArmTallies = { treated: tallyOf(watch.guardrail, observation.treated), control: tallyOf(watch.guardrail, observation.control) };
  const { share } = observation;
  const strata = share === null ? watch.strata : addArrivals(watch.strata, share, more.treated.bad, more.control.bad);
  if (strata === null) return null;
  const tallies = add(watch.tallies, more);
  const present = share === watch.presentShare ? add(watch.present, more) : more;
  const next: ShareWatch = { ...watch, tallies, strata, presentShare: share, present };
  // Only a bad treated unit, or a control that shrinks in proportion, can turn the evidence towards harm.
  const mayCross = watch.crossed === null && (more.treated.bad > 0 || plan.control === 'stable');
  return mayCross && isHarmful(next, plan) ? { ...next, crossed: { at: observation.at, look, ...tallies } } : next;
}

export function shareEvidence(watch: ShareWatch, plan: Plan): Evidence {
  const { guardrail, tallies, crossed } = watch;
  const treated = armEvidence(tallies.treated);
  const control = armEvidence(tallies.control);
  const ratio = plan.control === 'randomised' ? byArrivals(watch, plan) : byRates(watch, plan);
  const difference = differenceInterval(watch, plan);
  return {
    guardrail: guardrail.name, kind: 'share', unit: guardrail.counting === 'users' ? 'user' : 'request', treated, control, ratio, limit: guardrail.limit, difference, differenceLimit: guardrail.difference, alpha: guardrail.alpha,
    logEvidence: plan.control === 'randomised' ? logEvidenceAbove(watch.strata, guardrail.limit, guardrail.errorsPerUser) : null,
    needed: -Math.log(guardrail.alpha), crossed, bounded: boundedBy(watch, ratio, difference, plan),
  };
}

/**
 * Treated minus control, under the present share. Each side shares its error between the arms. Bad requests of one user widen it by their design
 * effect, which is exact on average only.
 */
function differenceInterval(watch: ShareWatch, plan: Plan): Interval {
  const { treated, control } = watch.present;
  const { lowNeeded, highNeeded } = rateBounds(watch, plan);
  return {
    estimate: treated.units === 0 || control.units === 0 ? null : shareOf(treated) - shareOf(control),
    low: lowerShare(treated, lowNeeded) - upperShare(control, lowNeeded),
    high: upperShare(treated, highNeeded) - lowerShare(control, highNeeded),
  };
}

function rateBounds(watch: ShareWatch, plan: Plan): { readonly lowNeeded: number; readonly highNeeded: number } {
  const effect = designEffect(watch.guardrail.errorsPerUser);
  return { lowNeeded: effect * Math.log(2 / watch.guardrail.alpha), highNeeded: effect * Math.log(4 / plan.goAlpha) };
}

function isHarmful(watch: ShareWatch, plan: Plan): boolean {
  const { limit, alpha, errorsPerUser } = watch.guardrail;
  if (plan.control === 'randomised') return reachesAbove(watch.strata, limit, -Math.log(alpha), errorsPerUser);
  const needed = designEffect(errorsPerUser) * Math.log(2 / alpha);
  return lowerShare(watch.present.treated, needed) > limit * upperShare(watch.present.control, needed);
}

function boundedBy(watch: ShareWatch, ratio: Interval, difference: Interval, plan: Plan): 'ratio' | 'difference' | null {
  const { limit, errorsPerUser } = watch.guardrail;
  // Two ways to pass share goAlpha, because passing by either would be wrong where both margins are exceeded.
  const byRatio = plan.control === 'randomised' ? reachesBelow(watch.strata, limit, Math.log(2 / plan.goAlpha), errorsPerUser, safe(limit)) : ratio.high !== null && ratio.high < limit;
  if (byRatio) return 'ratio';
  return difference.high !== null && difference.high < watch.guardrail.difference ? 'difference' : null;
}

function byArrivals(watch: ShareWatch, plan: Plan): Interval {
  const { alpha, limit, errorsPerUser } = watch.guardrail;
  const low = lowerRatio(watch.strata, -Math.log(alpha), errorsPerUser);
  const high = upperRatio(watch.strata, Math.log(2 / plan.goAlpha), errorsPerUser, safe(limit));
  // Each bound holds by itself; where the two mixtures let them cross, the lower one is the one that stops releases.
  return { estimate: pooledRatio(watch.strata), low, high: high === null ? null : Math.max(low, high) };
}

function byRates(watch: ShareWatch, plan: Plan): Interval {
  const { treated, control } = watch.present;
  const { lowNeeded, highNeeded } = rateBounds(watch, plan);
  const lowest = lowerShare(control, highNeeded);
  const estimate = treated.units === 0 || control.units === 0 ? null : ratioOf(shareOf(treated), shareOf(control));
  return { estimate, low: lowerShare(treated, lowNeeded) / upperShare(control, lowNeeded), high: lowest < 1e-12 ? null : upperShare(treated, highNeeded) / lowest };
}

/** Harmless releases have a ratio near 1: that is where evidence against the limit is wanted. */
function safe(limit: number): Mixture {
  return mixtureAround(limit);
}

function armEvidence(tally: Tally): ArmEvidence {
  return { n: tally.units, bad: tally.bad, estimate: tally.units === 0 ? null : shareOf(tally) };
}

function shareOf(tally: Tally): number {
  return Math.min(1, tally.bad / tally.units);
}

function tallyOf(guardrail: PlannedShare, counts: ArmCounts): Tally {
  return { units: guardrail.counting === 'requests' ? (counts.requests ?? counts.units) : counts.units, bad: entryOf(counts.bad, guardrail.name) ?? 0 };
}

function add(one: ArmTallies, other: ArmTallies): ArmTallies {
  return {
    treated: { units: one.treated.units + other.treated.units, bad: one.treated.bad + other.treated.bad },
    control: { units: one.control.units + other.control.units, bad: one.control.bad + other.control.bad },
  };
}
