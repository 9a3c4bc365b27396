// Counts of decisions until somebody fetches them.

import type { Count } from '@graylane/wire';

/** Releases times reasons; beyond it something is wrong, and the rest is counted as one. */
const KINDS_LIMIT = 4096;
const REST = 'other';

export class Tally {
  #counts = new Map<string, { generation: number; lane: string | null; reason: string; requests: number }>();

  /** Decisions come in runs of the same kind. */
  #last: { generation: number; lane: string | null; reason: string; requests: number } | null = null;

  add(lane: string | null, reason: string, generation: number): void {
    const last = this.#last;
    if (last !== null && last.lane === lane && last.reason === reason && last.generation === generation) {
      last.requests++;
      return;
    }
    const full = this.#counts.size >= KINDS_LIMIT;
    const key = full ? REST : `${generation} ${lane ?? ''} ${reason}`;
    const kind = this.#counts.get(key) ?? { generation, lane: full ? null : lane, reason: full ? REST : reason, requests: 0 };
    kind.requests++;
    this.#counts.set(key, kind);
    this.#last = kind;
  }

  /** All since the last time. */
  take(): readonly Count[] {
    const counts = [...this.#counts.values()];
    this.#counts = new Map();
    this.#last = null;
    return counts;
  }
}
