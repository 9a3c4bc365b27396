// What an earlier supervisor left running in a run folder: its record, the workers that are still there, and those that nobody
// wants any more. Knows nothing of strategies.

import type { HelloMessage } from '@graylane/wire';

import type { Births } from '../births.ts';
import type { Clock } from '../clock.ts';
import type { Link } from '../control/link.ts';
import type { AgentHandler } from '../control/server.ts';
import { isAlive } from '../os/processes.ts';
import type { RunPaths } from '../paths.ts';
import type { Pools } from '../pools.ts';
import { loadRecord } from '../record.ts';
import type { FleetRecord, PoolRecord } from '../record.ts';
import type { Services } from '../services.ts';
import type { Worker, WorkerHost } from '../worker/worker.ts';
import { adoptStranger, adoptWorker } from './adopt.ts';

export interface LeftoversOptions {
  readonly paths: RunPaths;
  readonly clock: Clock;
  /** Of the workers that are found. */
  readonly host: WorkerHost;
  readonly births: Births;
  readonly services: Services;
  readonly pools: Pools;
  readonly warn: (subject: string, text: string) => void;
}

type State =
  | { readonly name: 'unread' | 'none' | 'taken' }
  /** What was left must not be overwritten before it is taken over. */
  | { readonly name: 'found'; readonly record: FleetRecord };

/** A pool of which somebody is still there. */
interface Remains { readonly pool: PoolRecord; readonly found: readonly Worker[] }

export class Leftovers {
  readonly #options: LeftoversOptions;
  /** Of no pool: on their way out. */
  readonly #strays = new Set<Worker>();
  #state: State = { name: 'unread' };

  constructor(options: LeftoversOptions) {
    this.#options = options;
  }

  /** Whether workers run that a supervisor of this run folder has left, dead or not. */
  static exist(paths: RunPaths): boolean {
    const left = loadRecord(paths.state);
    return left !== null && left.pools.some((pool) => pool.workers.some(({ pid, born }) => isAlive(pid, born)));
  }

  /** Found, and not taken over yet. */
  get areWaiting(): boolean { return this.#state.name === 'found'; }

  get strays(): Iterable<Worker> { return this.#strays; }

  /** Looks whether there is anything to take over. */
  read(): void {
    const record = loadRecord(this.#options.paths.state);
    this.#state = record === null ? { name: 'none' } : { name: 'found', record };
  }

  /** Sockets, pools and workers become this supervisor's. Those of pools that were not up, or on their way out, leave. */
  async takeOver(): Promise<void> {
    if (this.#state.name !== 'found') return;
    const { record } = this.#state;
    this.#options.births.continueFrom(record.next);
    const remains = record.pools.map((pool): Remains => ({ pool, found: this.#survivors(pool) })).filter(({ found }) => found.length > 0);
    await this.#openSlots(record, remains);
    for (const { pool, found } of remains) this.#adopt(pool, found);
    this.#state = { name: 'taken' };
  }

  /** A supervisor was killed between starting this worker and writing that down. It may serve already, so it drains. */
  welcomeStranger(hello: HelloMessage, link: Link): AgentHandler | null {
    const { pools, paths, clock, host, warn } = this.#options;
    const pool = pools.all().find((one) => hello.worker.startsWith(`${one.spec.service}.${one.spec.version}.`));
    if (this.#state.name !== 'taken' || pool === undefined) {
      warn(hello.worker, `an agent of an unknown worker (process ${hello.pid}) connected and was refused`);
      return null;
    }
    const worker = adoptStranger(hello, pool.spec, paths, clock, host);
    if (worker === null) return null;
    const handler = worker.attach(hello, link);
    this.#dismiss(worker);
    return handler;
  }

  #survivors(left: PoolRecord): readonly Worker[] {
    const { births, clock, host } = this.#options;
    const found = left.workers.map((record) => adoptWorker(record, clock, host)).filter((worker) => worker !== null);
    for (const worker of found) births.adopt(worker.process.pid);
    return found;
  }

  /** Of services that somebody still serves; the survivors hold those sockets, too. */
  async #openSlots(record: FleetRecord, remains: readonly Remains[]): Promise<void> {
    const friends = remains.flatMap(({ found }) => found.map((worker) => worker.process.pid));
    for (const { name, places, slots } of record.services) {
      if (remains.some(({ pool }) => pool.spec.service === name)) await this.#options.services.of(name).open(places, slots, friends);
    }
  }

  #adopt(left: PoolRecord, found: readonly Worker[]): void {
    if (left.phase === 'running' || left.phase === 'reloading') this.#options.pools.adopt(left, found);
    // It was not up yet, or on its way out: its workers leave, and whoever wants it starts it again.
    else for (const worker of found) this.#dismiss(worker);
  }

  /** Nobody's worker: it drains, and is known until it has ended. */
  #dismiss(worker: Worker): void {
    this.#strays.add(worker);
    void worker.drain('left by an earlier supervisor').then(() => this.#strays.delete(worker));
  }
}
