// Counts of decisions until somebody fetches them.

import type { Count } from '@graylane/wire';

/** Releases times reasons; beyond it something is wrong, and the rest is counted as one. */
const KINDS_LIMIT = 4096;
const REST = 'other';

export class Tally {
  #counts = new Map<string, { generation: number; lane: string | null; reason: string; requests: number }>();

  add(lane: string | null, reason: string, generation: number): void {
    const full = this.#counts.size >= KINDS_LIMIT;
    const key = full ? REST : `${generation} ${lane ?? ''} ${reason}`;
    const known = this.#counts.get(key);
    if (known === undefined) this.#counts.set(key, { generation, lane: full ? null : lane, reason: full ? REST : reason, requests: 1 });
    else known.requests++;
  }

  /** All since the last time. */
  take(): readonly Count[] {
    const counts = [...this.#counts.values()];
    this.#counts = new Map();
    return counts;
  }
}
