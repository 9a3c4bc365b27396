// What happened since the last observation, as counts of each arm.

import type { Plan, PlannedGuardrail } from './config.ts';

/** The counts of one arm since the last observation. Guardrails without an entry saw nothing. */
export interface ArmCounts {
  /** Units (users) seen in this arm for the first time. */
  readonly units: number;
  /**
   * Units seen for the first time in this release, whatever the arm; default `units`. They differ after a percentage
   * was raised: a user who moves from control to treated is a new unit there, but says nothing about the split.
   */
  readonly fresh?: number;
  /** Requests, for guardrails that count them; default `units`. */
  readonly requests?: number;
  /** For each share guardrail: users that turned bad (once in the life of the release), or bad requests if it counts requests. */
  readonly bad?: Readonly<Record<string, number>>;
  /** For each quantile guardrail: units in each bucket, one more than there are edges. */
  readonly histogram?: Readonly<Record<string, readonly number[]>>;
  /** For each metric guardrail: the value of this block; one observation a block. */
  readonly value?: Readonly<Record<string, number>>;
}

export interface Observation {
  /** Milliseconds of the caller's clock. Only blocks and the reported moments use it. */
  readonly at: number;
  /**
   * The probability of being treated among units that are in either arm: percent / (percent + control's percent).
   * Where control is stable as a whole there is none: null.
   */
  readonly share: number | null;
  readonly treated: ArmCounts;
  readonly control: ArmCounts;
}

/** Sums of such values stay finite for as long as anybody can observe. */
const VALUE_LIMIT = 1e100;

/** Throws a RangeError with the place of the first count that cannot be one: a fault of the caller. */
export function checkObservation(observation: Observation, plan: Plan): void {
  must(Number.isFinite(observation.at), 'at', 'a time in milliseconds');
  if (plan.control === 'randomised') must(observation.share !== null && observation.share >= 0 && observation.share <= 1, 'share', 'from 0 to 1');
  for (const arm of ['treated', 'control'] as const) {
    const counts = observation[arm];
    mustCount(counts.units, `${arm}.units`);
    if (counts.fresh !== undefined) mustCount(counts.fresh, `${arm}.fresh`);
    if (counts.requests !== undefined) mustCount(counts.requests, `${arm}.requests`);
    for (const guardrail of plan.guardrails) checkEntry(counts, guardrail, arm);
  }
}

/**
 * The counts of several data planes as one observation. Exact: all counts add up, in whatever parts they came. The
 * value of a metric belongs to the arm as a whole and is taken from the last part that has one.
 */
export function mergeObservations(first: Observation, ...others: readonly Observation[]): Observation {
  let merged = first;
  for (const other of others) {
    if (other.share !== merged.share) throw new RangeError(`verdict: counts under a share of ${String(other.share)} cannot be added to counts under ${String(merged.share)}`);
    merged = { at: Math.max(merged.at, other.at), share: merged.share, treated: mergeArms(merged.treated, other.treated), control: mergeArms(merged.control, other.control) };
  }
  return merged;
}

function mergeArms(one: ArmCounts, other: ArmCounts): ArmCounts {
  return {
    units: one.units + other.units,
    fresh: (one.fresh ?? one.units) + (other.fresh ?? other.units),
    requests: (one.requests ?? one.units) + (other.requests ?? other.units),
    bad: mergeEntries(one.bad, other.bad, (count, more) => count + more),
    histogram: mergeEntries(one.histogram, other.histogram, (buckets, more) => buckets.map((count, index) => count + (more[index] ?? 0))),
    value: { ...one.value, ...other.value },
  };
}

function mergeEntries<T>(one: Readonly<Record<string, T>> | undefined, other: Readonly<Record<string, T>> | undefined, add: (one: T, other: T) => T): Readonly<Record<string, T>> {
  const merged = new Map(Object.entries(one ?? {}));
  for (const [name, more] of Object.entries(other ?? {})) {
    const before = merged.get(name);
    merged.set(name, before === undefined ? more : add(before, more));
  }
  return Object.fromEntries(merged);
}

/** The entry of a guardrail, also when its name is that of something every object has. */
export function entryOf<T>(entries: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return entries !== undefined && Object.hasOwn(entries, name) ? entries[name] : undefined;
}

function checkEntry(counts: ArmCounts, guardrail: PlannedGuardrail, arm: string): void {
  const { name } = guardrail;
  switch (guardrail.kind) {
    case 'share':
      mustCount(entryOf(counts.bad, name) ?? 0, `${arm}.bad["${name}"]`);
      return;
    case 'quantile': {
      const buckets = entryOf(counts.histogram, name);
      if (buckets === undefined) return;
      must(buckets.length === guardrail.edges.length + 1, `${arm}.histogram["${name}"]`, `${guardrail.edges.length + 1} counts, one more than there are edges`);
      for (const [index, count] of buckets.entries()) mustCount(count, `${arm}.histogram["${name}"][${index}]`);
      return;
    }
    case 'metric': {
      const value = entryOf(counts.value, name);
      if (value !== undefined) must(Math.abs(value) <= VALUE_LIMIT, `${arm}.value["${name}"]`, `a finite number up to ±${VALUE_LIMIT}`);
    }
  }
}

function mustCount(value: number, place: string): void {
  must(Number.isSafeInteger(value) && value >= 0, place, 'a whole number, 0 or more');
}

function must(holds: boolean, place: string, want: string): void {
  if (!holds) throw new RangeError(`verdict: ${place} of the observation must be ${want}`);
}
