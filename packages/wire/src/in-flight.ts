// Which generations the requests in flight here carry, so that nothing an old one needs is ended too early. Pure.

/** A response, a stream, a socket. */
export interface Closing {
  once(event: 'close', listener: () => void): unknown;
}

export class GenerationsInFlight {
  readonly #counts = new Map<number, number>();
  readonly #left: (generation: number) => void;

  /** `left`: nothing carries this generation any more. */
  constructor(left: (generation: number) => void) {
    this.#left = left;
  }

  /** Until `exchange` closes. */
  add(generation: number, exchange: Closing): void {
    this.#counts.set(generation, (this.#counts.get(generation) ?? 0) + 1);
    exchange.once('close', () => this.#remove(generation));
  }

  /** `current` when nothing older is about. */
  oldest(current: number): number {
    return Math.min(current, ...this.#counts.keys());
  }

  #remove(generation: number): void {
    const count = (this.#counts.get(generation) ?? 1) - 1;
    if (count > 0) {
      this.#counts.set(generation, count);
      return;
    }
    this.#counts.delete(generation);
    this.#left(generation);
  }
}
