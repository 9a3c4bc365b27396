// How many retries a group may make: a share of the requests of a sliding window, or a few per second, whichever is more. It knows no request.

const SLICES = 10;
const SLICE_MS = 1_000;

export interface RetryBounds {
  readonly retryShare: number;
  readonly retryMinPerSecond: number;
}

/** Counts in a ring of one-second slices, so that a burst of failures cannot multiply the load on what already fails. */
export class RetryBudget {
  readonly #bounds: RetryBounds;
  readonly #requests = new Float64Array(SLICES);
  readonly #retries = new Float64Array(SLICES);
  #slice = 0;

  constructor(bounds: RetryBounds) {
    this.#bounds = bounds;
  }

  request(now: number): void {
    this.#advance(now);
    this.#requests[this.#slice % SLICES] = (this.#requests[this.#slice % SLICES] as number) + 1;
  }

  /** Takes one retry if there is one left. */
  tryRetry(now: number): boolean {
    this.#advance(now);
    const allowed = Math.max(this.#bounds.retryShare * sum(this.#requests), this.#bounds.retryMinPerSecond * SLICES * SLICE_MS / 1_000);
    if (sum(this.#retries) + 1 > allowed) return false;
    this.#retries[this.#slice % SLICES] = (this.#retries[this.#slice % SLICES] as number) + 1;
    return true;
  }

  #advance(now: number): void {
    const slice = Math.floor(now / SLICE_MS);
    if (slice === this.#slice) return;
    for (let i = Math.max(this.#slice + 1, slice - SLICES + 1); i <= slice; i++) {
      this.#requests[i % SLICES] = 0;
      this.#retries[i % SLICES] = 0;
    }
    this.#slice = slice;
  }
}

function sum(slices: Float64Array): number {
  let total = 0;
  for (const count of slices) total += count;
  return total;
}
