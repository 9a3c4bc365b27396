// Which generations the requests in flight here carry, so that nothing an old one needs is ended too early.

import type { EventEmitter } from 'node:events';

export class GenerationsInFlight {
  readonly #counts = new Map<number, number>();
  readonly #left: (generation: number) => void;

  /** `left`: nothing carries this generation any more. */
  constructor(left: (generation: number) => void) {
    this.#left = left;
  }

  /** Until `exchange` (a response, a stream, a socket) closes. */
  add(generation: number, exchange: EventEmitter): void {
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
