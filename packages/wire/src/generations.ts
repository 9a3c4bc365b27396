// The last few published strategies by generation, so that a request can keep to the one that it was stamped with.
// Pure; what a strategy is made into is the owner's choice.

/** A request that outlives this many publications falls back to its lane's name in the newest one. */
export const GENERATIONS_KEPT = 8;

export class Generations<Kept> {
  readonly #kept = new Map<number, Kept>();
  #newest = 0;

  /** 0 before the first one. */
  get newest(): number {
    return this.#newest;
  }

  get(generation: number): Kept | undefined {
    return this.#kept.get(generation);
  }

  keep(generation: number, kept: Kept): void {
    this.#kept.set(generation, kept);
    this.#newest = Math.max(this.#newest, generation);
    for (const known of this.#kept.keys()) if (known <= this.#newest - GENERATIONS_KEPT) this.#kept.delete(known);
  }
}
