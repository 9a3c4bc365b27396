// Stands for an office again and again, and does its work while it holds it. It must not know what the work is.

import type { Cancel, Clock } from '../clock.ts';
import { campaign } from '../store/election.ts';
import type { Store } from '../store/store.ts';

export interface LeaderOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly office: string;
  readonly candidate: string;
  readonly ttlMs: number;
  /** Begins the work; what it returns ends it. */
  readonly lead: () => Promise<() => Promise<void>>;
  readonly onFault: (what: string, error: unknown) => void;
}

/** After a failure: a store that is away is asked about once a second. */
const RETRY_MS = 500;

export class Leader {
  readonly #options: LeaderOptions;
  readonly #ended = new AbortController();
  readonly #done: Promise<void>;
  #cancelRetry: Cancel = () => undefined;

  constructor(options: LeaderOptions) {
    this.#options = options;
    this.#done = this.#run();
  }

  /** Gives the office up, after its work has ended. */
  async stop(): Promise<void> {
    this.#ended.abort();
    this.#cancelRetry();
    await this.#done;
  }

  async #run(): Promise<void> {
    const { signal } = this.#ended;
    while (!signal.aborted) {
      try {
        await this.#term(signal);
      } catch (error) {
        this.#options.onFault('lead', error);
        await this.#pause(signal);
      }
    }
  }

  async #term(signal: AbortSignal): Promise<void> {
    const { store, clock, office, candidate, ttlMs, lead } = this.#options;
    const leadership = await campaign({ store, clock, office, candidate, ttlMs, signal });
    if (leadership === null) return;
    try {
      const end = await lead();
      await aborted(AbortSignal.any([leadership.lost, signal]));
      await end();
    } finally {
      await leadership.resign().catch(() => undefined);
    }
  }

  #pause(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#cancelRetry = this.#options.clock.after(RETRY_MS, resolve);
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
