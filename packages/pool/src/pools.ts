// The pools of one machine: which there are, and how one is started, stopped and forgotten. Knows nothing of agents or strategies.

import { StartFailure } from './failure.ts';
import type { PoolHost } from './pool/host.ts';
import { Pool, poolId } from './pool/pool.ts';
import type { PoolRecord } from './record.ts';
import type { Services } from './services.ts';
import { fullSpec } from './spec.ts';
import type { PoolSpec } from './spec.ts';
import type { Worker } from './worker/worker.ts';

export class Pools {
  readonly #host: PoolHost;
  readonly #services: Services;
  readonly #pools = new Map<string, Pool>();
  #ending = false;

  constructor(host: PoolHost, services: Services) {
    this.#host = host;
    this.#services = services;
  }

  all(): readonly Pool[] { return [...this.#pools.values()]; }

  /** Resolves with the pool when all its workers are ready. Throws StartFailure; then nothing of it is left, and what ran still runs. */
  async start(spec: PoolSpec): Promise<Pool> {
    const full = fullSpec(spec);
    const id = poolId(full);
    if (this.#ending) throw new StartFailure({ reason: 'stopped', message: `${id} is not started: everything is on its way down`, cure: 'start again when that is done' });
    if (this.#pools.has(id)) throw new StartFailure({ reason: 'bad-spec', message: `${id} runs already`, cure: 'reload it, or stop it first' });
    const pool = new Pool(full, 1, this.#host);
    this.#pools.set(id, pool);
    try {
      await pool.start();
      return pool;
    } catch (error) {
      this.#pools.delete(id);
      this.release(full.service);
      throw error;
    } finally {
      this.#host.changed();
    }
  }

  /** One that an earlier supervisor had up, with the workers that are left of it. */
  adopt(left: PoolRecord, found: readonly Worker[]): void {
    const pool = new Pool(fullSpec(left.spec), left.revision, this.#host);
    this.#pools.set(pool.id, pool);
    pool.adopt(found);
  }

  /** Drains and forgets a pool. */
  async stop(pool: Pool): Promise<void> {
    // Another pool serves its slots from now on, as many as that has workers.
    this.#services.release(pool.spec.service, this.all().filter((other) => other !== pool));
    await pool.stop();
    if (this.#pools.get(pool.id) === pool) this.#pools.delete(pool.id);
    this.#host.changed();
  }

  /** Private pools first, so that stable is there to the last; none is started any more. */
  async end(): Promise<void> {
    this.#ending = true;
    const last = this.all().filter((pool) => pool.spec.publicSlots === 'open');
    const first = this.all().filter((pool) => !last.includes(pool));
    await Promise.all(first.map((pool) => this.stop(pool)));
    // Whoever comes from here on is refused, and need not wait until everything is down to hear it.
    for (const pool of last) this.#services.giveUp(pool.spec.service);
    await Promise.all(last.map((pool) => this.stop(pool)));
  }

  /** The slots of a service that others have to accept on, and those that nobody can accept on. */
  spares(service: string): readonly number[] { return this.#services.spares(service, this.all()); }
  abandoned(service: string): readonly number[] { return this.#services.abandoned(service, this.all()); }

  /** After an adoption: a scaling that was under way is brought to its end, so that every slot has somebody who accepts on it. */
  settle(service: string): void {
    if (this.abandoned(service).length === 0) {
      this.release(service);
      return;
    }
    for (const pool of this.all()) {
      if (pool.spec.service !== service || pool.spec.publicSlots === 'none') continue;
      pool.scale(pool.spec.workers).catch((error: unknown) => {
        this.#host.emit({ kind: 'warning', subject: pool.id, text: `its slots could not be settled: ${StartFailure.from(error).message}` });
      });
    }
  }

  /** Slots that lack a worker get everybody who can accept on them, or are given up. */
  release(service: string): void {
    this.#services.release(service, this.all());
  }
}
