// What one upstream's recent past says about sending it more: ejected or not, its latency, its share while fresh. Pure but for the time it is given.

export interface HealthBounds {
  readonly ejectAfter: number;
  readonly ejectBaseMs: number;
  readonly ejectMaxMs: number;
  readonly slowStartMs: number;
}

/** Old latencies lose half of their weight in about this time. */
const EWMA_TAU_MS = 10_000;
/** The share that a fresh upstream starts with: enough to warm it, too little to hurt. */
const FIRST_SHARE = 0.1;

export class Health {
  readonly #bounds: HealthBounds;
  #failuresInRow = 0;
  #ejections = 0;
  #ejectedUntil = 0;
  #freshSince: number;
  #ewmaMs = 0;
  #measuredAt = 0;

  constructor(bounds: HealthBounds, now: number, warm: boolean) {
    this.#bounds = bounds;
    this.#freshSince = warm ? now - bounds.slowStartMs : now;
  }

  get ewmaMs(): number {
    return this.#ewmaMs;
  }

  isEjected(now: number): boolean {
    return now < this.#ejectedUntil;
  }

  answered(now: number, latencyMs: number): void {
    this.#failuresInRow = 0;
    if (now >= this.#ejectedUntil) this.#ejections = 0;
    const weight = Math.exp((this.#measuredAt - now) / EWMA_TAU_MS);
    this.#ewmaMs = this.#measuredAt === 0 ? latencyMs : this.#ewmaMs * weight + latencyMs * (1 - weight);
    this.#measuredAt = now;
  }

  /** Whether this failure should eject the upstream; the group has the last word ({@link eject}). */
  failed(): boolean {
    this.#failuresInRow++;
    return this.#failuresInRow >= this.#bounds.ejectAfter;
  }

  /** Sends it nothing for a while that doubles each time; it comes back slowly. Returns the milliseconds. */
  eject(now: number): number {
    const ms = Math.min(this.#bounds.ejectBaseMs * 2 ** this.#ejections, this.#bounds.ejectMaxMs);
    this.#ejections++;
    // One failure more ejects it again: it has to prove itself.
    this.#failuresInRow = this.#bounds.ejectAfter - 1;
    this.#ejectedUntil = now + ms;
    this.#freshSince = this.#ejectedUntil;
    return ms;
  }

  /** In (0, 1]: how much of its normal share it should get now. */
  share(now: number): number {
    const age = now - this.#freshSince;
    if (age >= this.#bounds.slowStartMs) return 1;
    return Math.max(FIRST_SHARE, age / this.#bounds.slowStartMs);
  }
}
