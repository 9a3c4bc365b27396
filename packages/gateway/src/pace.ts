// How fast work may start of which no more than so much is to be under way: by Little's law, as much in the time that one piece takes.
// Else it starts in one bunch whenever a bunch has ended, and the bunch holds up what it stands beside. It starts nothing.

/** Above what the other side takes in the long run, so that its getting faster shows. */
const HEADROOM = 2;
/** What may start at once after a pause: this share of the limit, for clients come in bunches, too. */
const BUNCH = 0.25;
/** The weight of the last piece in the mean: the pace follows within some twenty. */
const WEIGHT = 0.2;

export class Pace {
  readonly #limit: number;
  readonly #bunch: number;
  /** What a piece takes, on average; 0 before the first one has ended. */
  #takesMs = 0;
  #nextAt = 0;

  /** `limit`: pieces under way at a time. */
  constructor(limit: number) {
    this.#limit = limit;
    this.#bunch = Math.max(1, BUNCH * limit);
  }

  /** Whether one may start now; then it has. */
  tryStart(now: number): boolean {
    if (now < this.#nextAt) return false;
    const gapMs = this.#takesMs / (HEADROOM * this.#limit);
    this.#nextAt = Math.max(this.#nextAt, now - (this.#bunch - 1) * gapMs) + gapMs;
    return true;
  }

  ended(tookMs: number): void {
    this.#takesMs = this.#takesMs === 0 ? tookMs : this.#takesMs + WEIGHT * (tookMs - this.#takesMs);
  }
}
