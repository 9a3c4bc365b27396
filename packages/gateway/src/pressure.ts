// Whether this process is about to run out of heap. It looks now and then, not per request.

import { getHeapStatistics } from 'node:v8';

/** A gateway under full load grows by some megabytes in this time, never by a tenth of its heap. */
const LOOK_MS = 250;

export interface HeapLook {
  readonly used: number;
  readonly limit: number;
}

export class Pressure {
  readonly #share: number;
  readonly #now: () => number;
  readonly #look: () => HeapLook;
  #lookedAt = -Infinity;
  #high = false;

  constructor(share: number, now: () => number, look: () => HeapLook = heapLook) {
    this.#share = share;
    this.#now = now;
    this.#look = look;
  }

  get isHigh(): boolean {
    const now = this.#now();
    if (now - this.#lookedAt >= LOOK_MS) {
      this.#lookedAt = now;
      const { used, limit } = this.#look();
      this.#high = used > limit * this.#share;
    }
    return this.#high;
  }
}

function heapLook(): HeapLook {
  const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
  return { used, limit };
}
