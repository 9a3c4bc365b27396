// Time that moves only when a test says so.

import type { Cancel, Clock } from '../src/clock.ts';

export class FakeClock implements Clock {
  #wall: number;
  #monotonic = 0;
  #timers: { at: number; run: () => void }[] = [];

  constructor(wall: number = Date.UTC(2030, 0, 1)) {
    this.#wall = wall;
  }

  now(): number {
    return this.#wall;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  after(delayMs: number, run: () => void): Cancel {
    const timer = { at: this.#monotonic + delayMs, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** The wall clock jumps; durations do not. */
  jump(byMs: number): void {
    this.#wall += byMs;
  }

  /** Runs what is due in order, letting promises settle in between. */
  async advance(byMs: number): Promise<void> {
    const end = this.#monotonic + byMs;
    for (;;) {
      const due = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      const until = due?.at ?? end;
      this.#wall += until - this.#monotonic;
      this.#monotonic = until;
      if (due === undefined) break;
      this.#timers = this.#timers.filter((other) => other !== due);
      due.run();
      await settle(TURNS_BETWEEN_TIMERS);
    }
    await settle();
  }
}

/** Enough for one look of the controller; the end of an advance waits longer. */
const TURNS_BETWEEN_TIMERS = 4;

/** Lets every promise that can go on without time or input do so. */
export async function settle(turns: number = 20): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve));
}
