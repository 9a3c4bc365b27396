// How many workers a pool with `min`-`max` should have, from their event loops and queues. Pure.

import type { Vitals } from '@graylane/wire';

import type { ScalingSpec } from './spec.ts';

/** Above this mean utilisation, or with anything waiting, one more is wanted. */
const BUSY = 0.7;
/** With one worker less the others must still be below this. */
const IDLE = 0.5;
/** Looks in a row before the number changes: up soon, down late, so that it does not swing. */
const BUSY_LOOKS = 3;
const IDLE_LOOKS = 30;

export interface ScalingState { readonly busy: number; readonly idle: number }

export const STEADY: ScalingState = { busy: 0, idle: 0 };

export interface ScalingStep { readonly state: ScalingState; readonly wanted: number }

/** One look a second at the vitals of all ready workers. */
export function scalingStep(spec: ScalingSpec, workers: number, vitals: readonly Vitals[], before: ScalingState): ScalingStep {
  if (vitals.length === 0) return { state: STEADY, wanted: workers };
  const load = vitals.reduce((sum, one) => sum + one.loopUtilization, 0);
  const waiting = vitals.some((one) => one.waiting > 0);
  const isBusy = waiting || load / vitals.length > BUSY;
  const isIdle = !waiting && workers > 1 && load / (workers - 1) < IDLE;
  const state: ScalingState = { busy: isBusy ? before.busy + 1 : 0, idle: isIdle ? before.idle + 1 : 0 };
  if (state.busy >= BUSY_LOOKS && workers < spec.max) return { state: STEADY, wanted: workers + 1 };
  if (state.idle >= IDLE_LOOKS && workers > spec.min) return { state: STEADY, wanted: workers - 1 };
  return { state, wanted: workers };
}
