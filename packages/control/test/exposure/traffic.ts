// Simulated users of a release, as the counts that data planes send: a seed, a rate, and an error ratio for each arm.

import type { CountsMessage, Exposure, UsersSeen } from '@graylane/wire';
import { LATENCY_EDGES_SECONDS } from '@graylane/wire';
import { seeded } from '../../../../tools/seeded.ts';

export interface TrafficOptions {
  readonly seed: number;
  /** Of the whole audience. */
  readonly requestsPerMinute: number;
  /** Share of failing requests. */
  readonly errors: { readonly treated: number; readonly control: number };
  readonly release: string;
  /** Without users a data plane counts requests only. */
  readonly users?: boolean;
}

export class Traffic {
  readonly #options: TrafficOptions;
  readonly #random: () => number;
  #owed = 0;

  constructor(options: TrafficOptions) {
    this.#options = options;
    this.#random = seeded(options.seed);
  }

  /** What one data plane counted in one second under this generation and percentage. */
  second(generation: number, percent: number): CountsMessage {
    const { requestsPerMinute, errors, release } = this.#options;
    this.#owed += requestsPerMinute / 60;
    const exposures: Exposure[] = [];
    const users = new Map<'treated' | 'control', { seen: number[]; bad: number[] }>();
    for (; this.#owed >= 1; this.#owed -= 1) {
      const bucket = Math.floor(this.#random() * 1_000_000);
      const arm = bucket < percent * 10_000 ? 'treated' as const : 'control' as const;
      const failed = this.#random() < errors[arm];
      exposures.push(exposureOf(generation, release, arm, failed));
      const seen = users.get(arm) ?? { seen: [], bad: [] };
      seen.seen.push(bucket);
      if (failed) seen.bad.push(bucket);
      users.set(arm, seen);
    }
    const lists = [...users].map(([arm, { seen, bad }]): UsersSeen => ({ generation, of: release, arm, seen, bad, slow: [] }));
    return { kind: 'counts', counts: [], exposures, ...(this.#options.users === false ? {} : { users: lists }) };
  }
}

export function exposureOf(generation: number, release: string, arm: 'treated' | 'control', failed: boolean): Exposure {
  const latency = LATENCY_EDGES_SECONDS.map((_, index) => (index === 2 ? 1 : 0));
  return {
    generation, lane: arm === 'treated' ? release : null, version: arm === 'treated' ? 'v2' : 'v1', of: release, arm,
    method: 'GET', status: failed ? 500 : 200, end: 'complete', requests: 1, seconds: 0.02, latency: [...latency, 0],
  };
}
