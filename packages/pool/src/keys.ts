// The fleet's keys on their way to the workers: over the control socket only, never on disk and never by environment.

import type { KeyRing } from '@graylane/wire';

import type { Hearer } from './hearer.ts';
import type { Standings } from './standing.ts';

export interface FleetKeys {
  readonly ring: KeyRing;
  /** Requests may carry override tokens. */
  readonly overrides: boolean;
}

export class Keys {
  readonly #standings: Standings;
  readonly #workers: () => readonly Hearer[];
  #epoch = 0;
  #keys: FleetKeys | null = null;

  constructor(standings: Standings, workers: () => readonly Hearer[]) {
    this.#standings = standings;
    this.#workers = workers;
  }

  greet(worker: Hearer): void {
    if (this.#keys !== null) worker.send({ kind: 'keys', epoch: this.#epoch, ...this.#keys });
  }

  /** Resolves true when every connected worker has them, false when some had not said so by the deadline. */
  set(keys: FleetKeys, deadlineMs: number): Promise<boolean> {
    this.#epoch += 1;
    this.#keys = keys;
    for (const worker of this.#workers()) this.greet(worker);
    return this.#standings.keyed(this.#workers, this.#epoch, deadlineMs);
  }
}
