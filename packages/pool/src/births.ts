// Bringing a worker into the world: its number, its brief, its process, its share of the machine.

import { mkdirSync } from 'node:fs';
import path from 'node:path';

import { readIfThere } from './atomic-file.ts';
import { inOrder, workerBrief } from './brief.ts';
import type { Clock } from './clock.ts';
import { launch, planLaunch, spawnFailure } from './launch.ts';
import { isBoundHandle } from './os/bind.ts';
import { ownerOf } from './os/processes.ts';
import { renice } from './os/priority.ts';
import { logPlace } from './logs/place.ts';
import { receiveNotes } from './notes.ts';
import { cpuShares } from './os/cgroup.ts';
import type { CpuShares } from './os/cgroup.ts';
import { Ownership } from './ownership.ts';
import { checkSocketPath } from './paths.ts';
import type { RunPaths } from './paths.ts';
import type { Services } from './services.ts';
import type { SlotSockets } from './slots.ts';
import type { FullSpec, Place } from './spec.ts';
import { childProcess } from './worker/process.ts';
import type { WorkerState } from './worker/state.ts';
import { Worker } from './worker/worker.ts';
import type { WorkerHost } from './worker/worker.ts';

export interface BirthOptions {
  readonly runDir: string;
  readonly paths: RunPaths;
  readonly agentFile: string;
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  readonly services: Services;
  readonly host: WorkerHost;
  /** Before the process exists: its number is taken and must never be given away twice. */
  readonly numbered: (service: string) => void;
  /** A port that nobody declared has a place now. */
  readonly changed: () => void;
  readonly warn: (subject: string, text: string) => void;
}

export class Births {
  readonly #options: BirthOptions;
  readonly #ownership: Ownership;
  readonly #cpuShares: CpuShares;
  #next = 0;

  constructor(options: BirthOptions) {
    this.#options = options;
    this.#ownership = new Ownership(options.runDir, options.paths, process.geteuid?.() ?? 0);
    this.#cpuShares = cpuShares('/sys/fs/cgroup', readIfThere('/proc/self/cgroup') ?? '', process.pid);
  }

  /** The number of the next worker. */
  get next(): number { return this.#next; }

  continueFrom(next: number): void { this.#next = Math.max(this.#next, next); }

  /** A worker of an earlier supervisor, which must be able to come back. */
  adopt(pid: number): void { this.#ownership.adopt(ownerOf(pid)); }

  /** The control socket is open (again): it must belong to the workers' user. */
  admitToControl(): void { this.#ownership.apply(); }

  /** Throws StartFailure when there is nothing to start, or no way. */
  spawn(slot: number, spec: FullSpec, revision: number): Worker {
    const { paths, clock, services, host } = this.#options;
    const number = this.#next;
    const id = `${spec.service}.${spec.version}.${number}`;
    checkSocketPath(paths, id);
    this.#next += 1;
    this.#options.numbered(spec.service);
    const slots = services.of(spec.service);
    const inherited = spec.publicSlots === 'none' ? null : slots.descriptors(slot, spec.role !== 'gateway');
    const plan = planLaunch(spec, workerBrief(id, spec, slots.places, inherited, paths), this.#options.agentFile, this.#options.env);
    this.#ownership.admit(plan.uid);
    const logFile = logPlace(paths.logs, spec.service, spec.version, number).file;
    mkdirSync(path.dirname(logFile), { recursive: true, mode: 0o750 });
    const child = launch(plan, logFile, inOrder(inherited ?? []));
    if (child.pid === undefined) {
      // What the system said arrives as an event, too late for whoever asked; the failure is worked out from the plan.
      child.once('error', () => undefined);
      throw spawnFailure(spec, plan.command);
    }
    this.#setShare(child.pid, spec);
    const places = slots.places.map((_, index) => index);
    const identity = { id, slot, revision, logFile, places, others: slotsIn(inherited ?? []), startedWall: clock.wall() };
    const worker = new Worker(identity, spec, childProcess(child, child.pid), { state: starting(spec, places, clock.now()), listeners: [] }, host);
    receiveNotes(child, { ready: () => worker.saidReady(), donated: (place, handle) => this.#takeIn(spec.service, place, handle) });
    return worker;
  }

  /** The socket of a port that the first stable worker bound, for those that come after it. */
  #takeIn(service: string, place: Place, handle: unknown): void {
    if (!isBoundHandle(handle)) {
      this.#options.warn(service, `the socket of port ${place.port} did not arrive; a restart of its worker will refuse connections for a moment`);
      return;
    }
    this.#options.services.of(service).adopt(place, handle);
    this.#options.changed();
  }

  #setShare(pid: number, spec: FullSpec): void {
    if (spec.nice !== null) renice(pid, spec.nice);
    if (spec.cpuWeight !== null) this.#cpuShares.assign(pid, `${spec.service}.${spec.version}`, spec.cpuWeight);
  }
}

/** Slots of which it has the socket of every place. */
function slotsIn(inherited: readonly SlotSockets[]): readonly number[] {
  const [first, ...rest] = inherited;
  return first === undefined ? [] : [...first.others.keys()].filter((slot) => rest.every(({ others }) => others.has(slot)));
}

function starting(spec: FullSpec, places: readonly number[], nowMs: number): WorkerState {
  return { name: 'starting', sinceMs: nowMs, owed: { agent: true, places: places.length === 0 ? null : places, message: spec.ready.message, probe: spec.ready.http !== null } };
}
