// Waits for generations that requests are stamped with and that have not come yet: shortly, and together. Pure: the timer is
// given in.

/** Longer than a publication takes to reach everybody; a request that waits longer had better go on. */
const ARRIVAL_LIMIT_MS = 250;
/** Different unknown generations at a time; a signed stamp cannot name many. */
const WAITED_LIMIT = 64;

interface Waited {
  readonly done: Promise<void>;
  readonly end: () => void;
}

/** Calls `run` once after `ms`; what it returns cancels that. */
export type After = (ms: number, run: () => void) => () => void;

export class Arrivals {
  readonly #fetch: (generation: number) => void;
  readonly #after: After;
  readonly #waited = new Map<number, Waited>();

  /** `fetch` asks for a generation, once for all who wait. */
  constructor(fetch: (generation: number) => void, after: After) {
    this.#fetch = fetch;
    this.#after = after;
  }

  /** Resolves when it is here, or after the bound. */
  of(generation: number): Promise<void> {
    const known = this.#waited.get(generation);
    if (known !== undefined) return known.done;
    if (this.#waited.size >= WAITED_LIMIT) return Promise.resolve();
    const waited = this.#open(generation);
    this.#fetch(generation);
    return waited.done;
  }

  arrived(generation: number): void {
    this.#waited.get(generation)?.end();
  }

  #open(generation: number): Waited {
    let resolve: () => void = () => undefined;
    const done = new Promise<void>((settle) => {
      resolve = settle;
    });
    const end = (): void => {
      cancel();
      this.#waited.delete(generation);
      resolve();
    };
    const cancel = this.#after(ARRIVAL_LIMIT_MS, end);
    const waited: Waited = { done, end };
    this.#waited.set(generation, waited);
    return waited;
  }
}
