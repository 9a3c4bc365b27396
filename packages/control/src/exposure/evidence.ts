// What one attempt of one release has shown: counts of its two arms, users once each, on their way into a verdict.
// It must not know statistics, nor where counts come from.

import type { Exposure, UsersSeen } from '@graylane/wire';
import { LATENCY_EDGES_SECONDS } from '@graylane/wire';
import { BucketSet } from './buckets.ts';
import { hasFailed, slowOf } from './ends.ts';

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

/** All requests of one arm since the attempt began, for people. */
export interface ArmTotals {
  requests: number;
  failed: number;
  slow: number;
  /** By duration, as in an exposure. */
  readonly latency: number[];
}

export interface StoredEvidence {
  readonly treated: Readonly<Record<string, string>>;
  readonly control: Readonly<Record<string, string>>;
  readonly bad: Readonly<Record<string, string>>;
  readonly slow: Readonly<Record<string, string>>;
  /** Absent in what an earlier graylane stored. */
  readonly totals?: Readonly<Record<ArmName, ArmTotals>>;
}

/** Taken each second; more generations than a second can have are somebody's mistake. */
const PENDING_LIMIT = 256;

export class Evidence {
  readonly #users: Readonly<Record<ArmName | 'bad' | 'slow', BucketSet>>;
  readonly #totals: Readonly<Record<ArmName, ArmTotals>>;
  readonly #pending = new Map<number, Delta>();

  constructor(stored: StoredEvidence | null) {
    this.#totals = stored?.totals ?? { treated: noTotals(), control: noTotals() };
    this.#users = {
      treated: BucketSet.from(stored?.treated ?? {}), control: BucketSet.from(stored?.control ?? {}),
      bad: BucketSet.from(stored?.bad ?? {}), slow: BucketSet.from(stored?.slow ?? {}),
    };
  }

  addRequests(exposure: Exposure, arm: ArmName): void {
    const { generation, requests, latency } = exposure;
    const totals = this.#totals[arm];
    for (const counts of [this.#delta(generation)[arm], totals]) {
      counts.requests += requests;
      if (hasFailed(exposure)) counts.failed += requests;
      counts.slow += slowOf(latency);
    }
    for (let bucket = 0; bucket <= LATENCY_EDGES_SECONDS.length; bucket += 1) totals.latency[bucket] = (totals.latency[bucket] ?? 0) + (latency[bucket] ?? 0);
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

  totals(arm: ArmName): Readonly<ArmTotals> & { readonly users: number } {
    return { ...this.#totals[arm], users: this.#users[arm].size };
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
    return { treated: this.#users.treated.toJSON(), control: this.#users.control.toJSON(), bad: this.#users.bad.toJSON(), slow: this.#users.slow.toJSON(), totals: this.#totals };
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

function noTotals(): ArmTotals {
  return { requests: 0, failed: 0, slow: 0, latency: [] };
}

function emptyArm(): ArmDelta {
  return { requests: 0, failed: 0, slow: 0, users: 0, fresh: 0, badUsers: 0, slowUsers: 0 };
}
