// Whoever waits until some members have come so far, looked after one word at a time: a thousand answers are a thousand looks.
// It must not know what a member is.

import type { Clock } from '../clock.ts';

export class Awaited<M> {
  readonly #clock: Clock;
  readonly #looks = new Set<(member: M) => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Something has changed about this one. */
  heard(member: M): void {
    for (const look of this.#looks) look(member);
  }

  /** Resolves when each of `missing` was seen to be `there`, or after `limitMs`. */
  until(missing: Set<M>, isThere: (member: M) => boolean, limitMs: number): Promise<void> {
    if (missing.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        this.#looks.delete(look);
        cancel();
        resolve();
      };
      const look = (member: M): void => {
        if (missing.has(member) && isThere(member)) missing.delete(member);
        if (missing.size === 0) done();
      };
      const cancel = this.#clock.after(limitMs, done);
      this.#looks.add(look);
    });
  }
}
