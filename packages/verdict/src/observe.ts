// The one way forward of a verdict's state: counts in, new state out. It never looks at a clock.

import { reachesAbove, reachesBelow } from './arrivals.ts';
import { planOf } from './config.ts';
import type { Plan, PlannedGuardrail, VerdictConfig } from './config.ts';
import { newMetricWatch, observeMetric } from './metric-watch.ts';
import { mixtureAround } from './mixture.ts';
import { checkObservation } from './observation.ts';
import type { Observation } from './observation.ts';
import { newQuantileWatch, observeQuantile } from './quantile-watch.ts';
import { newShareWatch, observeShare } from './share-watch.ts';
import type { State, Watch } from './state.ts';
import { addArrivals } from './strata.ts';

/** Throws a RangeError that lists everything that is wrong with `config` (see `checkConfig`). */
export function createVerdict(config: VerdictConfig): State {
  const plan = planOf(config);
  return { format: 1, plan, looks: 0, units: { treated: 0, control: 0 }, split: [], splitCrossed: null, watches: plan.guardrails.map(newWatch), dropped: 0 };
}

/**
 * The state after `observation`. How counts are cut into observations changes nothing but the moments at which
 * evidence is looked at; only a metric's value is one observation a block.
 * Throws a RangeError on counts that cannot be counts.
 */
export function observe(state: State, observation: Observation): State {
  checkObservation(observation, state.plan);
  const looks = state.looks + 1;
  const watches: Watch[] = [];
  let dropped = false;
  for (const watch of state.watches) {
    const next = observeWatch(watch, observation, state.plan, looks);
    dropped ||= next === null;
    watches.push(next ?? watch);
  }
  const { treated, control } = observation;
  const units = { treated: state.units.treated + treated.units, control: state.units.control + control.units };
  const next = observeSplit({ ...state, looks, units, watches }, observation);
  return dropped ? { ...next, dropped: next.dropped + 1 } : next;
}

function newWatch(guardrail: PlannedGuardrail): Watch {
  switch (guardrail.kind) {
    case 'share':
      return newShareWatch(guardrail);
    case 'quantile':
      return newQuantileWatch(guardrail);
    case 'metric':
      return newMetricWatch(guardrail);
  }
}

function observeWatch(watch: Watch, observation: Observation, plan: Plan, look: number): Watch | null {
  switch (watch.kind) {
    case 'share':
      return observeShare(watch, observation, plan, look);
    case 'quantile':
      return observeQuantile(watch, observation, look);
    case 'metric':
      return observeMetric(watch, observation, look);
  }
}

/** Small deviations of the split come from lost counts; large ones show at once. */
const SPLIT = mixtureAround(1.3);

/** Units themselves arrive in the arms as bad ones do: with the share by which they were drawn, or something is broken. */
function observeSplit(state: State, observation: Observation): State {
  const { share, treated, control, at } = observation;
  const freshTreated = treated.fresh ?? treated.units;
  const freshControl = control.fresh ?? control.units;
  if (share === null || (freshTreated === 0 && freshControl === 0)) return state;
  const split = addArrivals(state.split, share, freshTreated, freshControl);
  if (split === null) return { ...state, dropped: state.dropped + 1 };
  if (state.splitCrossed !== null) return { ...state, split };
  const { alpha, tolerance } = state.plan.sampleRatio;
  const needed = Math.log(2 / alpha);
  const broken = reachesAbove(split, 1 + tolerance, needed, 1, SPLIT) || reachesBelow(split, 1 / (1 + tolerance), needed, 1, SPLIT);
  if (!broken) return { ...state, split };
  return { ...state, split, splitCrossed: { at, look: state.looks, treated: { units: state.units.treated, bad: 0 }, control: { units: state.units.control, bad: 0 } } };
}
