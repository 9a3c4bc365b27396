// Watches a quantile: each arm's histogram bounds its own, and the two bounds are compared.

import type { Plan, PlannedQuantile } from './config.ts';
import { ratioOf } from './evidence.ts';
import type { ArmEvidence, Evidence } from './evidence.ts';
import { entryOf } from './observation.ts';
import type { Observation } from './observation.ts';
import { logShareEvidence } from './share.ts';
import type { QuantileWatch } from './state.ts';

export function newQuantileWatch(guardrail: PlannedQuantile): QuantileWatch {
  return { kind: 'quantile', guardrail, segment: 1, presentShare: null, treated: emptyBuckets(guardrail), control: emptyBuckets(guardrail), crossed: null };
}

export function observeQuantile(watch: QuantileWatch, observation: Observation, look: number): QuantileWatch {
  const { name } = watch.guardrail;
  const treated = entryOf(observation.treated.histogram, name);
  const control = entryOf(observation.control.histogram, name);
  if (treated === undefined && control === undefined) return watch;
  const from = observation.share === watch.presentShare ? watch : afresh(watch, observation.share);
  const next: QuantileWatch = { ...from, treated: addBuckets(from.treated, treated), control: addBuckets(from.control, control) };
  if (watch.crossed !== null || !isHarmful(next)) return next;
  return { ...next, crossed: { at: observation.at, look, treated: { units: sum(next.treated), bad: 0 }, control: { units: sum(next.control), bad: 0 } } };
}

export function quantileEvidence(watch: QuantileWatch, plan: Plan): Evidence {
  const { guardrail } = watch;
  const harmNeeded = neededForHarm(watch);
  const goNeeded = Math.log(2 / plan.goAlpha);
  const treated = armEvidence(watch.treated, guardrail);
  const control = armEvidence(watch.control, guardrail);
  const highControl = upperEdge(watch.control, guardrail, harmNeeded);
  const lowControl = lowerEdge(watch.control, guardrail, goNeeded);
  const highTreated = upperEdge(watch.treated, guardrail, goNeeded);
  const high = highTreated === null ? null : ratioOf(highTreated, lowControl);
  return {
    guardrail: guardrail.name, kind: 'quantile', unit: 'request', treated, control,
    ratio: { estimate: ratioOf(treated.estimate, control.estimate), low: highControl === null ? 0 : lowerEdge(watch.treated, guardrail, harmNeeded) / highControl, high },
    limit: guardrail.limit, difference: null, differenceLimit: null, alpha: guardrail.alpha, logEvidence: null, needed: harmNeeded,
    crossed: watch.crossed, bounded: high !== null && high <= guardrail.limit ? 'ratio' : null,
  };
}

function isHarmful(watch: QuantileWatch): boolean {
  const needed = neededForHarm(watch);
  const high = upperEdge(watch.control, watch.guardrail, needed);
  return high !== null && lowerEdge(watch.treated, watch.guardrail, needed) >= watch.guardrail.limit * high;
}

/** Two arms share what segment k has of alpha: α / (k·(k + 1)), which adds up to α over any number of segments. */
function neededForHarm(watch: QuantileWatch): number {
  return Math.log((2 * watch.segment * (watch.segment + 1)) / watch.guardrail.alpha);
}

/** Under another share the arms fill in other proportions, and what was slow before would be compared with what is fast now. */
function afresh(watch: QuantileWatch, share: number | null): QuantileWatch {
  const first = sum(watch.treated) + sum(watch.control) === 0;
  return { ...watch, segment: first ? watch.segment : watch.segment + 1, presentShare: share, treated: emptyBuckets(watch.guardrail), control: emptyBuckets(watch.guardrail) };
}

function emptyBuckets(guardrail: PlannedQuantile): readonly number[] {
  return Array.from({ length: guardrail.edges.length + 1 }, () => 0);
}

/**
 * The highest edge that the quantile is known to lie above, 0 if none. The true quantile is one point, so the error is
 * spent once, not once an edge (Howard & Ramdas, "Sequential estimation of quantiles", Bernoulli 2022).
 */
function lowerEdge(buckets: readonly number[], guardrail: PlannedQuantile, needed: number): number {
  const { edges, quantile } = guardrail;
  const over = countsOver(buckets, edges);
  const all = sum(buckets);
  const known = leading(edges.length, (index) => isAbove(over[index] ?? 0, all, quantile) && logShareEvidence({ units: all, bad: over[index] ?? 0 }, 1 - quantile, 1) >= needed);
  return edges[known - 1] ?? 0;
}

/** The lowest edge that the quantile is known not to exceed, or null. */
function upperEdge(buckets: readonly number[], guardrail: PlannedQuantile, needed: number): number | null {
  const { edges, quantile } = guardrail;
  const over = countsOver(buckets, edges);
  const all = sum(buckets);
  const open = leading(edges.length, (index) => isAbove(over[index] ?? 0, all, quantile) || logShareEvidence({ units: all, bad: over[index] ?? 0 }, 1 - quantile, -1) < needed);
  return edges[open] ?? null;
}

/** The bucket of the quantile that was seen, by its upper edge; null above the last edge. */
function armEvidence(buckets: readonly number[], guardrail: PlannedQuantile): ArmEvidence {
  const { edges, quantile } = guardrail;
  const over = countsOver(buckets, edges);
  const all = sum(buckets);
  return { n: all, bad: null, estimate: all === 0 ? null : (edges[leading(edges.length, (index) => isAbove(over[index] ?? 0, all, quantile))] ?? null) };
}

/** Whether more are above than the quantile leaves: evidence for either side can only come from there. */
function isAbove(over: number, all: number, quantile: number): boolean {
  return over > (1 - quantile) * all;
}

/** How many were above each edge. */
function countsOver(buckets: readonly number[], edges: readonly number[]): readonly number[] {
  let over = sum(buckets);
  return edges.map((_, index) => (over -= buckets[index] ?? 0));
}

/** How many of the first indices hold, of a condition that holds up to some index and no further. */
function leading(length: number, holds: (index: number) => boolean): number {
  let from = 0;
  let to = length;
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (holds(middle)) from = middle + 1;
    else to = middle;
  }
  return from;
}

function addBuckets(buckets: readonly number[], more: readonly number[] | undefined): readonly number[] {
  return more === undefined ? buckets : buckets.map((count, index) => count + (more[index] ?? 0));
}

function sum(buckets: readonly number[]): number {
  return buckets.reduce((total, count) => total + count, 0);
}
