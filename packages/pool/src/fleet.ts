// All worker processes of one machine: control socket, public slots, pools, and what their agents are told.
// Composes the parts below it; it knows nothing of HTTP routing, releases or the command line.

import { mkdirSync } from 'node:fs';
import path from 'node:path';

import type { AgentMessage, HelloMessage, StrategyMessage, SupervisorMessage } from '@graylane/wire';

import { refusePublicListeners } from './audit.ts';
import { workerBrief } from './brief.ts';
import { systemClock } from './clock.ts';
import type { Clock } from './clock.ts';
import { encode } from './control/link.ts';
import type { Link } from './control/link.ts';
import { ControlServer } from './control/server.ts';
import type { AgentHandler } from './control/server.ts';
import { StartFailure } from './failure.ts';
import { launch, planLaunch, renice, spawnFailure } from './launch.ts';
import { Heartbeat } from './heartbeat.ts';
import { receiveNotes } from './notes.ts';
import { readIfThere } from './atomic-file.ts';
import { cpuShares } from './os/cgroup.ts';
import type { CpuShares } from './os/cgroup.ts';
import { Ownership } from './ownership.ts';
import { isBoundHandle } from './os/bind.ts';
import { lastSnapshot } from './last-snapshot.ts';
import { LogKeeper } from './logs/keeper.ts';
import { logPlace } from './logs/place.ts';
import { DEFAULT_ROTATION } from './logs/rotate.ts';
import type { RotationPlan } from './logs/rotate.ts';
import { Overseer } from './overseer.ts';
import { checkSocketPath, runPaths } from './paths.ts';
import type { RunPaths } from './paths.ts';
import { Pool, poolId } from './pool/pool.ts';
import type { PoolHost } from './pool/host.ts';
import { Publisher } from './publisher.ts';
import type { Published } from './publisher.ts';
import { loadRecord, RECORD_FORMAT, saveRecord } from './record.ts';
import type { FleetRecord, PoolRecord, WorkerRecord } from './record.ts';
import { adoptWorker } from './recovery.ts';
import { Roster } from './roster.ts';
import { noKeeper, Slots } from './slots.ts';
import type { Keeper } from './slots.ts';
import { fullSpec } from './spec.ts';
import type { FullSpec, Place, PoolSpec } from './spec.ts';
import type { FleetEvent, WorkerStatus } from './status.ts';
import { Waiters } from './until.ts';
import { childProcess } from './worker/process.ts';
import { isServing } from './worker/state.ts';
import type { WorkerState } from './worker/state.ts';
import { Worker } from './worker/worker.ts';
import type { WorkerHost } from './worker/worker.ts';

export interface FleetOptions {
  /** Short absolute path; created with mode 0700. */
  readonly runDir: string;
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

/** Agents look for a new supervisor at least once a second; one that takes longer is busy, and is judged by its heartbeat. */
const ADOPTION_LIMIT_MS = 2_000;

export class Fleet {
  readonly #options: FleetOptions;
  readonly #clock: Clock;
  readonly #paths: RunPaths;
  readonly #control: ControlServer;
  readonly #publisher: Publisher;
  readonly #roster: Roster;
  readonly #waiters: Waiters;
  readonly #heartbeat: Heartbeat;
  readonly #overseer: Overseer;
  readonly #logKeeper: LogKeeper;
  readonly #ownership: Ownership;
  readonly #cpuShares: CpuShares;
  readonly #services = new Map<string, Slots>();
  readonly #pools = new Map<string, Pool>();
  readonly #poolHost: PoolHost;
  readonly #workerHost: WorkerHost;
  /** Left by an earlier supervisor and of no pool. */
  readonly #strays = new Set<Worker>();
  #nextWorker = 0;
  #recovered = false;
  #listening = false;

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#paths = runPaths(path.resolve(options.runDir));
    this.#waiters = new Waiters(this.#clock);
    this.#publisher = new Publisher(this.#paths, this.#waiters);
    this.#roster = new Roster(this.#clock, this.#waiters);
    this.#control = new ControlServer(this.#paths.control, (hello, link) => this.#welcome(hello, link));
    this.#heartbeat = new Heartbeat(this.#clock, () => this.#live(), (worker, why) => this.#replace(worker, why));
    this.#overseer = new Overseer(this.#clock, () => this.pools(), {
      replace: (worker, why) => this.#replace(worker, why),
      replaceFat: (worker, why) => void this.#lookOnce(worker).then(() => this.#replace(worker, why)),
      scale: (pool, workers) => this.#report(pool.id, `scaling to ${workers} workers`, pool.scale(workers)),
    });
    this.#logKeeper = new LogKeeper(this.#paths.logs, options.rotation ?? DEFAULT_ROTATION, this.#clock, (id) => this.#live().some((worker) => worker.id === id), (text) => this.#warn('logs', text));
    this.#ownership = new Ownership(path.resolve(options.runDir), this.#paths, process.geteuid?.() ?? 0);
    this.#cpuShares = cpuShares('/sys/fs/cgroup', readIfThere('/proc/self/cgroup') ?? '', process.pid);
    this.#poolHost = {
      clock: this.#clock,
      spawn: (slot, spec, revision) => this.#spawn(slot, spec, revision),
      ensureSlots: (spec, workers) => this.#ensureSlots(spec, workers),
      releaseSlots: (spec) => this.#releaseSlots(spec.service),
      inspect: (worker) => this.#inspect(worker),
      changed: () => this.#save(),
      emit: (event) => this.#options.onEvent(event),
      describe: (worker) => this.#describe(worker),
    };
    this.#workerHost = {
      clock: this.#clock,
      changed: (worker, from) => this.#workerChanged(worker, from),
      connected: (worker) => {
        this.#publisher.greet(worker);
        this.#roster.greet(worker);
        this.#refreshPeers(worker.spec.service);
        for (const pool of this.#pools.values()) pool.greet(worker);
        this.#waiters.poke();
      },
      said: (worker, message) => this.#said(worker, message),
      forgotten: (worker) => this.#roster.settled(worker.spec.service, () => this.#live(worker.spec.service).filter((other) => other !== worker)),
    };
  }

  /** Opens the control socket. Throws `already-running` when a supervisor answers there. */
  async listen(): Promise<void> {
    for (const folder of [this.#options.runDir, this.#paths.sockets, this.#paths.logs]) mkdirSync(folder, { recursive: true, mode: 0o700 });
    await this.#control.listen(null);
    this.#listening = true;
    this.#heartbeat.start();
    this.#overseer.start();
    this.#logKeeper.start();
  }

  /**
   * Takes over what an earlier supervisor left running in this run folder: sockets, pools, workers, and a reload that was
   * under way. Call it after `listen` and before anything is started. Resolves when every worker's agent is back, or after 2 s.
   */
  async recover(): Promise<readonly Pool[]> {
    const record = loadRecord(this.#paths.state);
    if (record === null) return [];
    this.#nextWorker = record.next;
    const friends = record.pools.flatMap((pool) => pool.workers.map((worker) => worker.pid));
    for (const service of record.services) await this.#slots(service.name).open(service.places, service.slots, friends);
    for (const left of record.pools) this.#adopt(left);
    for (const service of this.#services.keys()) {
      this.#publisher.prepare(service);
      this.#refreshPeers(service);
    }
    this.#recovered = true;
    this.#save();
    const serving = this.#live().filter((worker) => isServing(worker.state));
    await this.#waiters.until(() => serving.every((worker) => worker.connected || !isServing(worker.state)), ADOPTION_LIMIT_MS);
    return this.pools();
  }

  /** Opens the public sockets of a service, `slots` for each place. Throws `port-in-use` and the like. */
  async openSlots(service: string, places: readonly Place[], slots: number): Promise<void> {
    await this.#slots(service).open(places, slots);
    this.#save();
  }

  /** Resolves with the pool when all its workers are ready. Throws StartFailure; then nothing of it is left, and what ran still runs. */
  async start(spec: PoolSpec): Promise<Pool> {
    const full = fullSpec(spec);
    const id = poolId(full);
    if (this.#pools.has(id)) throw new StartFailure({ reason: 'bad-spec', message: `${id} runs already`, cure: 'reload it, or stop it first' });
    const pool = new Pool(full, 1, this.#poolHost);
    this.#pools.set(id, pool);
    try {
      await pool.start();
      return pool;
    } catch (error) {
      this.#pools.delete(id);
      throw error;
    } finally {
      this.#save();
    }
  }

  /** Drains and forgets a pool. */
  async stop(pool: Pool): Promise<void> {
    await pool.stop();
    if (this.#pools.get(pool.id) === pool) this.#pools.delete(pool.id);
    this.#save();
  }

  pools(): readonly Pool[] { return [...this.#pools.values()]; }

  workers(): readonly WorkerStatus[] { return this.#live().map((worker) => this.#describe(worker)); }

  /** To all connected agents of a service, or of all services (null). */
  broadcast(service: string | null, message: SupervisorMessage): void {
    const bytes = encode(message);
    for (const worker of this.#live(service)) worker.sendEncoded(bytes);
  }

  /** Sends a strategy and waits, until the deadline at most, for the agents to route by it. Workers that start later find it on disk. */
  publish(service: string | null, message: StrategyMessage, deadlineMs: number): Promise<Published> {
    const services = service === null ? [...this.#services.keys()] : [service];
    return this.#publisher.publish(services, service === null, message, this.#live(service), deadlineMs);
  }

  /** Drains everything and gives the ports back: private pools first, so that stable is there to the last. */
  async down(): Promise<void> {
    const last = this.pools().filter((pool) => pool.spec.publicSlots === 'open');
    const first = this.pools().filter((pool) => !last.includes(pool));
    for (const group of [first, last]) await Promise.all(group.map((pool) => this.stop(pool)));
    this.#heartbeat.stop();
    this.#overseer.stop();
    this.#logKeeper.stop();
    for (const slots of this.#services.values()) slots.close();
    this.#services.clear();
    if (this.#listening) await this.#control.close();
    this.#listening = false;
    this.#save();
  }

  #adopt(left: PoolRecord): void {
    const found = left.workers.map((record) => adoptWorker(record, this.#clock, this.#workerHost)).filter((worker) => worker !== null);
    if (left.phase === 'running' || left.phase === 'reloading') {
      const pool = new Pool(fullSpec(left.spec), left.revision, this.#poolHost);
      this.#pools.set(pool.id, pool);
      pool.adopt(found);
      return;
    }
    // It was not up yet, or on its way out: its workers leave, and whoever wants it starts it again.
    for (const worker of found) this.#dismiss(worker);
  }

  /** Nobody's worker: it drains, and is known until it has ended. */
  #dismiss(worker: Worker): void {
    this.#strays.add(worker);
    void worker.drain('left by an earlier supervisor').then(() => this.#strays.delete(worker));
  }

  #slots(service: string): Slots {
    const known = this.#services.get(service);
    if (known !== undefined) return known;
    const slots = new Slots(this.#options.keeper ?? noKeeper, this.#options.platform ?? process.platform);
    this.#services.set(service, slots);
    return slots;
  }

  #live(service: string | null = null): readonly Worker[] {
    const all = [...this.pools().flatMap((pool) => pool.workers()), ...this.#strays];
    return service === null ? all : all.filter((worker) => worker.spec.service === service);
  }

  #spawn(slot: number, spec: FullSpec, revision: number): Worker {
    const number = this.#nextWorker;
    const id = `${spec.service}.${spec.version}.${number}`;
    this.#nextWorker += 1;
    checkSocketPath(this.#paths, id);
    // Before the process exists: its number must never be given away twice.
    this.#save();
    this.#publisher.prepare(spec.service);
    const slots = this.#slots(spec.service);
    const brief = workerBrief(id, spec, slots.places, this.#paths);
    const plan = planLaunch(spec, brief, this.#options.agentFile, this.#options.env ?? process.env);
    this.#ownership.admit(plan.uid);
    const logFile = logPlace(this.#paths.logs, spec.service, spec.version, number).file;
    mkdirSync(path.dirname(logFile), { recursive: true, mode: 0o750 });
    const child = launch(plan, logFile, spec.publicSlots === 'none' ? [] : slots.descriptors(slot));
    if (child.pid === undefined) {
      // The reason arrives as an event only; what is certain now is that the command could not be run.
      child.once('error', () => undefined);
      throw spawnFailure(spec, Object.assign(new Error('spawn failed'), { code: 'ENOENT' }));
    }
    if (spec.nice !== null) renice(child.pid, spec.nice);
    if (spec.cpuWeight !== null) this.#cpuShares.assign(child.pid, `${spec.service}.${spec.version}`, spec.cpuWeight);
    const now = this.#clock.now();
    const identity = { id, slot, revision, logFile, places: slots.places.map((_, index) => index), startedWall: this.#clock.wall() };
    const state: WorkerState = { name: 'starting', sinceMs: now, owed: { agent: true, places: identity.places.length === 0 ? null : identity.places, message: spec.ready.message, probe: spec.ready.http !== null } };
    const worker = new Worker(identity, spec, childProcess(child, child.pid), { state, listeners: [] }, this.#workerHost);
    receiveNotes(child, { ready: () => worker.saidReady(), donated: (place, handle) => this.#donated(spec.service, place, handle) });
    return worker;
  }

  #donated(service: string, place: Place, handle: unknown): void {
    if (!isBoundHandle(handle)) {
      this.#warn(service, `the socket of port ${place.port} did not arrive; a restart of its worker will refuse connections for a moment`);
      return;
    }
    this.#slots(service).adopt(place, handle);
    this.#save();
  }

  #workerChanged(worker: Worker, from: WorkerState): void {
    if (from.name === 'starting' && worker.state.name === 'ready' && worker.spec.nice !== null) renice(worker.process.pid, worker.spec.nice);
    this.#refreshPeers(worker.spec.service);
    this.#waiters.poke();
    this.#options.onEvent({ kind: 'worker', worker: this.#describe(worker), from: from.name, cause: 'why' in worker.state ? worker.state.why : '' });
    this.#save();
  }

  #said(worker: Worker, message: AgentMessage): void {
    if (message.kind === 'ack' || message.kind === 'peers-ack') this.#waiters.poke();
    if (message.kind === 'listening') this.#refreshPeers(worker.spec.service);
    if (PASSED_ON.has(message.kind)) this.#options.onEvent({ kind: 'agent', worker: this.#describe(worker), message });
  }

  #refreshPeers(service: string): void {
    const known = this.#roster.refresh(service, this.#live(service));
    if (known !== null) this.#options.onEvent({ kind: 'peers', service, epoch: known.epoch, peers: known.peers });
  }

  async #ensureSlots(spec: FullSpec, workers: number): Promise<void> {
    const slots = this.#slots(spec.service);
    if (spec.publicSlots !== 'none' && slots.places.length > 0) await slots.open(slots.places, workers);
  }

  /** Another pool of the service may still hold them (a promotion): the largest one counts. */
  #releaseSlots(service: string): void {
    const holders = this.pools().filter((pool) => pool.spec.service === service && pool.spec.publicSlots !== 'none');
    this.#slots(service).shrink(Math.max(1, ...holders.map((pool) => pool.spec.workers)));
  }

  #inspect(worker: Worker): void {
    if (worker.spec.publicSlots === 'none') refusePublicListeners(worker.id, worker.process.pid, this.#slots(worker.spec.service).places);
  }

  #replace(worker: Worker, why: string): void {
    const pool = this.pools().find((one) => one.workers().includes(worker));
    if (pool !== undefined) this.#report(worker.id, `replacing it (${why})`, pool.replace(worker, why));
  }

  async #lookOnce(worker: Worker): Promise<void> {
    if (!worker.spec.memory.snapshot) return;
    try {
      const file = await lastSnapshot(this.#paths.heaps, { id: worker.id, pid: worker.process.pid, logFile: worker.identity.logFile });
      this.#warn(worker.id, `it is over its memory limit; its heap snapshot is ${file}`);
    } catch (error) {
      this.#warn(worker.id, `it is over its memory limit, and gave no heap snapshot: ${StartFailure.from(error).message}`);
    }
  }

  /** Work that nobody waits for; its failure is told. */
  #report(subject: string, what: string, work: Promise<unknown>): void {
    work.catch((error: unknown) => this.#warn(subject, `${what} failed: ${StartFailure.from(error).message}`));
  }

  #warn(subject: string, text: string): void {
    this.#options.onEvent({ kind: 'warning', subject, text });
  }

  #welcome(hello: HelloMessage, link: Link): AgentHandler | null {
    const worker = this.#live().find((one) => one.id === hello.worker);
    if (worker === undefined) return this.#welcomeStranger(hello, link);
    return worker.attach(hello, link);
  }

  /** A supervisor was killed between starting this one and writing that down. It may serve already, so it drains. */
  #welcomeStranger(hello: HelloMessage, link: Link): AgentHandler | null {
    const pool = this.pools().find((one) => hello.worker.startsWith(`${one.spec.service}.${one.spec.version}.`));
    if (!this.#recovered || pool === undefined) {
      this.#warn(hello.worker, `an agent of an unknown worker (process ${hello.pid}) connected and was refused`);
      return null;
    }
    const record: WorkerRecord = {
      id: hello.worker, slot: -1, revision: 0, pid: hello.pid, born: null, state: 'starting', startedWall: this.#clock.wall(),
      logFile: logPlace(this.#paths.logs, pool.spec.service, pool.spec.version, Number(hello.worker.split('.').at(-1))).file, spec: pool.spec, listeners: hello.listeners,
    };
    const worker = adoptWorker(record, this.#clock, this.#workerHost);
    if (worker === null) return null;
    const handler = worker.attach(hello, link);
    this.#dismiss(worker);
    return handler;
  }

  #describe(worker: Worker): WorkerStatus {
    const { id, slot, startedWall, logFile } = worker.identity;
    const { service, version, role } = worker.spec;
    return {
      id, slot, service, version, role, logFile,
      pool: poolId(worker.spec),
      pid: worker.process.pid,
      state: worker.state.name,
      startedAt: startedWall,
      connected: worker.connected,
      node: worker.hello?.node ?? null,
      generation: worker.ackedGeneration,
      vitals: worker.vitals,
    };
  }

  #save(): void {
    const record: FleetRecord = {
      format: RECORD_FORMAT,
      next: this.#nextWorker,
      services: [...this.#services].map(([name, slots]) => ({ name, places: slots.places, slots: slots.count })),
      pools: this.pools().map((pool) => ({ phase: pool.phase, spec: pool.spec, revision: pool.revision, workers: pool.workers().map(workerRecord) })),
    };
    saveRecord(this.#paths.state, record);
  }
}

function workerRecord(worker: Worker): WorkerRecord {
  const { id, slot, revision, startedWall, logFile } = worker.identity;
  return { id, slot, revision, startedWall, logFile, pid: worker.process.pid, born: worker.process.born, state: worker.state.name, spec: worker.spec, listeners: worker.listeners };
}
