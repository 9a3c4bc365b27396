// A pool: the workers of one version in one role. Keeps its seats taken, replaces them one by one, never two reloads at once.

import { afterCrash } from '../backoff.ts';
import type { Clock } from '../clock.ts';
import { StartFailure } from '../failure.ts';
import { lastLines } from '../logs/tail.ts';
import { fullSpec } from '../spec.ts';
import type { FullSpec, PoolSpec } from '../spec.ts';
import type { FleetEvent, PoolPhase, PoolStatus } from '../status.ts';
import { describeExit } from '../worker/failures.ts';
import type { Ended, Worker } from '../worker/worker.ts';
import { Seat } from './seat.ts';
import { Turns } from './turns.ts';

/** What a pool needs from the fleet. */
export interface PoolHost {
  readonly clock: Clock;
  /** Starts a process; throws StartFailure when that is impossible. */
  spawn(pool: Pool, slot: number, spec: FullSpec, revision: number): Worker;
  /** Slots for this many workers exist, or the promise rejects. */
  ensureSlots(spec: FullSpec, workers: number): Promise<void>;
  /** The last look before a worker counts: rejects when it listens where it must not. */
  inspect(worker: Worker): Promise<void>;
  changed(): void;
  emit(event: FleetEvent): void;
  describe(worker: Worker): (FleetEvent & { kind: 'crash' })['worker'];
}

export function poolId(spec: Pick<PoolSpec, 'service' | 'version' | 'role'>): string {
  return `${spec.service}.${spec.version}.${spec.role}`;
}

export class Pool {
  readonly id: string;
  readonly #host: PoolHost;
  readonly #turns = new Turns();
  readonly #seats: Seat[] = [];
  readonly #unseated = new Set<Worker>();
  #spec: FullSpec;
  #revision: number;
  #phase: PoolPhase = 'starting';
  #restarts = 0;

  constructor(spec: FullSpec, revision: number, host: PoolHost) {
    this.id = poolId(spec);
    this.#spec = spec;
    this.#revision = revision;
    this.#host = host;
  }

  get spec(): FullSpec { return this.#spec; }
  get revision(): number { return this.#revision; }
  get phase(): PoolPhase { return this.#phase; }
  get seats(): readonly Seat[] { return this.#seats; }

  /** Every worker that has not ended, the leaving ones included. */
  workers(): readonly Worker[] {
    const seated = this.#seats.flatMap((seat) => (seat.worker === null ? [] : [seat.worker]));
    return [...seated, ...this.#unseated];
  }

  status(): PoolStatus {
    return {
      id: this.id,
      service: this.#spec.service,
      version: this.#spec.version,
      role: this.#spec.role,
      phase: this.#phase,
      wanted: this.#seats.length,
      ready: this.#seats.filter((seat) => seat.worker?.state.name === 'ready').length,
      revision: this.#revision,
      failed: this.#seats.flatMap((seat) => (seat.failed === null ? [] : [{ slot: seat.slot, ...seat.failed }])),
      restarts: this.#restarts,
    };
  }

  /** Fills all seats; on any failure the whole pool is taken down again and the failure thrown. */
  start(): Promise<void> {
    return this.#turns.run(async () => {
      try {
        await this.#fill(this.#spec.workers);
        this.#enter('running', 'ready');
      } catch (error) {
        await this.#empty('start failed');
        throw StartFailure.from(error);
      }
    });
  }

  /**
   * Replaces every worker, new ones first, by ones of `spec` (default: the same spec, its folder resolved anew).
   * If a new one fails, the old ones stay or come back, and the failure is thrown. Reloads never overlap; of several waiting ones the last counts.
   */
  reload(spec?: PoolSpec): Promise<void> {
    return this.#turns.runLatest('reload', () => this.#reload(spec === undefined ? this.#spec : fullSpec(spec)));
  }

  scale(workers: number): Promise<void> {
    return this.#turns.run(async () => {
      this.#assertRunning();
      const before = this.#seats.length;
      this.#spec = fullSpec({ ...this.#spec, workers });
      if (workers > before) await this.#fill(workers);
      else await Promise.all(this.#seats.splice(workers).map((seat) => this.#vacate(seat, 'scaled down')));
      this.#enter('running', 'scaled');
    });
  }

  /** Starts accepting on the public slots (a pool born with `hold`). */
  open(): void {
    this.#spec = { ...this.#spec, publicSlots: 'open' };
    for (const { worker } of this.#seats) worker?.send({ kind: 'open' });
    this.#host.changed();
  }

  /** Puts a fresh worker into the seat of `worker` and drains the old one. */
  replace(worker: Worker, why: string): Promise<void> {
    return this.#turns.run(async () => {
      const seat = this.#seats.find((one) => one.worker === worker);
      if (seat === undefined || this.#phase !== 'running') return;
      // A stalled one cannot finish anything; waiting for it would only keep the seat's queue waiting too.
      const graceMs = worker.state.name === 'stalled' ? 0 : this.#spec.drainTimeoutMs;
      await this.#succeed(seat, this.#spec, this.#revision, why, graceMs);
    });
  }

  /** Drains every worker and ends. */
  stop(): Promise<void> {
    return this.#turns.run(async () => {
      if (this.#phase === 'stopped') return;
      this.#phase = 'stopping';
      await this.#empty('pool stopped');
      this.#enter('stopped', 'stopped');
    });
  }

  /** Takes over running workers, and fills the seats that have none. */
  adopt(found: readonly Worker[]): void {
    for (let slot = 0; slot < this.#spec.workers; slot++) this.#seats.push(new Seat(slot));
    for (const worker of found) {
      const seat = this.#seats[worker.identity.slot];
      const leaving = worker.state.name === 'draining' || worker.state.name === 'stopping';
      if (seat === undefined || leaving || (seat.worker !== null && seat.worker.identity.revision >= worker.identity.revision)) {
        this.#retire(worker, 'left over from an earlier supervisor');
        continue;
      }
      if (seat.worker !== null) this.#retire(seat.worker, 'replaced');
      this.#seat(seat, worker);
    }
    for (const seat of this.#seats) if (seat.worker === null) this.#revive(seat);
    this.#enter('running', 'adopted');
    if (this.#seats.some((seat) => seat.worker !== null && seat.worker.identity.revision !== this.#revision)) void this.#resumeReload();
  }

  async #resumeReload(): Promise<void> {
    await this.#turns.runLatest('reload', () => this.#roll(this.#spec, this.#revision, 'reload resumed')).catch((error: unknown) => {
      this.#host.emit({ kind: 'pool', pool: this.status(), what: 'reload-failed', failure: StartFailure.from(error) });
    });
  }

  async #reload(next: FullSpec): Promise<void> {
    this.#assertRunning();
    const before = { spec: this.#spec, revision: this.#revision };
    this.#spec = { ...next, workers: this.#seats.length, publicSlots: this.#spec.publicSlots };
    this.#revision += 1;
    this.#enter('reloading', 'reloading');
    try {
      await this.#roll(this.#spec, this.#revision, 'reload');
      this.#enter('running', 'reloaded');
    } catch (error) {
      const failure = StartFailure.from(error);
      this.#spec = before.spec;
      this.#revision = before.revision;
      // Seats that already run the new spec go back; those that never left keep their worker.
      await this.#roll(before.spec, before.revision, 'reload failed').catch((second: unknown) => {
        this.#host.emit({ kind: 'warning', subject: this.id, text: `could not go back to the former version in every seat: ${StartFailure.from(second).message}` });
      });
      this.#phase = 'running';
      this.#host.changed();
      this.#host.emit({ kind: 'pool', pool: this.status(), what: 'reload-failed', failure });
      throw failure;
    }
  }

  /** One seat after the other; the old workers drain while the next seat is on its way. */
  async #roll(spec: FullSpec, revision: number, why: string): Promise<void> {
    const drains: Promise<unknown>[] = [];
    for (const seat of this.#seats) {
      if (seat.worker !== null && seat.worker.identity.revision === revision) continue;
      drains.push((await this.#succeed(seat, spec, revision, why, spec.drainTimeoutMs)).done);
    }
    await Promise.all(drains);
  }

  /** New first: the old worker is drained only when its successor is ready. */
  async #succeed(seat: Seat, spec: FullSpec, revision: number, why: string, graceMs: number): Promise<{ readonly done: Promise<unknown> }> {
    const successor = this.#host.spawn(this, seat.slot, spec, revision);
    await this.#untilReady(successor);
    const old = seat.leave();
    this.#seat(seat, successor);
    return { done: old === null ? Promise.resolve() : this.#retire(old, why, graceMs) };
  }

  async #fill(workers: number): Promise<void> {
    await this.#host.ensureSlots(this.#spec, workers);
    const fresh: Seat[] = [];
    for (let slot = this.#seats.length; slot < workers; slot++) fresh.push(new Seat(slot));
    // The first goes alone: it may be the one that binds the ports nobody declared.
    const [first, ...rest] = fresh;
    const results = first === undefined ? [] : [await this.#occupy(first)];
    await this.#host.ensureSlots(this.#spec, workers);
    results.push(...await Promise.all(rest.map((seat) => this.#occupy(seat))));
    const failure = results.find((result) => result !== null);
    if (failure === undefined || failure === null) return;
    await Promise.all(this.#seats.splice(this.#seats.length - fresh.length).map((seat) => this.#vacate(seat, 'start failed')));
    throw failure;
  }

  async #occupy(seat: Seat): Promise<StartFailure | null> {
    this.#seats.push(seat);
    try {
      const worker = this.#host.spawn(this, seat.slot, this.#spec, this.#revision);
      await this.#untilReady(worker);
      this.#seat(seat, worker);
      return null;
    } catch (error) {
      return StartFailure.from(error);
    }
  }

  async #untilReady(worker: Worker): Promise<void> {
    this.#unseated.add(worker);
    void worker.gone().then(() => this.#unseated.delete(worker));
    await worker.ready();
    try {
      await this.#host.inspect(worker);
    } catch (error) {
      await worker.terminate('listens publicly');
      throw error;
    }
    this.#unseated.delete(worker);
  }

  #seat(seat: Seat, worker: Worker): void {
    seat.take(worker);
    void worker.gone().then((ended) => {
      if (seat.worker === worker) this.#crashed(seat, worker, ended);
    });
    this.#host.changed();
  }

  #crashed(seat: Seat, worker: Worker, ended: Ended): void {
    seat.leave();
    this.#restarts += 1;
    const step = afterCrash(this.#spec.backoff, seat.crashes, { readyForMs: ended.readyForMs, killedFromOutside: ended.exit.signal === 'SIGKILL' || ended.exit.signal === 'SIGTERM' }, this.#host.clock.random());
    this.#setBack(seat, step, describeExit(ended.exit), lastLines(worker.identity.logFile));
    this.#host.emit({ kind: 'crash', worker: this.#host.describe(worker), cause: describeExit(ended.exit), crashes: step.crashes, delayMs: step.delayMs, failed: seat.failed !== null, lastLines: lastLines(worker.identity.logFile) });
    this.#host.changed();
  }

  #setBack(seat: Seat, step: { crashes: number; delayMs: number; failed: boolean }, reason: string, lines: readonly string[]): void {
    seat.crashes = step.crashes;
    if (step.failed) seat.failed = { reason, lastLines: lines };
    if (this.#phase === 'stopping' || this.#phase === 'stopped') return;
    // A canary that keeps crashing is given up; stable is flagged too, but it goes on trying: nothing else serves its users.
    if (step.failed && this.#spec.role === 'canary') return;
    seat.restart = this.#host.clock.after(step.delayMs, () => this.#revive(seat));
  }

  #revive(seat: Seat): void {
    seat.restart = null;
    void this.#tryRevive(seat);
  }

  async #tryRevive(seat: Seat): Promise<void> {
    if (!this.#mayRevive(seat)) return;
    try {
      const worker = this.#host.spawn(this, seat.slot, this.#spec, this.#revision);
      await this.#untilReady(worker);
      if (!this.#mayRevive(seat)) {
        await this.#retire(worker, 'no longer needed');
        return;
      }
      const { crashes, failed } = seat;
      this.#seat(seat, worker);
      // Only time in service wipes the slate.
      seat.crashes = crashes;
      seat.failed = failed;
    } catch (error) {
      const failure = StartFailure.from(error);
      const step = afterCrash(this.#spec.backoff, seat.crashes, { readyForMs: 0, killedFromOutside: false }, this.#host.clock.random());
      if (!this.#mayRevive(seat)) return;
      this.#setBack(seat, step, failure.message, failure.lastLines);
      this.#host.emit({ kind: 'warning', subject: this.id, text: `seat ${seat.slot}: ${failure.message}; crash ${step.crashes} in a row` });
      this.#host.changed();
    }
  }

  #mayRevive(seat: Seat): boolean {
    return seat.worker === null && this.#seats.includes(seat) && this.#phase !== 'stopping' && this.#phase !== 'stopped';
  }

  async #empty(why: string): Promise<void> {
    await Promise.all([...this.#seats.splice(0).map((seat) => this.#vacate(seat, why)), ...[...this.#unseated].map((worker) => worker.drain(why))]);
  }

  async #vacate(seat: Seat, why: string): Promise<void> {
    const worker = seat.leave();
    if (worker !== null) await this.#retire(worker, why);
  }

  #retire(worker: Worker, why: string, graceMs: number = this.#spec.drainTimeoutMs): Promise<Ended> {
    this.#unseated.add(worker);
    void worker.gone().then(() => {
      this.#unseated.delete(worker);
      this.#host.changed();
    });
    return worker.drain(why, graceMs);
  }

  #enter(phase: PoolPhase, what: (FleetEvent & { kind: 'pool' })['what']): void {
    this.#phase = phase;
    this.#host.changed();
    this.#host.emit({ kind: 'pool', pool: this.status(), what, failure: null });
  }

  #assertRunning(): void {
    if (this.#phase === 'running') return;
    throw new StartFailure({ reason: 'stopped', message: `${this.id} is ${this.#phase}`, cure: 'start the pool first' });
  }
}
