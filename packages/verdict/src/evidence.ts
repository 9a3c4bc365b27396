// What a verdict says of one guardrail: plain data for people and events.

import type { PlannedGuardrail } from './config.ts';
import type { Crossing } from './state.ts';

export type Unit = 'user' | 'request' | 'block';

/** What was seen of one arm. */
export interface ArmEvidence {
  /** Users; requests if the guardrail counts them; blocks for a metric. */
  readonly n: number;
  /** How many of them were bad; null where that has no meaning. */
  readonly bad: number | null;
  /** The share of bad ones, the quantile's bucket edge, or the mean value; null before anything was seen. */
  readonly estimate: number | null;
}

/** An estimate between two bounds, each valid at every look; null where there is nothing to say (no estimate, no bound). */
export interface Interval {
  readonly estimate: number | null;
  /** Holds at all looks with probability 1 - the guardrail's part of alpha. */
  readonly low: number | null;
  /** Holds at all looks with probability 1 - goAlpha / 2. */
  readonly high: number | null;
}

export interface Evidence {
  readonly guardrail: string;
  readonly kind: PlannedGuardrail['kind'];
  /** What `n` counts. */
  readonly unit: Unit;
  readonly treated: ArmEvidence;
  readonly control: ArmEvidence;
  /** Treated to control. Harm: `low` above `limit`. */
  readonly ratio: Interval;
  readonly limit: number;
  /** Treated minus control; shares only. */
  readonly difference: Interval | null;
  readonly differenceLimit: number | null;
  /** Part of alpha that is spent here. */
  readonly alpha: number;
  /** How far the evidence of harm has come: natural logarithm of the e-value now, and what it has to reach. Null where harm is read off two intervals. */
  readonly logEvidence: number | null;
  readonly needed: number;
  /** The look at which harm was found. */
  readonly crossed: Crossing | null;
  /** By which margin harm is bounded now: the reason to go on. */
  readonly bounded: 'ratio' | 'difference' | null;
}

/** Null where there is no such ratio: nothing seen, or next to nothing in control. */
export function ratioOf(treated: number | null, control: number | null): number | null {
  if (treated === null || control === null) return null;
  const ratio = treated / control;
  return Number.isFinite(ratio) ? ratio : null;
}
