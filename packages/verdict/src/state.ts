// All that a verdict remembers: plain data, to be stored as JSON between two observations.

import type { Arrivals } from './arrivals.ts';
import type { Plan, PlannedMetric, PlannedQuantile, PlannedShare } from './config.ts';
import type { Rung } from './ladder.ts';
import type { Tally } from './share.ts';

export interface ArmTallies {
  readonly treated: Tally;
  readonly control: Tally;
}

/** The look at which a guardrail's evidence reached what it needs. It stays, whatever comes later. */
export interface Crossing {
  readonly at: number;
  /** Which observation it was, from 1: their order, whatever the clock did. */
  readonly look: number;
  /** Users (or requests, or blocks) of each arm until then, and how many of them were bad where that has a meaning. */
  readonly treated: Tally;
  readonly control: Tally;
}

interface Watched {
  readonly crossed: Crossing | null;
}
/**
 * `tallies` are all; `present` only those since the share last changed: rates of the two arms can be compared only while
 * both fill in proportion, or a good hour with many treated users hides what they suffer.
 */
export interface ShareWatch extends Watched {
  readonly kind: 'share'; readonly guardrail: PlannedShare; readonly tallies: ArmTallies; readonly strata: readonly Arrivals[]; readonly presentShare: number | null; readonly present: ArmTallies;
}
/** Histograms since the share last changed; `segment` counts the changes, each of which has its own part of alpha. */
export interface QuantileWatch extends Watched {
  readonly kind: 'quantile'; readonly guardrail: PlannedQuantile; readonly segment: number; readonly presentShare: number | null; readonly treated: readonly number[]; readonly control: readonly number[];
}
/** `scales`: for each rung the sum of absolute distances so far, so that one outlier cannot decide. */
export interface MetricWatch extends Watched {
  readonly kind: 'metric'; readonly guardrail: PlannedMetric; readonly blocks: number; readonly sumTreated: number; readonly sumControl: number; readonly ladder: readonly Rung[]; readonly scales: readonly number[];
}
export type Watch = ShareWatch | QuantileWatch | MetricWatch;

export interface State {
  readonly format: 1;
  readonly plan: Plan;
  /** Observations so far. */
  readonly looks: number;
  /** Units of each arm, for the reader and for `minUnits`. */
  readonly units: { readonly treated: number; readonly control: number };
  /** Units by the arm that they were drawn into, one entry a share: the split itself. */
  readonly split: readonly Arrivals[];
  readonly splitCrossed: Crossing | null;
  readonly watches: readonly Watch[];
  /** Counts that came under more shares than are kept apart; with any, nothing passes. */
  readonly dropped: number;
}

/** Steps of a plan times clauses with a percentage of their own; more is a split that never rests. */
export const SHARE_LIMIT = 256;
