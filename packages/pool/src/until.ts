// Waiting for a condition over state that others change: looked at when poked, given up at a deadline.

import type { Clock } from './clock.ts';

export class Waiters {
  readonly #clock: Clock;
  readonly #looks = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves when `done` holds or `limitMs` have passed, whichever comes first, with what is left of them. */
  until(done: () => boolean, limitMs: number): Promise<number> {
    if (done()) return Promise.resolve(limitMs);
    const begun = this.#clock.now();
    return new Promise((resolve) => {
      const finish = (): void => {
        this.#looks.delete(look);
        timer.cancel();
        resolve(Math.max(0, limitMs - (this.#clock.now() - begun)));
      };
      const look = (): void => {
        if (done()) finish();
      };
      const timer = this.#clock.after(limitMs, finish);
      this.#looks.add(look);
    });
  }

  /** Something that may be waited for has changed. */
  poke(): void {
    for (const look of [...this.#looks]) look();
  }
}
