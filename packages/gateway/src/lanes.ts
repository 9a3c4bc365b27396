// What all services of one gateway process share about lanes: keys, requests in flight by generation, generations to wait for.

import { mac } from '@graylane/forward/mac';
import { Arrivals, GenerationsInFlight, Stamps, type After, type KeyRing } from '@graylane/wire';

/** Who is told; nobody until a supervisor's link is there. */
export interface LaneReports {
  /** A request needs a generation that is not here. */
  fetch(generation: number): void;
  /** Nothing in flight carries this generation any more. */
  left(generation: number): void;
}

const NOBODY: LaneReports = { fetch: () => undefined, left: () => undefined };

export class Lanes {
  readonly stamps: Stamps;
  readonly inFlight: GenerationsInFlight;
  readonly arrivals: Arrivals;
  /** Override tokens are about. */
  overrides = false;
  reports: LaneReports = NOBODY;

  /** `wallClock`: milliseconds since 1970. */
  constructor(wallClock: () => number, after: After = timer) {
    this.stamps = new Stamps(mac, wallClock);
    this.inFlight = new GenerationsInFlight((generation) => this.reports.left(generation));
    this.arrivals = new Arrivals((generation) => this.reports.fetch(generation), after);
  }

  setKeys(ring: KeyRing, overrides: boolean): void {
    this.stamps.setKeys(ring);
    this.overrides = overrides;
  }
}

const timer: After = (ms, run) => {
  const handle = setTimeout(run, ms);
  return () => clearTimeout(handle);
};
