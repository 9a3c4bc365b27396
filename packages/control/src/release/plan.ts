// The steps of a release's plan, read one after the other. Pure; it must not know what makes a step end.

import { durationMs } from '@graylane/rules';
import type { ReleaseSpec } from '@graylane/rules';
import type { Standing } from './state.ts';

export interface Entered {
  readonly standing: Standing;
  /** The percentage that the steps passed on the way ask for, or null to leave it. */
  readonly percent: number | null;
}

/**
 * Goes on from step `index` to the first that waits for something; past the last one the release is promoted.
 * A release without steps waits for a person all the time.
 */
export function enterStep(spec: ReleaseSpec, index: number, now: number, previous: Readonly<Record<string, string>>): Entered {
  const steps = spec.steps ?? [];
  let percent: number | null = null;
  for (let at = index; at < steps.length; at += 1) {
    const step = steps[at];
    if (step === undefined) break;
    if (step.percent !== undefined) percent = step.percent;
    if (step.pause !== undefined) return { percent, standing: { phase: 'paused', step: at, hold: 'plan', resumeAt: step.pause === true ? null : now + (durationMs(step.pause) ?? 0) } };
    if (step.verdict !== undefined) return { percent, standing: { phase: 'progressing', step: at } };
  }
  if (steps.length === 0 && index === 0) return { percent, standing: { phase: 'progressing', step: 0 } };
  return { percent, standing: { phase: 'promoting', stage: 'preparing', previous } };
}

export interface Gate {
  readonly forMs: number;
  /** What to do when its time is up and nothing is clear: hold the release for a person, or look on. */
  readonly unclear: 'pause' | 'wait';
}

/** The verdict gate at `step`, or null where there is none. */
export function gateAt(spec: ReleaseSpec, step: number): Gate | null {
  const gate = spec.steps?.[step]?.verdict;
  return gate === undefined ? null : { forMs: durationMs(gate.for) ?? 0, unclear: gate.inconclusive ?? 'pause' };
}

/** With a plan, a release begins with nobody until a step says otherwise. */
export function firstPercent(spec: ReleaseSpec, entered: Entered): number | null {
  if (entered.percent !== null) return entered.percent;
  return (spec.steps?.length ?? 0) > 0 ? 0 : null;
}
