// When a healthy-looking worker has to go: too much memory, or too long a life. Pure.

import type { Vitals } from '@graylane/wire';

import type { FullSpec } from './spec.ts';

/** One reading may fall into the moment before a collection; two in a row, a heartbeat apart, do not. */
const READINGS = 2;

export interface Health {
  /** Readings over the limit in a row. */
  readonly over: number;
  /** Why the worker has to go, or null. */
  readonly verdict: string | null;
}

export const HEALTHY: Health = { over: 0, verdict: null };

/** `lifetimeMs` is the worker's own limit, see {@link lifetimeOf}. */
export function judge(spec: FullSpec, vitals: Vitals, ageMs: number, lifetimeMs: number | null, before: Health): Health {
  if (lifetimeMs !== null && ageMs >= lifetimeMs) return { over: 0, verdict: `older than ${Math.round(lifetimeMs / 1000)} s` };
  const excess = overMemory(spec, vitals);
  if (excess === null) return HEALTHY;
  const over = before.over + 1;
  return { over, verdict: over >= READINGS ? excess : null };
}

/** Spread over the last tenth, so that workers born together do not leave together. `random` is 0 ≤ x < 1. */
export function lifetimeOf(spec: FullSpec, random: number): number | null {
  return spec.maxLifetimeMs === null ? null : spec.maxLifetimeMs * (0.9 + random / 10);
}

function overMemory(spec: FullSpec, vitals: Vitals): string | null {
  const { rssBytes, heapRatio } = spec.memory;
  if (rssBytes !== null && vitals.rss > rssBytes) return `resident memory ${mebibytes(vitals.rss)} over its limit of ${mebibytes(rssBytes)}`;
  if (heapRatio !== null && vitals.heapLimit > 0 && vitals.heapUsed > heapRatio * vitals.heapLimit) return `heap ${mebibytes(vitals.heapUsed)} of ${mebibytes(vitals.heapLimit)}`;
  return null;
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}
