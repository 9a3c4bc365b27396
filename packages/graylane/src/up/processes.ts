// What people ask of worker processes beside releases: the pools with their vitals, reload, scale. Served beside the control API.

import type { Fleet, Pool, PoolStatus, WorkerStatus } from '@graylane/pool';
import { exit, Failure, inert } from '../print/failure.ts';

export interface ProcessesView {
  readonly pools: readonly PoolStatus[];
  readonly workers: readonly WorkerStatus[];
  /** The folder of what they write. */
  readonly logs: string;
}

export class Processes {
  readonly #fleet: Fleet;

  constructor(fleet: Fleet) {
    this.#fleet = fleet;
  }

  view(): ProcessesView {
    return { pools: this.#fleet.pools().map((pool) => pool.status()), workers: this.#fleet.workers(), logs: this.#fleet.logs };
  }

  /** Replaces every worker of the pools that are meant, new ones first. Throws StartFailure; the old ones then stay. */
  async reload(wanted: string): Promise<void> {
    for (const pool of this.#wanted(wanted)) await pool.reload();
  }

  /** Throws Failure where nobody would be left to serve those who are not selected. */
  async scale(wanted: string, workers: number): Promise<void> {
    const pools = this.#wanted(wanted);
    const stable = pools.find(({ spec }) => spec.role !== 'canary');
    if (workers === 0 && stable !== undefined) {
      throw new Failure({ code: 'GL0054', message: `${stable.spec.service}/${stable.spec.version} serves everybody who is not selected and needs a worker`, fix: 'scale a canary to 0, or end everything with graylane down' }, exit.usage);
    }
    for (const pool of pools) await pool.scale(workers);
  }

  /** By service, by version, by `service/version`, or all. */
  #wanted(wanted: string): readonly Pool[] {
    const pools = this.#fleet.pools().filter(({ spec: { service, version } }) => wanted === 'all' || [service, version, `${service}/${version}`].includes(wanted));
    if (pools.length > 0) return pools;
    const known = this.#fleet.pools().map(({ spec: { service, version } }) => `${service}/${version}`);
    throw new Failure({ code: 'GL0052', message: `nothing runs under the name ${inert(wanted)}`, fix: `name one of: ${known.join(', ')}` }, exit.usage);
  }
}
