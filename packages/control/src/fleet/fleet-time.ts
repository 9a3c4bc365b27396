// What time it is for the whole fleet: the leader's clock, as servers tell it to each other and to machines. Hosts may be an hour
// apart, and what one has sealed must hold on the other for as long as it says. It must not know who leads, nor how it is told.

import type { Clock } from '../clock.ts';

export class FleetTime {
  readonly #clock: Clock;
  /** What it was, and since when on the clock that does not jump. */
  #known: { readonly at: number; readonly since: number } | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Milliseconds since 1970; this host's own as long as nobody has said another. */
  now(): number {
    return this.#known === null ? this.#clock.now() : this.#known.at + (this.#clock.monotonic() - this.#known.since);
  }

  hear(at: number): void {
    this.#known = { at, since: this.#clock.monotonic() };
  }

  /** From now on it goes on here, whatever becomes of this host's wall clock, and whoever said it before. */
  keep(): void {
    this.hear(this.now());
  }
}
