// Whoever waits until something holds, looked after when something has changed: what comes in one moment is looked at once.
// It must not know what is waited for.

import type { Cancel, Clock } from '../clock.ts';

const GATHER_MS = 1;

export class Lookout {
  readonly #clock: Clock;
  readonly #waiting = new Set<() => void>();
  #cancel: Cancel | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Something has changed. */
  lookSoon(): void {
    this.#cancel ??= this.#clock.after(GATHER_MS, () => {
      this.#cancel = null;
      for (const look of [...this.#waiting]) look();
    });
  }

  /** True as soon as it holds, false when it does not within the limit. */
  until(holds: () => boolean, limitMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const done = (inTime: boolean): void => {
        this.#waiting.delete(look);
        cancel();
        resolve(inTime);
      };
      const look = (): void => {
        if (holds()) done(true);
      };
      const cancel = this.#clock.after(limitMs, () => done(false));
      this.#waiting.add(look);
      look();
    });
  }

  stop(): void {
    this.#cancel?.();
  }
}
