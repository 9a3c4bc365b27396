// Who may forward to whom: the ready workers of each service, told to every agent of it whenever that changes.

import type { Peer } from '@graylane/wire';

import type { Clock } from './clock.ts';
import { encode } from './control/link.ts';
import type { Waiters } from './until.ts';
import type { Worker } from './worker/worker.ts';

/** An agent that has not acknowledged within this is busy or gone; the drain goes on without it. */
const FORGET_LIMIT_MS = 500;

interface Known { epoch: number; text: string; peers: readonly Peer[] }

export class Roster {
  readonly #clock: Clock;
  readonly #known = new Map<string, Known>();
  readonly #waiters: Waiters;
  readonly #distant = new Map<string, readonly Peer[]>();
  #lastEpoch: number;

  constructor(clock: Clock, waiters: Waiters) {
    this.#clock = clock;
    this.#waiters = waiters;
    // Agents ignore an older epoch; wall time keeps it rising over restarts of the supervisor.
    this.#lastEpoch = clock.wall();
  }

  /** Recomputes the peers of a service and tells everybody if they differ; null when they do not. */
  refresh(service: string, workers: readonly Worker[]): Known | null {
    const here = workers.map((worker) => worker.peer()).filter((peer) => peer !== null);
    const versions = new Set(here.map(({ version }) => version));
    const peers = [...here, ...(this.#distant.get(service) ?? []).filter(({ version }) => !versions.has(version))];
    const text = JSON.stringify(peers);
    if (this.#known.get(service)?.text === text) return null;
    this.#lastEpoch = Math.max(this.#lastEpoch + 1, this.#clock.wall());
    const known: Known = { epoch: this.#lastEpoch, text, peers };
    this.#known.set(service, known);
    const bytes = encode({ kind: 'peers', epoch: known.epoch, peers });
    for (const worker of workers) worker.sendEncoded(bytes);
    return known;
  }

  /** Workers of other machines; the next refresh tells. */
  setDistant(service: string, peers: readonly Peer[]): void {
    this.#distant.set(service, peers);
  }

  greet(worker: Worker): void {
    const known = this.#known.get(worker.spec.service);
    if (known !== undefined) worker.send({ kind: 'peers', epoch: known.epoch, peers: known.peers });
  }

  /** Resolves when every connected agent of the service knows the present peers. */
  async settled(service: string, workers: () => readonly Worker[]): Promise<void> {
    const epoch = this.#known.get(service)?.epoch ?? 0;
    const done = (): boolean => workers().every((worker) => !worker.connected || worker.state.name === 'exited' || worker.ackedEpoch >= epoch);
    await this.#waiters.until(done, FORGET_LIMIT_MS);
  }
}
