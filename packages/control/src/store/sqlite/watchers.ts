// Who waits for the next revision. A watcher keeps no queue: it is told that there is something, and reads it at its own pace.

import { StoreError } from '../errors.ts';

/** A page or a command each; beyond this something leaks. */
const WATCHERS_LIMIT = 2_000;

export interface WatchPlace {
  /** Resolves true once a revision beyond `seen` exists, false when the watch is over. */
  next(seen: number, signal: AbortSignal): Promise<boolean>;
  leave(): void;
}

export class Watchers {
  readonly #waiting = new Set<() => void>();
  #newest = 0;
  #places = 0;
  #closed = false;

  enter(): WatchPlace {
    if (this.#places >= WATCHERS_LIMIT) throw new StoreError('too-large', `there are ${WATCHERS_LIMIT} watchers already`);
    this.#places += 1;
    let left = false;
    return {
      next: (seen, signal) => this.#next(seen, signal),
      leave: () => {
        if (!left) this.#places -= 1;
        left = true;
      },
    };
  }

  announce(revision: number): void {
    this.#newest = revision;
    this.#wakeAll();
  }

  close(): void {
    this.#closed = true;
    this.#wakeAll();
  }

  async #next(seen: number, signal: AbortSignal): Promise<boolean> {
    if (this.#newest <= seen && !this.#closed && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#waiting.delete(wake);
          signal.removeEventListener('abort', wake);
          resolve();
        };
        this.#waiting.add(wake);
        signal.addEventListener('abort', wake, { once: true });
      });
    }
    return !this.#closed && !signal.aborted;
  }

  #wakeAll(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}
