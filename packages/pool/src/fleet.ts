// All worker processes of one machine: control socket, public slots, pools, and what their agents are told.
// Composes the parts below it; it knows nothing of HTTP routing, releases or the command line.

import { mkdirSync } from 'node:fs';
import path from 'node:path';

import type { AgentMessage, HelloMessage, Peer, StrategyMessage, SupervisorMessage } from '@graylane/wire';

import { refusePublicListeners, refuseRawServers } from './audit.ts';
import { Births } from './births.ts';
import { systemClock } from './clock.ts';
import type { Clock } from './clock.ts';
import { encode } from './control/link.ts';
import type { Link } from './control/link.ts';
import { ControlServer } from './control/server.ts';
import type { AgentHandler } from './control/server.ts';
import { DEFAULT_ROTATION } from './logs/rotate.ts';
import type { RotationPlan } from './logs/rotate.ts';
import { Guests } from './guests.ts';
import type { Hearer } from './hearer.ts';
import { Keys } from './keys.ts';
import type { FleetKeys } from './keys.ts';
import { Leftovers } from './leftovers/leftovers.ts';
import { rank } from './os/priority.ts';
import { runPaths } from './paths.ts';
import type { RunPaths } from './paths.ts';
import type { Pool } from './pool/pool.ts';
import { Pools } from './pools.ts';
import { Publisher } from './publisher.ts';
import type { Phases, Published } from './publisher.ts';
import { RECORD_FORMAT, saveRecord, workerRecord } from './record.ts';
import type { FleetRecord } from './record.ts';
import { Roster } from './roster.ts';
import { Services } from './services.ts';
import { noKeeper } from './slots.ts';
import type { Keeper } from './slots.ts';
import { Standings } from './standing.ts';
import type { Place, PoolSpec } from './spec.ts';
import { workerStatus } from './status.ts';
import type { FleetEvent, WorkerStatus } from './status.ts';
import { Waiters } from './until.ts';
import { Watch } from './watch.ts';
import { isServing } from './worker/state.ts';
import type { WorkerState } from './worker/state.ts';
import type { Worker, WorkerHost } from './worker/worker.ts';

export interface FleetOptions {
  /** Short absolute path; created with mode 0700. */
  readonly runDir: string;
  /** Absolute path of a folder on a disk, for logs and heap snapshots; the run folder by default. */
  readonly dataDir?: string;
  /** The bundled agent, preloaded into every worker. */
  readonly agentFile: string;
  readonly onEvent: (event: FleetEvent) => void;
  readonly clock?: Clock;
  /** The environment that workers inherit, without what is graylane's own. */
  readonly env?: NodeJS.ProcessEnv;
  readonly platform?: NodeJS.Platform;
  /** Who keeps listening sockets beyond this process's life. */
  readonly keeper?: Keeper;
  readonly rotation?: RotationPlan;
}

/** What agents say that concerns others than the fleet. */
const PASSED_ON: ReadonlySet<AgentMessage['kind']> = new Set(['counts', 'fault', 'unroutable', 'listen-failed']);

/** Agents look for a new supervisor several times a second; one that takes longer is busy, and is judged by its heartbeat. */
const ADOPTION_LIMIT_MS = 2_000;

export class Fleet {
  readonly #options: FleetOptions;
  readonly #clock: Clock;
  readonly #paths: RunPaths;
  readonly #control: ControlServer;
  readonly #publisher: Publisher;
  readonly #standings: Standings;
  readonly #keys: Keys;
  readonly #roster: Roster;
  readonly #waiters: Waiters;
  readonly #watch: Watch;
  readonly #births: Births;
  readonly #services: Services;
  readonly #pools: Pools;
  readonly #leftovers: Leftovers;
  readonly #guests: Guests;

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#paths = runPaths(path.resolve(options.runDir), options.dataDir);
    this.#waiters = new Waiters(this.#clock);
    this.#standings = new Standings(this.#waiters);
    this.#keys = new Keys(this.#standings, () => this.#hearers());
    this.#publisher = new Publisher(this.#paths, this.#waiters, this.#standings, () => this.#hearers());
    this.#roster = new Roster(this.#clock, this.#waiters);
    this.#guests = new Guests({
      waiters: this.#waiters, standings: this.#standings, keys: this.#keys, publisher: this.#publisher,
      counted: ({ id, spec }, message) => options.onEvent({ kind: 'guest', id, service: spec.service, message }),
      warn: (subject, text) => this.#warn(subject, text),
    });
    this.#control = new ControlServer(this.#paths.control, (hello, link) => this.#welcome(hello, link));
    this.#services = new Services(options.keeper ?? noKeeper, options.platform ?? process.platform, (subject, text) => this.#warn(subject, text));
    this.#pools = new Pools({
      clock: this.#clock,
      spawn: (slot, spec, revision) => this.#births.spawn(slot, spec, revision),
      ensureSlots: (spec, workers) => this.#services.ensure(spec, workers),
      spareSlots: (service) => this.#pools.spares(service),
      abandonedSlots: (service) => this.#pools.abandoned(service),
      releaseSlots: (service) => this.#pools.release(service),
      inspect: (worker) => this.#inspect(worker),
      changed: () => this.#save(),
      emit: (event) => this.#options.onEvent(event),
      describe: workerStatus,
    }, this.#services);
    const workerHost: WorkerHost = {
      clock: this.#clock,
      changed: (worker, from) => this.#workerChanged(worker, from),
      connected: (worker) => {
        this.#keys.greet(worker);
        this.#publisher.greet(worker);
        this.#roster.greet(worker);
        this.#refreshPeers(worker.spec.service);
        for (const pool of this.pools()) pool.greet(worker);
        this.#waiters.poke();
      },
      said: (worker, message) => this.#said(worker, message),
      forgotten: (worker) => this.#roster.settled(worker.spec.service, () => this.#live(worker.spec.service).filter((other) => other !== worker)),
    };
    this.#births = new Births({
      runDir: path.resolve(options.runDir), paths: this.#paths, agentFile: options.agentFile, env: options.env ?? process.env,
      clock: this.#clock, services: this.#services, host: workerHost,
      numbered: (service) => {
        this.#publisher.prepare(service);
        this.#save();
      },
      changed: () => this.#save(),
      warn: (subject, text) => this.#warn(subject, text),
    });
    this.#leftovers = new Leftovers({
      paths: this.#paths, clock: this.#clock, host: workerHost, births: this.#births, services: this.#services, pools: this.#pools,
      warn: (subject, text) => this.#warn(subject, text),
    });
    this.#watch = new Watch({
      clock: this.#clock, paths: this.#paths, rotation: options.rotation ?? DEFAULT_ROTATION,
      pools: () => this.pools(), workers: () => this.#live(), warn: (subject, text) => this.#warn(subject, text),
    });
  }

  /**
   * Claims the run folder and opens the control socket. Throws `already-running` when a supervisor answers there.
   * Where an earlier supervisor left workers, the socket opens in `recover`: nobody may knock before he is known.
   */
  async listen(): Promise<void> {
    for (const folder of [this.#options.runDir, this.#paths.sockets, this.#paths.logs]) mkdirSync(folder, { recursive: true, mode: 0o700 });
    await this.#control.claim();
    this.#leftovers.read();
    if (!this.#leftovers.areWaiting) await this.#control.open();
    this.#watch.start();
  }

  /**
   * Takes over what an earlier supervisor left running in this run folder: sockets, pools, workers, and a reload that was
   * under way. Call it after `listen` and before anything is started. Resolves when every worker's agent is back, or after 2 s.
   */
  async recover(): Promise<readonly Pool[]> {
    if (!this.#leftovers.areWaiting) return [];
    await this.#leftovers.takeOver();
    for (const service of this.#services.names()) {
      this.#pools.settle(service);
      this.#publisher.prepare(service);
      this.#refreshPeers(service);
    }
    this.#save();
    await this.#control.open();
    this.#births.admitToControl();
    const serving = this.#live().filter((worker) => isServing(worker.state));
    await this.#waiters.until(() => serving.every((worker) => worker.connected || !isServing(worker.state)), ADOPTION_LIMIT_MS);
    return this.pools();
  }

  /** The places of a service, also where none of its workers stands on them: every version is told them at its start. */
  declarePlaces(service: string, places: readonly Place[]): void {
    this.#services.of(service).declare(places);
  }

  /** The public places of a service, declared or found out, in the order in which workers are told them. */
  places(service: string): readonly Place[] { return this.#services.of(service).places; }

  /** Opens the public sockets of a service, `slots` for each place. Throws `port-in-use` and the like. */
  async openSlots(service: string, places: readonly Place[], slots: number): Promise<void> {
    await this.#services.of(service).open(places, slots);
    this.#save();
  }

  /** Whether workers run that a supervisor of this run folder has left, dead or not. */
  static hasLeft(runDir: string): boolean { return Leftovers.exist(runPaths(path.resolve(runDir))); }

  /** Resolves with the pool when all its workers are ready. Throws StartFailure; then nothing of it is left, and what ran still runs. */
  start(spec: PoolSpec): Promise<Pool> { return this.#pools.start(spec); }

  /** Drains and forgets a pool. */
  stop(pool: Pool): Promise<void> { return this.#pools.stop(pool); }

  pools(): readonly Pool[] { return this.#pools.all(); }

  workers(): readonly WorkerStatus[] { return this.#live().map(workerStatus); }

  /** The folder of what workers write. */
  get logs(): string { return this.#paths.logs; }

  /** To all connected agents of a service, or of all services (null). */
  broadcast(service: string | null, message: SupervisorMessage): void {
    const bytes = encode(message);
    for (const worker of this.#live(service)) worker.sendEncoded(bytes);
  }

  /** Sends a strategy and waits, until the deadline at most, for the agents to route by it. Workers that start later find it on disk. */
  publish(service: string | null, message: StrategyMessage, deadlineMs: number, phases: Phases = 'one'): Promise<Published> {
    const services = service === null ? this.#services.names() : [service];
    return this.#publisher.publish(services, service === null, message, deadlineMs, phases);
  }

  /** Everybody has it by the deadline, and nobody begins with it before it is published. */
  stage(message: StrategyMessage, deadlineMs: number): Promise<void> { return this.#publisher.stage(message, deadlineMs); }

  /** Peers of a service on other machines; of versions that have a ready worker here they are not used. */
  setDistant(service: string, peers: readonly Peer[]): void {
    this.#roster.setDistant(service, peers);
    this.#refreshPeers(service);
  }

  /** Resolves when no request in flight carries an older generation, or after the bound. */
  collected(generation: number, limitMs: number): Promise<void> { return this.#standings.collected(() => this.#hearers(), generation, limitMs); }

  /** Gives the keys to all workers, and to those that come later; true when everybody has them by the deadline. */
  setKeys(keys: FleetKeys, deadlineMs: number): Promise<boolean> { return this.#keys.set(keys, deadlineMs); }

  /** Drains everything and gives the ports back. */
  async down(): Promise<void> {
    await this.#pools.end();
    this.#watch.stop();
    this.#services.close();
    await this.#control.close();
    this.#save();
  }

  #hearers(): readonly Hearer[] {
    return [...this.#live(), ...this.#guests.present];
  }

  #live(service: string | null = null): readonly Worker[] {
    const all = [...this.pools().flatMap((pool) => pool.workers()), ...this.#leftovers.strays];
    return service === null ? all : all.filter((worker) => worker.spec.service === service);
  }

  #workerChanged(worker: Worker, from: WorkerState): void {
    if (from.name === 'starting' && worker.state.name === 'ready' && worker.spec.nice !== null) rank(worker.process.pid, worker.spec.nice);
    this.#refreshPeers(worker.spec.service);
    if (worker.state.name === 'stalled') this.#pools.release(worker.spec.service);
    this.#waiters.poke();
    this.#options.onEvent({ kind: 'worker', worker: workerStatus(worker), from: from.name, cause: 'why' in worker.state ? worker.state.why : '' });
    this.#save();
  }

  #said(worker: Worker, message: AgentMessage): void {
    if (message.kind === 'ack' || message.kind === 'peers-ack') this.#waiters.poke();
    if (message.kind === 'fetch') this.#publisher.fetch(worker, message.generation);
    this.#standings.hear(worker, message);
    if (message.kind === 'listening') this.#refreshPeers(worker.spec.service);
    if (PASSED_ON.has(message.kind)) this.#options.onEvent({ kind: 'agent', worker: workerStatus(worker), message });
  }

  #refreshPeers(service: string): void {
    const known = this.#roster.refresh(service, this.#live(service));
    if (known !== null) this.#options.onEvent({ kind: 'peers', service, epoch: known.epoch, peers: known.peers });
  }

  #inspect({ id, spec, process: { pid }, listeners }: Worker): void {
    if (spec.publicSlots !== 'none') return;
    refusePublicListeners(id, pid, this.#services.of(spec.service).places);
    // A gateway brings whole connections, which any server takes.
    if (!this.#live(spec.service).some((other) => other.spec.role === 'gateway')) refuseRawServers(id, listeners);
  }

  #warn(subject: string, text: string): void {
    this.#options.onEvent({ kind: 'warning', subject, text });
  }

  #welcome(hello: HelloMessage, link: Link): AgentHandler | null {
    if (hello.guest !== undefined) return this.#guests.welcome(hello, hello.guest, link);
    const worker = this.#live().find((one) => one.id === hello.worker);
    if (worker === undefined) return this.#leftovers.welcomeStranger(hello, link);
    return worker.attach(hello, link);
  }

  #save(): void {
    // What was left must not be overwritten before it is taken over.
    if (this.#leftovers.areWaiting) return;
    const record: FleetRecord = {
      format: RECORD_FORMAT,
      next: this.#births.next,
      services: this.#services.records(),
      pools: this.pools().map((pool) => ({ phase: pool.phase, spec: pool.spec, revision: pool.revision, workers: pool.workers().map(workerRecord) })),
    };
    saveRecord(this.#paths.state, record);
  }
}
