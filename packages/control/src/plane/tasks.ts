// Work that is due by name: under way once at a time, and again later when it failed. It must not know what the work is.

import type { Clock } from '../clock.ts';

export interface TasksOptions {
  readonly clock: Clock;
  /** Of work that nobody waits for, and of work that will be tried again. */
  readonly onFault: (name: string, error: unknown) => void;
  /** What ran in the background has ended, well or not. */
  readonly onEnd: () => void;
}

/** What failed comes back after this, doubled each time up to the longest. */
const RETRY_MS = 500;
export const LONGEST_RETRY_MS = 30_000;
/** Names of releases and pools: whoever has more that fail begins anew with the oldest. */
const FAILURES_LIMIT = 1_000;

export class Tasks {
  readonly #options: TasksOptions;
  readonly #running = new Map<string, Promise<void>>();
  readonly #failures = new Map<string, { readonly count: number; readonly until: number }>();

  constructor(options: TasksOptions) {
    this.#options = options;
  }

  /** Starts `body`, unless it runs already or has failed just now. Returns in how many milliseconds to ask again. */
  start(name: string, body: () => Promise<void>): number {
    if (this.#running.has(name)) return Infinity;
    const wait = this.#wait(name);
    if (wait > 0) return wait;
    this.#running.set(name, this.#attempt(name, body).then(() => {
      this.#running.delete(name);
      this.#options.onEnd();
    }));
    return Infinity;
  }

  /** Does `body` here and now, unless it has failed just now. Returns in how many milliseconds to try again: 0 when it is done. */
  async now(name: string, body: () => Promise<unknown>): Promise<number> {
    const wait = this.#wait(name);
    if (wait > 0) return wait;
    await this.#attempt(name, body);
    return this.#wait(name);
  }

  /** Resolves when nothing runs any more. */
  async ended(): Promise<void> {
    await Promise.all(this.#running.values());
  }

  #wait(name: string): number {
    return Math.max(0, (this.#failures.get(name)?.until ?? 0) - this.#options.clock.monotonic());
  }

  async #attempt(name: string, body: () => Promise<unknown>): Promise<void> {
    try {
      await body();
      this.#failures.delete(name);
    } catch (error) {
      const count = (this.#failures.get(name)?.count ?? 0) + 1;
      const [oldest] = this.#failures.keys();
      if (this.#failures.size >= FAILURES_LIMIT && oldest !== undefined) this.#failures.delete(oldest);
      this.#failures.set(name, { count, until: this.#options.clock.monotonic() + Math.min(LONGEST_RETRY_MS, RETRY_MS * 2 ** count) });
      this.#options.onFault(name, error);
    }
  }
}
