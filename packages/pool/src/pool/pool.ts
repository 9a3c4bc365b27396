// A pool: the workers of one version in one role. Start, reload, scale, replace and stop, one at a time and in order.

import { StartFailure } from '../failure.ts';
import { fullSpec } from '../spec.ts';
import type { FullSpec, PoolSpec } from '../spec.ts';
import type { FleetEvent, PoolPhase, PoolStatus } from '../status.ts';
import type { Worker } from '../worker/worker.ts';
import type { PoolHost } from './host.ts';
import { Revival } from './revival.ts';
import type { Seat } from './seat.ts';
import { Seats } from './seats.ts';
import { Turns } from './turns.ts';

export function poolId(spec: Pick<PoolSpec, 'service' | 'version' | 'role'>): string {
  return `${spec.service}.${spec.version}.${spec.role}`;
}

export class Pool {
  readonly id: string;
  readonly #host: PoolHost;
  readonly #turns = new Turns();
  readonly #seats: Seats;
  readonly #revival: Revival;
  #spec: FullSpec;
  /** Counts the specs this pool has run; a worker of another revision is to be replaced. */
  #revision: number;
  /** The highest that any worker was started with, of a reload that failed too: no number ever means two specs. */
  #highest: number;
  #phase: PoolPhase = 'starting';
  readonly #replaced = { silent: 0, replaced: 0 };

  constructor(spec: FullSpec, revision: number, host: PoolHost) {
    this.id = poolId(spec);
    this.#spec = spec;
    this.#revision = revision;
    this.#highest = revision;
    this.#host = host;
    this.#seats = new Seats(host, (worker) => this.greet(worker), (seat, worker, ended) => this.#revival.crashed(seat, worker, ended));
    this.#revival = new Revival(host, () => this.#seats, () => ({ id: this.id, spec: this.#spec, revision: this.#revision, wanted: this.#isUp() }));
  }

  get spec(): FullSpec { return this.#spec; }
  get revision(): number { return this.#revision; }
  get phase(): PoolPhase { return this.#phase; }

  /** Every worker that has not ended, the starting and leaving ones included. */
  workers(): readonly Worker[] { return this.#seats.workers(); }

  /** Whether somebody who stays has the socket of a slot that is no worker's own; whoever takes an empty seat will. */
  has(slot: number): boolean {
    const { role, workers } = this.#spec;
    // A gateway's process accepts on its own slot and no other.
    return role !== 'gateway' && this.#seats.list.slice(0, workers).some(({ worker }) => worker === null || worker.identity.others.includes(slot));
  }

  /** Its slots whose connections would wait, for nobody sits there or who does gives no answer. */
  get unmanned(): readonly number[] { return this.#seats.list.filter((seat) => seat.isUnmanned).map(({ slot }) => slot); }

  /** Whoever sits here accepts on the sockets of these slots that it has. */
  acceptFor(slots: readonly number[]): void {
    if (this.#spec.publicSlots === 'open') for (const { worker } of this.#seats.list) worker?.send({ kind: 'accept', slots });
  }

  status(): PoolStatus {
    const { service, version, role } = this.#spec;
    const seats = this.#seats.list;
    return {
      id: this.id, service, version, role,
      phase: this.#phase,
      wanted: seats.length,
      ready: seats.filter((seat) => seat.worker?.state.name === 'ready').length,
      revision: this.#revision,
      failed: seats.flatMap((seat) => (seat.failed === null || this.#hasRecovered(seat) ? [] : [{ slot: seat.slot, ...seat.failed }])),
      restarts: this.#revival.count,
      restartsBy: { ...this.#revival.reasons, ...this.#replaced },
    };
  }

  /** Fills all seats; on any failure the whole pool is taken down again and the failure thrown. */
  start(): Promise<void> {
    return this.#turns.run(async () => {
      try {
        await this.#fill(this.#spec.workers);
        this.#enter('running', 'ready');
      } catch (error) {
        this.#phase = 'stopped';
        await this.#seats.empty('start failed');
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
      const wanted = fullSpec({ ...this.#spec, workers }).workers;
      // At once: who asks meanwhile how many slots are needed, and the next supervisor, must know.
      this.#spec = { ...this.#spec, workers: wanted };
      if (wanted > this.#seats.list.length) await this.#fill(wanted);
      else await this.#shrink(wanted);
      this.#enter('running', 'scaled');
    });
  }

  /** Starts accepting on the public slots (a pool born with `hold`). */
  open(): void {
    this.#spec = { ...this.#spec, publicSlots: 'open' };
    for (const { worker } of this.#seats.list) if (worker !== null) this.greet(worker);
    this.#host.changed();
  }

  /** What a seated worker must be told, when it sits down and whenever its agent connects again. */
  greet(worker: Worker): void {
    const seated = this.#seats.list.some((seat) => seat.worker === worker);
    if (!seated || this.#spec.publicSlots !== 'open') return;
    worker.send({ kind: 'open' });
    const slots = this.#host.spareSlots(this.#spec.service);
    if (slots.length > 0) worker.send({ kind: 'accept', slots });
  }

  /** Puts a fresh worker into the seat of `worker`, then drains that. */
  replace(worker: Worker, why: string): Promise<void> {
    return this.#turns.run(async () => {
      const seat = this.#seats.list.find((one) => one.worker === worker);
      if (seat === undefined || this.#phase !== 'running') return;
      this.#replaced[worker.state.name === 'stalled' ? 'silent' : 'replaced'] += 1;
      // A stalled one cannot finish anything; waiting for it would only keep its clients waiting too.
      const graceMs = worker.state.name === 'stalled' ? 0 : this.#spec.drainTimeoutMs;
      await this.#seats.succeed(seat, this.#spec, this.#revision, why, graceMs);
    });
  }

  /** Drains every worker and ends. */
  stop(): Promise<void> {
    const stopping = this.#turns.run(async () => {
      if (this.#phase === 'stopped') return;
      await this.#seats.empty('pool stopped');
      this.#enter('stopped', 'stopped');
    });
    // From now on nobody is revived, whatever turn is still running, and who has never served is not waited for.
    if (this.#phase !== 'stopped') this.#phase = 'stopping';
    this.#seats.abandon('pool stopped');
    return stopping;
  }

  /** Takes over running workers, fills the seats that have none, and goes on with a reload that was under way. */
  adopt(found: readonly Worker[]): void {
    this.#phase = 'running';
    while (this.#seats.list.length < this.#spec.workers) this.#seats.add();
    // Of two in one seat the newer revision stays; it was ready, or it would not have been recorded as such.
    for (const worker of [...found].sort((a, b) => b.identity.revision - a.identity.revision)) this.#adoptOne(worker);
    this.#highest = Math.max(this.#highest, ...found.map((worker) => worker.identity.revision));
    for (const seat of this.#seats.list) if (seat.worker === null) this.#revival.fill(seat);
    this.#enter('running', 'adopted');
    if (this.#seats.list.some((seat) => seat.worker !== null && seat.worker.identity.revision !== this.#revision)) this.#resumeReload();
  }

  #adoptOne(worker: Worker): void {
    const seat = this.#seats.list[worker.identity.slot];
    const serving = worker.state.name === 'ready' || worker.state.name === 'stalled';
    if (seat?.worker === null && serving) this.#seats.put(seat, worker);
    else void this.#seats.retire(worker, 'left by an earlier supervisor', this.#spec.drainTimeoutMs);
  }

  #resumeReload(): void {
    this.#turns.runLatest('reload', () => this.#roll('reload resumed')).catch((error: unknown) => {
      this.#host.emit({ kind: 'pool', pool: this.status(), what: 'reload-failed', failure: StartFailure.from(error) });
    });
  }

  async #reload(next: FullSpec): Promise<void> {
    this.#assertRunning();
    const before = { spec: this.#spec, revision: this.#revision };
    this.#spec = { ...next, workers: before.spec.workers, publicSlots: before.spec.publicSlots };
    this.#highest += 1;
    this.#revision = this.#highest;
    this.#enter('reloading', 'reloading');
    try {
      await this.#roll('reload');
      this.#enterUnlessStopping('reloaded');
    } catch (error) {
      const failure = StartFailure.from(error);
      // It may have been opened meanwhile.
      this.#spec = { ...before.spec, publicSlots: this.#spec.publicSlots };
      this.#revision = before.revision;
      if (this.#isUp()) await this.#goBack();
      this.#enterUnlessStopping('reload-failed', failure);
      throw failure;
    }
  }

  /** Seats that already run the new spec get the former one again; those that never left keep their worker. */
  async #goBack(): Promise<void> {
    try {
      await this.#roll('reload failed');
    } catch (error) {
      this.#host.emit({ kind: 'warning', subject: this.id, text: `not every seat could go back to the former spec: ${StartFailure.from(error).message}` });
    }
  }

  /** One seat after the other; old workers drain while the next seat is on its way. */
  async #roll(why: string): Promise<void> {
    const left: Promise<unknown>[] = [];
    for (const seat of this.#seats.list) {
      if (seat.worker?.identity.revision === this.#revision) continue;
      if (!this.#isUp()) throw new StartFailure({ reason: 'stopped', message: `${this.id} was stopped during its reload`, cure: 'start it again' });
      left.push((await this.#seats.succeed(seat, this.#spec, this.#revision, why, this.#spec.drainTimeoutMs)).left);
    }
    await Promise.all(left);
  }

  /** All or nothing. The first goes alone: it may be the one that binds the ports nobody declared. */
  async #fill(workers: number): Promise<void> {
    const before = this.#seats.list.length;
    try {
      await this.#host.ensureSlots(this.#spec, workers);
      if (before === 0) {
        await this.#occupy(this.#seats.add());
        await this.#host.ensureSlots(this.#spec, workers);
      }
      const fresh: Seat[] = [];
      while (this.#seats.list.length < workers) fresh.push(this.#seats.add());
      const outcomes = await Promise.allSettled(fresh.map((seat) => this.#occupy(seat)));
      for (const outcome of outcomes) if (outcome.status === 'rejected') throw StartFailure.from(outcome.reason);
    } catch (error) {
      if (before > 0) this.#spec = { ...this.#spec, workers: before };
      // As in `shrink`: those that did start hold the last copies of their slots from here on.
      this.#host.releaseSlots(this.#spec.service);
      await this.#seats.cut(before, 'start failed');
      throw error;
    }
  }

  /**
   * Somebody who stays takes over the sockets of those who go: with each that is closed the kernel resets who is on the way to it,
   * a round trip's worth of clients. Only where nobody can take them are they given up, before their workers leave: one that
   * holds the last copy of its socket accepts what is queued there before it closes it.
   */
  async #shrink(workers: number): Promise<void> {
    const replaced = await this.#handOver();
    this.#host.releaseSlots(this.#spec.service);
    await Promise.all([...replaced, this.#seats.cut(workers, 'scaled down')]);
  }

  /**
   * Slots that came after those who stay: descriptors are handed on at birth only, so successors come who have them, one for each
   * slot, so that none gets the connections of many. Resolves with the ends of those whom they replace.
   */
  async #handOver(): Promise<readonly Promise<unknown>[]> {
    const { service, role, workers, drainTimeoutMs } = this.#spec;
    const abandoned = role === 'gateway' ? [] : this.#host.abandonedSlots(service);
    const left: Promise<unknown>[] = [];
    try {
      for (const seat of this.#seats.list.slice(0, Math.min(workers, abandoned.length))) {
        left.push((await this.#seats.succeed(seat, this.#spec, this.#revision, 'its successor takes over slots', drainTimeoutMs)).left);
      }
    } catch (error) {
      this.#host.emit({ kind: 'warning', subject: this.id, text: `nobody could take over all slots of the workers that leave: ${StartFailure.from(error).message}` });
    }
    return left;
  }

  async #occupy(seat: Seat): Promise<void> {
    this.#seats.put(seat, await this.#seats.hire(seat.slot, this.#spec, this.#revision));
  }

  #hasRecovered(seat: Seat): boolean {
    const state = seat.worker?.state;
    return state?.name === 'ready' && this.#host.clock.now() - state.sinceMs >= this.#spec.backoff.stableAfterMs;
  }

  #isUp(): boolean { return this.#phase !== 'stopping' && this.#phase !== 'stopped'; }

  #enterUnlessStopping(what: (FleetEvent & { kind: 'pool' })['what'], failure: StartFailure | null = null): void {
    this.#enter(this.#isUp() ? 'running' : this.#phase, what, failure);
  }

  #enter(phase: PoolPhase, what: (FleetEvent & { kind: 'pool' })['what'], failure: StartFailure | null = null): void {
    this.#phase = phase;
    this.#host.changed();
    this.#host.emit({ kind: 'pool', pool: this.status(), what, failure });
  }

  #assertRunning(): void {
    if (this.#phase === 'running') return;
    throw new StartFailure({ reason: 'stopped', message: `${this.id} is ${this.#phase}`, cure: 'start the pool first' });
  }
}
