// The time window of a release: outside of it nobody is in, and nothing goes forward by itself. Pure.

import type { ReleaseSpec } from '@graylane/rules';

export type Window = 'before' | 'open' | 'over';

/** Null for a release without one. The times have passed `parseStrategy`. */
export function windowAt({ from, until }: Pick<ReleaseSpec, 'from' | 'until'>, now: number): Window | null {
  if (from === undefined && until === undefined) return null;
  if (from !== undefined && now < Date.parse(from)) return 'before';
  return until !== undefined && now >= Date.parse(until) ? 'over' : 'open';
}

/** When it opens, milliseconds since 1970; 0 when it always was. */
export function opensAt({ from }: Pick<ReleaseSpec, 'from'>): number {
  return from === undefined ? 0 : Date.parse(from);
}
