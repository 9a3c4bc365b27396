// Waits for generations that requests are stamped with and that have not come yet: shortly, and together.

/** Longer than a publication takes to reach everybody; a request that waits longer had better go on. */
const ARRIVAL_LIMIT_MS = 250;
/** Different unknown generations at a time; a signed stamp cannot name many. */
const WAITED_LIMIT = 64;

interface Waited {
  readonly done: Promise<void>;
  readonly end: () => void;
}

export class Arrivals {
  readonly #fetch: (generation: number) => void;
  readonly #waited = new Map<number, Waited>();

  /** `fetch` asks for a generation, once for all who wait. */
  constructor(fetch: (generation: number) => void) {
    this.#fetch = fetch;
  }

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
    const timer = setTimeout(() => end(), ARRIVAL_LIMIT_MS);
    const end = (): void => {
      clearTimeout(timer);
      this.#waited.delete(generation);
      resolve();
    };
    const waited: Waited = { done, end };
    this.#waited.set(generation, waited);
    return waited;
  }
}
