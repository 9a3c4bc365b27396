// Watches a quantile: each arm's histogram bounds its own, and the two bounds are compared.

import type { Plan, PlannedQuantile } from './config.ts';
import { ratioOf } from './evidence.ts';
import type { ArmEvidence, Evidence } from './evidence.ts';
import { entryOf } from './observation.ts';
import type { Observation } from './observation.ts';
import { logShareEvidence } from './share.ts';
import type { QuantileWatch } from './state.ts';

export function newQuantileWatch(guardrail: PlannedQuantile): QuantileWatch {
  const empty = Array.from({ length: guardrail.edges.length + 1 }, () => 0);
  return { kind: 'quantile', guardrail, treated: empty, control: empty, crossed: null };
}

export function observeQuantile(watch: QuantileWatch, observation: Observation, look: number): QuantileWatch {
  const { name } = watch.guardrail;
  const treated = entryOf(observation.treated.histogram, name);
  const control = entryOf(observation.control.histogram, name);
  if (treated === undefined && control === undefined) return watch;
  const next: QuantileWatch = { ...watch, treated: addBuckets(watch.treated, treated), control: addBuckets(watch.control, control) };
  if (watch.crossed !== null || !isHarmful(next)) return next;
  return { ...next, crossed: { at: observation.at, look, treated: { units: sum(next.treated), bad: 0 }, control: { units: sum(next.control), bad: 0 } } };
}

export function quantileEvidence(watch: QuantileWatch, plan: Plan): Evidence {
  const { guardrail } = watch;
  const harmNeeded = Math.log(2 / guardrail.alpha);
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
  const needed = Math.log(2 / watch.guardrail.alpha);
  const high = upperEdge(watch.control, watch.guardrail, needed);
  return high !== null && lowerEdge(watch.treated, watch.guardrail, needed) >= watch.guardrail.limit * high;
}

/**
 * The highest edge that the quantile is known to lie above, 0 if none. The true quantile is one point, so the error is
 * spent once, not once an edge (Howard & Ramdas, "Sequential estimation of quantiles", Bernoulli 2022).
 */
function lowerEdge(buckets: readonly number[], guardrail: PlannedQuantile, needed: number): number {
  const { edges, quantile } = guardrail;
  let found = 0;
  scan(buckets, edges, (edge, over, all) => {
    const rejected = logShareEvidence({ units: all, bad: over }, 1 - quantile, 1) >= needed;
    if (rejected) found = edge;
    return rejected;
  });
  return found;
}

/** The lowest edge that the quantile is known not to exceed, or null. */
function upperEdge(buckets: readonly number[], guardrail: PlannedQuantile, needed: number): number | null {
  let found: number | null = null;
  scan(buckets, guardrail.edges, (edge, over, all) => {
    // Evidence that few are above can only come where fewer are above than the quantile allows.
    if (over >= (1 - guardrail.quantile) * all) return true;
    const bounded = logShareEvidence({ units: all, bad: over }, 1 - guardrail.quantile, -1) >= needed;
    if (bounded) found = edge;
    return !bounded;
  });
  return found;
}

/** Goes up the edges with the count above each, as long as `visit` says so. */
function scan(buckets: readonly number[], edges: readonly number[], visit: (edge: number, over: number, all: number) => boolean): void {
  const all = sum(buckets);
  let under = 0;
  for (const [index, edge] of edges.entries()) {
    under += buckets[index] ?? 0;
    if (!visit(edge, all - under, all)) return;
  }
}

function armEvidence(buckets: readonly number[], guardrail: PlannedQuantile): ArmEvidence {
  const all = sum(buckets);
  let estimate: number | null = null;
  scan(buckets, guardrail.edges, (edge, over) => {
    const reached = all > 0 && over <= (1 - guardrail.quantile) * all;
    if (reached) estimate = edge;
    return !reached;
  });
  return { n: all, bad: null, estimate };
}

function addBuckets(buckets: readonly number[], more: readonly number[] | undefined): readonly number[] {
  return more === undefined ? buckets : buckets.map((count, index) => count + (more[index] ?? 0));
}

function sum(buckets: readonly number[]): number {
  return buckets.reduce((total, count) => total + count, 0);
}
