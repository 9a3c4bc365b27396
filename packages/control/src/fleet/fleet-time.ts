// What time it is for the whole fleet: the leader's clock, as servers tell it to each other and to machines. Hosts may be an hour
// apart, and what one has sealed must hold on the other for as long as it says. It must not know how it is told.

import type { Cancel, Clock } from '../clock.ts';

/** A sixth of what seals allow clocks to differ by. */
const TELL_EVERY_MS = 10_000;

export class FleetTime implements Clock {
  readonly #clock: Clock;
  /** Tells the other servers, in milliseconds since 1970; null takes it back. */
  readonly #tell: (at: number | null) => void;
  /** What it was, and since when on the clock that does not jump. */
  #known: { readonly at: number; readonly since: number } | null = null;
  #cancelTell: Cancel = () => undefined;

  constructor(clock: Clock, tell: (at: number | null) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  /** Milliseconds since 1970; this host's own as long as nobody has said another. */
  now(): number {
    return this.#known === null ? this.#clock.now() : this.#known.at + (this.#clock.monotonic() - this.#known.since);
  }

  /** What lasts goes by this host's own clock. */
  monotonic(): number {
    return this.#clock.monotonic();
  }

  after(delayMs: number, run: () => void): Cancel {
    return this.#clock.after(delayMs, run);
  }

  hear(at: number): void {
    this.#known = { at, since: this.#clock.monotonic() };
  }

  /** Whoever leads says what time it is: what it was by the leader before, whatever this host's wall clock says. */
  lead(isLeading: boolean): void {
    this.stop();
    if (!isLeading) {
      this.#tell(null);
      return;
    }
    this.hear(this.now());
    this.#tellAgain();
  }

  stop(): void {
    this.#cancelTell();
  }

  #tellAgain(): void {
    this.#tell(Math.round(this.now()));
    this.#cancelTell = this.#clock.after(TELL_EVERY_MS, () => this.#tellAgain());
  }
}
