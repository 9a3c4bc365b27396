// Counts decisions until somebody fetches them. Decisions are shared objects, so that counting one is a comparison.

import type { Decision } from '@graylane/rules';
import type { Count } from '@graylane/wire';

/** Decisions with a minted id are objects of their own; beyond this many kinds the rest is counted as one. */
const KINDS_LIMIT = 4096;

const REST = 'other';

export class Counts {
  #last: Decision | null = null;
  #lastRequests = 0;
  #generation = 0;
  #kinds = new Map<string, Count & { requests: number }>();

  add(decision: Decision, generation: number): void {
    if (decision === this.#last && generation === this.#generation) {
      this.#lastRequests += 1;
      return;
    }
    this.#settle();
    this.#last = decision;
    this.#generation = generation;
    this.#lastRequests = 1;
  }

  /** All since the last time. */
  take(): readonly Count[] {
    this.#settle();
    const kinds = [...this.#kinds.values()];
    this.#kinds = new Map();
    return kinds;
  }

  #settle(): void {
    if (this.#last !== null && this.#lastRequests > 0) this.#count(this.#last.lane, this.#last.reason, this.#lastRequests);
    this.#lastRequests = 0;
  }

  /** For what is no decision of the router: a fallback, say. */
  note(lane: string | null, reason: string, generation: number): void {
    this.#settle();
    this.#last = null;
    this.#generation = generation;
    this.#count(lane, reason, 1);
  }

  #count(lane: string | null, reason: string, requests: number): void {
    const full = this.#kinds.size >= KINDS_LIMIT;
    const key = full ? REST : `${this.#generation} ${lane ?? ''} ${reason}`;
    const known = this.#kinds.get(key);
    if (known !== undefined) known.requests += requests;
    else this.#kinds.set(key, { generation: this.#generation, lane: full ? null : lane, reason: full ? REST : reason, requests });
  }
}
