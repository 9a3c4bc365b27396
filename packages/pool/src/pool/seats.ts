// The seats of a pool and the ways in and out of them. A worker takes a seat only when it is ready, and leaves it only
// when its successor sits. Decides nothing about when.

import type { FullSpec } from '../spec.ts';
import type { Ended, Worker } from '../worker/worker.ts';
import type { PoolHost } from './host.ts';
import { Seat } from './seat.ts';

/** Somebody left a seat without being asked. */
export type OnVacancy = (seat: Seat, worker: Worker, ended: Ended) => void;

export class Seats {
  readonly #host: PoolHost;
  readonly #onVacancy: OnVacancy;
  readonly #onSeated: (worker: Worker) => void;
  readonly #list: Seat[] = [];
  /** Starting or leaving. */
  readonly #standing = new Set<Worker>();

  constructor(host: PoolHost, onSeated: (worker: Worker) => void, onVacancy: OnVacancy) {
    this.#host = host;
    this.#onSeated = onSeated;
    this.#onVacancy = onVacancy;
  }

  get list(): readonly Seat[] { return this.#list; }

  /** Every worker that has not ended. */
  workers(): readonly Worker[] {
    return [...this.#list.flatMap((seat) => (seat.worker === null ? [] : [seat.worker])), ...this.#standing];
  }

  add(): Seat {
    const seat = new Seat(this.#list.length);
    this.#list.push(seat);
    return seat;
  }

  has(seat: Seat): boolean { return this.#list.includes(seat); }

  /** A ready worker for a seat, not yet sitting. Throws StartFailure; the worker is then being ended. */
  async hire(slot: number, spec: FullSpec, revision: number): Promise<Worker> {
    const worker = this.#host.spawn(slot, spec, revision);
    this.#stand(worker);
    await worker.ready();
    try {
      this.#host.inspect(worker);
    } catch (error) {
      await worker.terminate('listens publicly');
      throw error;
    }
    return worker;
  }

  put(seat: Seat, worker: Worker): void {
    this.#standing.delete(worker);
    seat.take(worker);
    this.#onSeated(worker);
    void worker.gone().then((ended) => {
      if (seat.worker === worker) this.#onVacancy(seat, worker, ended);
    });
    this.#host.changed();
  }

  /** New first: whoever sits is drained only when the successor is ready. Resolves with the end of the old worker's life. */
  async succeed(seat: Seat, spec: FullSpec, revision: number, why: string, graceMs: number): Promise<{ readonly left: Promise<unknown> }> {
    const successor = await this.hire(seat.slot, spec, revision);
    const old = seat.leave();
    this.put(seat, successor);
    return { left: old === null ? Promise.resolve() : this.retire(old, why, graceMs) };
  }

  retire(worker: Worker, why: string, graceMs: number): Promise<Ended> {
    this.#stand(worker);
    return worker.drain(why, graceMs);
  }

  /** Drops the seats from `count` on, and drains who sat there. */
  async cut(count: number, why: string): Promise<void> {
    await Promise.all(this.#list.splice(count).map(async (seat) => {
      const worker = seat.leave();
      if (worker !== null) await this.retire(worker, why, worker.spec.drainTimeoutMs);
    }));
  }

  /** Ends those on the way in that have not become ready. */
  abandon(why: string): void {
    for (const worker of this.#standing) if (worker.state.name === 'starting') void worker.terminate(why);
  }

  /** Everybody leaves, those on the way in or out included. */
  async empty(why: string): Promise<void> {
    await Promise.all([this.cut(0, why), ...[...this.#standing].map((worker) => worker.drain(why))]);
  }

  #stand(worker: Worker): void {
    if (this.#standing.has(worker)) return;
    this.#standing.add(worker);
    void worker.gone().then(() => {
      if (this.#standing.delete(worker)) this.#host.changed();
    });
  }
}
