// A clock that the test holds: nothing happens between two milliseconds that it does not let pass.

import type { Clock } from '../../src/clock.ts';

export class FakeClock implements Clock {
  #now = 0;
  #timers: { at: number; run: () => void }[] = [];
  now(): number { return this.#now; }
  wall(): number { return this.#now; }
  random(): number { return 0; }
  after(ms: number, run: () => void): { cancel: () => void } {
    const timer = { at: this.#now + ms, run };
    this.#timers.push(timer);
    return { cancel: () => { this.#timers = this.#timers.filter((one) => one !== timer); } };
  }

  /** What waits for one promise gets its turn between two milliseconds. */
  async pass(ms: number): Promise<void> {
    for (let step = 0; step < ms; step += 1) {
      this.#now += 1;
      const due = this.#timers.filter(({ at }) => at <= this.#now);
      this.#timers = this.#timers.filter(({ at }) => at > this.#now);
      for (const { run } of due) run();
      await new Promise((resolve) => { setImmediate(resolve); });
    }
  }
}
