// Rates and durations of the last minute, for people who look at status. It must not be asked what to do about them:
// verdicts have statistics of their own.

import type { Api, Exposure } from '@graylane/wire';
import { LATENCY_EDGES_SECONDS } from '@graylane/wire';
import type { Clock } from '../clock.ts';
import { hasFailed } from './ends.ts';
import { quantileMs } from './quantile.ts';

export type Traffic = Api<'Traffic'>;

/** A minute, in slots: one of them is always being filled. */
const SLOT_MS = 5_000;
const SLOTS = 12;
/** Versions and lanes that somebody may look at; what comes beyond is not shown until others have been silent for a minute. */
const SERIES_LIMIT = 2_000;

export function versionKey(service: string, version: string): string {
  return `version ${service} ${version}`;
}

export function laneKey(lane: string): string {
  return `lane ${lane}`;
}

interface Slot {
  readonly number: number;
  requests: number;
  failed: number;
  readonly latency: number[];
}

export class Recent {
  readonly #clock: Clock;
  readonly #begun: number;
  readonly #series = new Map<string, Slot[]>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#begun = clock.monotonic();
  }

  add(name: string, exposure: Exposure): void {
    const slot = this.#slot(name);
    if (slot === null) return;
    slot.requests += exposure.requests;
    if (hasFailed(exposure)) slot.failed += exposure.requests;
    for (let bucket = 0; bucket <= LATENCY_EDGES_SECONDS.length; bucket += 1) slot.latency[bucket] = (slot.latency[bucket] ?? 0) + (exposure.latency[bucket] ?? 0);
  }

  /** Null for what had no request in the last minute. */
  view(name: string): Traffic | null {
    const slots = this.#kept(this.#series.get(name) ?? []);
    const requests = slots.reduce((sum, slot) => sum + slot.requests, 0);
    if (requests === 0) return null;
    const failed = slots.reduce((sum, slot) => sum + slot.failed, 0);
    const latency = LATENCY_EDGES_SECONDS.concat(Infinity).map((_, bucket) => slots.reduce((sum, slot) => sum + (slot.latency[bucket] ?? 0), 0));
    return {
      rps: requests / this.#seconds(), success: (100 * (requests - failed)) / requests,
      p50Ms: quantileMs(latency, 0.5), p95Ms: quantileMs(latency, 0.95), p99Ms: quantileMs(latency, 0.99),
    };
  }

  #slot(name: string): Slot | null {
    const number = this.#number();
    let slots = this.#series.get(name);
    if (slots === undefined) {
      if (this.#series.size >= SERIES_LIMIT) this.#forgetSilent();
      if (this.#series.size >= SERIES_LIMIT) return null;
      slots = [];
      this.#series.set(name, slots);
    }
    const last = slots.at(-1);
    if (last?.number === number) return last;
    const slot: Slot = { number, requests: 0, failed: 0, latency: [] };
    slots.push(slot);
    if (slots.length > SLOTS) slots.shift();
    return slot;
  }

  #kept(slots: readonly Slot[]): readonly Slot[] {
    const oldest = this.#number() - SLOTS;
    return slots.filter(({ number }) => number > oldest);
  }

  #forgetSilent(): void {
    for (const [name, slots] of this.#series) if (this.#kept(slots).length === 0) this.#series.delete(name);
  }

  /** How much time the kept slots stand for. */
  #seconds(): number {
    const whole = (SLOTS - 1) * SLOT_MS + (this.#clock.monotonic() % SLOT_MS);
    return Math.max(1_000, Math.min(whole, this.#clock.monotonic() - this.#begun)) / 1_000;
  }

  #number(): number {
    return Math.floor(this.#clock.monotonic() / SLOT_MS);
  }
}
