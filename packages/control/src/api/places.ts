// A bounded number of places, each entered and left once. It must not know what stands in them.

import { ControlError } from '../problem.ts';

export class Places {
  readonly #limit: number;
  readonly #what: string;
  #taken = 0;

  constructor(limit: number, what: string) {
    this.#limit = limit;
    this.#what = what;
  }

  /** Takes a place and returns how to leave it; leaving twice is harmless. Throws GL3015 when all are taken. */
  enter(): () => void {
    if (this.#taken >= this.#limit) throw new ControlError('GL3015', { detail: `there are ${this.#limit} ${this.#what} already`, fix: 'end some, then try again' });
    this.#taken += 1;
    let inside = true;
    return () => {
      if (inside) this.#taken -= 1;
      inside = false;
    };
  }
}
