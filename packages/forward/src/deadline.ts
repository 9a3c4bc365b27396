// When the present step of an exchange must be over, and what it is called when it is not. It has no timer: somebody looks from time to time.

import type { FailureReason } from './failure.ts';

export class Deadline {
  readonly #now: () => number;
  /** 0 for never. */
  #at = 0;
  #reason: FailureReason = 'head-timeout';

  constructor(now: () => number) {
    this.#now = now;
  }

  /** `ms` from now; 0 for never. */
  set(ms: number, reason: FailureReason): void {
    this.#at = ms === 0 ? 0 : this.#now() + ms;
    this.#reason = reason;
  }

  clear(): void {
    this.#at = 0;
  }

  /** Why the step has failed at `now`, or null. */
  missed(now: number): FailureReason | null {
    return this.#at !== 0 && now >= this.#at ? this.#reason : null;
  }
}
