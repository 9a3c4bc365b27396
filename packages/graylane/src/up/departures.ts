// Which pools may end: one on its way out may be named again until it drains, and then it stays. It starts and ends none itself.

import { setTimeout as delay } from 'node:timers/promises';

interface Leaving {
  isWanted: boolean;
  /** From here on it serves nobody any more. */
  stopping: Promise<void> | null;
}

/** From finding a pool to publishing what needs it. Whoever would end the pool waits so long for a change that fails. */
const CLAIM_LIMIT_MS = 5_000;

export class Departures {
  readonly #claimLimitMs: number;
  readonly #leaving = new Map<string, Leaving>();
  /** Pools that were started, or found running, for a strategy that is not published yet. */
  readonly #claimed = new Set<string>();
  readonly #arriving = new Set<Promise<void>>();
  #publication = Promise.withResolvers<undefined>();

  constructor(claimLimitMs: number = CLAIM_LIMIT_MS) {
    this.#claimLimitMs = claimLimitMs;
  }

  /** What was claimed is part of the strategy now. */
  published(): void {
    this.#claimed.clear();
    this.#publication.resolve(undefined);
    this.#publication = Promise.withResolvers();
  }

  /** Somebody names the pool: `begin` starts or changes it, when a drain that has begun is over. */
  async arrive(id: string, begin: () => Promise<void>): Promise<void> {
    this.#claimed.add(id);
    const work = this.#afterLeaving(id, begin);
    this.#arriving.add(work);
    try {
      await work;
    } finally {
      this.#arriving.delete(work);
    }
  }

  /** Ends a pool by `stop` after `last`, unless it is named again before. */
  async leave(id: string, last: Promise<unknown>, stop: () => Promise<void>): Promise<void> {
    const leaving: Leaving = { isWanted: false, stopping: null };
    this.#leaving.set(id, leaving);
    try {
      await last;
      // Somebody is about to publish a strategy that counts on it.
      if (this.#claimed.has(id)) leaving.isWanted ||= await this.#isPublishedSoon();
      if (leaving.isWanted) return;
      leaving.stopping = stop();
      await leaving.stopping;
    } finally {
      if (this.#leaving.get(id) === leaving) this.#leaving.delete(id);
    }
  }

  async #afterLeaving(id: string, begin: () => Promise<void>): Promise<void> {
    const leaving = this.#leaving.get(id);
    if (leaving !== undefined) leaving.isWanted = true;
    await leaving?.stopping;
    await begin();
  }

  /** False when what the pools are for did not become a strategy. */
  async #isPublishedSoon(): Promise<boolean> {
    const { promise } = this.#publication;
    // Other versions of the same change may take long to start.
    await Promise.allSettled(this.#arriving);
    return await Promise.race([promise.then(() => true), delay(this.#claimLimitMs, false, { ref: false })]);
  }
}
