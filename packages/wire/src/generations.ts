// The last few published strategies by generation, so that a request can keep to the one that it was stamped with.
// Pure; what a strategy is made into is the owner's choice.

/**
 * Unless the strategy says more or fewer (`keep.generations`). A request that outlives this many publications falls back to
 * its lane's name in the newest one.
 */
export const GENERATIONS_KEPT = 8;

export class Generations<Kept> {
  readonly #kept = new Map<number, Kept>();
  #newest = 0;
  #limit: number = GENERATIONS_KEPT;

  /** 0 before the first one. */
  get newest(): number {
    return this.#newest;
  }

  get(generation: number): Kept | undefined {
    return this.#kept.get(generation);
  }

  /** The newest one says how many there are to be. */
  keep(generation: number, kept: Kept, limit: number = GENERATIONS_KEPT): void {
    this.#kept.set(generation, kept);
    this.#newest = Math.max(this.#newest, generation);
    if (generation === this.#newest) this.#limit = limit;
    for (const known of this.#kept.keys()) if (known <= this.#newest - this.#limit) this.#kept.delete(known);
  }
}
