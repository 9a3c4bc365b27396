// Which generations the requests in flight here carry, so that nothing an old one needs is ended too early. Pure.

/** A response, a stream, a socket. */
export interface Closing {
  on(event: 'close', listener: () => void): unknown;
}

/** One generation, with one listener for all exchanges that carry it: Node says `close` once. */
interface Carriers {
  count: number;
  readonly closed: () => void;
}

export class GenerationsInFlight {
  readonly #carriers = new Map<number, Carriers>();
  readonly #left: (generation: number) => void;

  /** `left`: nothing carries this generation any more. */
  constructor(left: (generation: number) => void) {
    this.#left = left;
  }

  /** Until `exchange` closes. */
  add(generation: number, exchange: Closing): void {
    let carriers = this.#carriers.get(generation);
    if (carriers === undefined) this.#carriers.set(generation, carriers = { count: 0, closed: () => this.#remove(generation) });
    carriers.count += 1;
    exchange.on('close', carriers.closed);
  }

  /** `current` when nothing older is about. */
  oldest(current: number): number {
    return Math.min(current, ...this.#carriers.keys());
  }

  #remove(generation: number): void {
    const carriers = this.#carriers.get(generation);
    if (carriers === undefined) return;
    carriers.count -= 1;
    if (carriers.count > 0) return;
    this.#carriers.delete(generation);
    this.#left(generation);
  }
}
