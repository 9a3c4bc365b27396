// What one attempt of one release has shown: counts of its two arms, users once each, on their way into a verdict.
// It must not know statistics, nor where counts come from.

import type { Exposure, UsersSeen } from '@graylane/wire';
import { LATENCY_EDGES_SECONDS } from '@graylane/wire';
import { BucketSet } from './buckets.ts';

export type ArmName = 'treated' | 'control';

/** Counts of one arm since they were last taken. */
export interface ArmDelta {
  requests: number;
  failed: number;
  slow: number;
  users: number;
  fresh: number;
  badUsers: number;
  slowUsers: number;
}

export interface Delta {
  readonly generation: number;
  readonly treated: ArmDelta;
  readonly control: ArmDelta;
}

export interface StoredEvidence {
  readonly treated: Readonly<Record<string, string>>;
  readonly control: Readonly<Record<string, string>>;
  readonly bad: Readonly<Record<string, string>>;
  readonly slow: Readonly<Record<string, string>>;
}

/** Taken each second; more generations than a second can have are somebody's mistake. */
const PENDING_LIMIT = 256;
/** A request over this is slow; the last edge of the usual histograms that a person still waits for. */
export const SLOW_SECONDS = 1;
const SLOW_FROM: number = LATENCY_EDGES_SECONDS.indexOf(SLOW_SECONDS) + 1;

export class Evidence {
  readonly #users: Readonly<Record<ArmName | 'bad' | 'slow', BucketSet>>;
  readonly #pending = new Map<number, Delta>();

  constructor(stored: StoredEvidence | null) {
    this.#users = {
      treated: BucketSet.from(stored?.treated ?? {}), control: BucketSet.from(stored?.control ?? {}),
      bad: BucketSet.from(stored?.bad ?? {}), slow: BucketSet.from(stored?.slow ?? {}),
    };
  }

  addRequests({ generation, arm, status, end, requests, latency }: Exposure): void {
    if (arm !== 'treated' && arm !== 'control') return;
    const delta = this.#delta(generation)[arm];
    delta.requests += requests;
    if (status >= 500 || status === 0 || end !== 'complete') delta.failed += requests;
    delta.slow += latency.slice(SLOW_FROM).reduce((sum, count) => sum + count, 0);
  }

  /** A user counts once in an arm, and turns bad or slow once in the life of the attempt. */
  addUsers({ generation, arm, seen, bad, slow }: UsersSeen): void {
    const delta = this.#delta(generation)[arm];
    const other = arm === 'treated' ? this.#users.control : this.#users.treated;
    for (const bucket of seen) {
      if (!this.#users[arm].add(bucket)) continue;
      delta.users += 1;
      if (!other.has(bucket)) delta.fresh += 1;
    }
    for (const bucket of bad) if (this.#users.bad.add(bucket)) delta.badUsers += 1;
    for (const bucket of slow) if (this.#users.slow.add(bucket)) delta.slowUsers += 1;
  }

  get knowsUsers(): boolean {
    return this.#users.treated.size + this.#users.control.size > 0;
  }

  /** All since the last time, a generation each, oldest first. */
  take(): readonly Delta[] {
    const deltas = [...this.#pending.values()].sort((a, b) => a.generation - b.generation);
    this.#pending.clear();
    return deltas;
  }

  toStored(): StoredEvidence {
    return { treated: this.#users.treated.toJSON(), control: this.#users.control.toJSON(), bad: this.#users.bad.toJSON(), slow: this.#users.slow.toJSON() };
  }

  #delta(generation: number): Delta {
    let delta = this.#pending.get(generation);
    if (delta === undefined) {
      if (this.#pending.size >= PENDING_LIMIT) this.#pending.delete(Math.min(...this.#pending.keys()));
      delta = { generation, treated: emptyArm(), control: emptyArm() };
      this.#pending.set(generation, delta);
    }
    return delta;
  }
}

function emptyArm(): ArmDelta {
  return { requests: 0, failed: 0, slow: 0, users: 0, fresh: 0, badUsers: 0, slowUsers: 0 };
}
