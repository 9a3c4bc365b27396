// Short ways to write counts, and the fixed frame of the tests around them.

import type { ArmCounts, Observation, ShareGuardrail, State } from '@graylane/verdict';
import { observe } from '@graylane/verdict';

export const ERRORS: ShareGuardrail = { kind: 'share', name: 'errors' };
export const MINUTE = 60_000;

export function arm(units: number, bad = 0, name = 'errors'): ArmCounts {
  return { units, bad: { [name]: bad } };
}

/** One observation at minute `minute` with 5 % treated, unless said otherwise. */
export function seen(minute: number, treated: ArmCounts, control: ArmCounts, share: number | null = 0.05): Observation {
  return { at: minute * MINUTE, share, treated, control };
}

/** The same counts every minute, `minutes` times. */
export function every(minutes: number, treated: ArmCounts, control: ArmCounts, share: number | null = 0.05): readonly Observation[] {
  return Array.from({ length: minutes }, (_, minute) => seen(minute, treated, control, share));
}

export function after(state: State, observations: readonly Observation[]): State {
  return observations.reduce(observe, state);
}

/** Every number inside, with its path. */
export function numbersIn(value: unknown, path = ''): readonly (readonly [string, number])[] {
  if (typeof value === 'number') return [[path, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => numbersIn(inner, `${path}.${key}`));
}
