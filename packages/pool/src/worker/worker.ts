// One worker: its process, its agent's link and its state, from start to exit. Knows no other worker and no seat.

import type { AgentMessage, HelloMessage, ListenerReport, Peer, SupervisorMessage, Vitals } from '@graylane/wire';

import { publicListeners } from '../audit.ts';
import type { Clock, Timer } from '../clock.ts';
import type { AgentHandler } from '../control/server.ts';
import type { Encoded, Link } from '../control/link.ts';
import type { StartFailure } from '../failure.ts';
import { lastLines } from '../logs/tail.ts';
import type { FullSpec } from '../spec.ts';
import { exitFailure, lateFailure, unroutableFailure } from './failures.ts';
import { probe } from './probe.ts';
import type { WorkerProcess } from './process.ts';
import { mayProbe, nextState } from './state.ts';
import type { Exit, WorkerEvent, WorkerState } from './state.ts';

export interface WorkerIdentity {
  /** `<service>.<version>.<number>` */
  readonly id: string;
  readonly slot: number;
  /** Other slots whose sockets it has inherited: it can accept on them, too. */
  readonly others: readonly number[];
  /** Which edition of the pool's spec it runs. */
  readonly revision: number;
  readonly logFile: string;
  /** Declared places it must listen on; empty: any one listener makes it ready. */
  readonly places: readonly number[];
  readonly startedWall: number;
}

/** What is known of a worker before its agent speaks. */
export interface Origin { readonly state: WorkerState; readonly listeners: readonly ListenerReport[] }

/** What a worker tells the fleet. */
export interface WorkerHost {
  readonly clock: Clock;
  changed(worker: Worker, from: WorkerState): void;
  connected(worker: Worker): void;
  said(worker: Worker, message: AgentMessage): void;
  /** Resolves when no other agent sends exchanges to this worker any more, or after a bounded wait. */
  forgotten(worker: Worker): Promise<void>;
}

export type Ended = WorkerState & { name: 'exited' };

const PROBE_EVERY_MS = 100;
/** Agents look for a supervisor several times a second. */
const RECONNECT_LIMIT_MS = 2_000;

export class Worker {
  readonly identity: WorkerIdentity;
  readonly spec: FullSpec;
  readonly process: WorkerProcess;
  readonly #host: WorkerHost;
  readonly #ready = Promise.withResolvers<undefined>();
  readonly #gone = Promise.withResolvers<Ended>();
  readonly #drained = Promise.withResolvers<undefined>();
  readonly #attached = Promise.withResolvers<undefined>();
  readonly #isAdopted: boolean;
  #state: WorkerState;
  #link: Link | null = null;
  #hello: HelloMessage | null = null;
  #listeners: ListenerReport[] = [];
  #vitals: Vitals | null = null;
  #vitalsAt = 0;
  #listenFailure: { port: number; code: string } | null = null;
  #failure: StartFailure | null = null;
  #lastPongMs: number;
  #ackedGeneration = 0;
  #ackedEpoch = 0;
  #leaving: Promise<Ended> | null = null;
  #startTimer: Timer | null = null;

  constructor(identity: WorkerIdentity, spec: FullSpec, process: WorkerProcess, origin: Origin, host: WorkerHost) {
    const { state } = origin;
    this.identity = identity;
    this.spec = spec;
    this.process = process;
    this.#host = host;
    this.#state = state;
    this.#isAdopted = state.name !== 'starting';
    this.#listeners = [...origin.listeners];
    this.#lastPongMs = host.clock.now();
    // Nobody may be waiting when a start fails; the failure is also in `failure`.
    this.#ready.promise.catch(() => undefined);
    process.onExit((exit) => this.#exited(exit));
    if (state.name === 'starting') this.#startTimer = host.clock.after(spec.ready.timeoutMs, () => this.#late());
    else this.#ready.resolve(undefined);
  }

  get id(): string { return this.identity.id; }
  get state(): WorkerState { return this.#state; }
  get listeners(): readonly ListenerReport[] { return this.#listeners; }
  get vitals(): Vitals | null { return this.#vitals; }
  /** By the wall clock. */
  get vitalsAt(): number { return this.#vitalsAt; }
  get connected(): boolean { return this.#link !== null; }
  get hello(): HelloMessage | null { return this.#hello; }
  get ackedGeneration(): number { return this.#ackedGeneration; }
  get ackedEpoch(): number { return this.#ackedEpoch; }
  get lastPongMs(): number { return this.#lastPongMs; }
  /** Why it never became ready, once that is certain. */
  get failure(): StartFailure | null { return this.#failure; }

  /** Rejects with StartFailure, after which the process is being ended. */
  ready(): Promise<unknown> { return this.#ready.promise; }
  gone(): Promise<Ended> { return this.#gone.promise; }

  /** What others need to forward to it; null while it takes no forwarded exchanges. */
  peer(): Peer | null {
    if (this.#state.name !== 'ready' || this.#listeners.length === 0 || this.spec.role === 'gateway') return null;
    return { worker: this.id, version: this.spec.version, listeners: this.#listeners };
  }

  send(message: SupervisorMessage): void { this.#link?.send(message); }
  sendEncoded(bytes: Encoded): void { this.#link?.sendEncoded(bytes); }

  /** The app itself said so over Node's IPC channel. */
  saidReady(): void { this.#apply({ kind: 'said-ready' }); }

  /** Heartbeats are missing; the caller has decided how many are too many. */
  stalled(): void { this.#apply({ kind: 'stalled' }); }

  /** The agent has connected, for the first time or again. */
  attach(hello: HelloMessage, link: Link): AgentHandler {
    this.#link?.close();
    this.#link = link;
    this.#hello = hello;
    this.#listeners = [...hello.listeners];
    this.#ackedGeneration = hello.generation;
    this.#ackedEpoch = 0;
    this.#lastPongMs = this.#host.clock.now();
    this.#attached.resolve(undefined);
    this.#host.connected(this);
    this.#apply({ kind: 'agent-connected' });
    this.#apply({ kind: 'answered' });
    for (const listener of hello.listeners) this.#apply({ kind: 'listening', index: listener.index });
    return {
      message: (message) => this.#hear(message),
      closed: () => {
        if (this.#link === link) this.#link = null;
      },
    };
  }

  /** Stops accepting, finishes what is in flight, then ends. The same promise for every caller. */
  drain(why: string, graceMs: number = this.spec.drainTimeoutMs): Promise<Ended> {
    this.#leaving ??= this.#leave(why, graceMs);
    return this.#leaving;
  }

  /** Ends a worker that serves nobody: SIGTERM now, SIGKILL at the kill timeout. */
  terminate(why: string): Promise<Ended> {
    this.#leaving ??= this.#end(why);
    return this.#leaving;
  }

  async #leave(why: string, graceMs: number): Promise<Ended> {
    this.#apply({ kind: 'drain', why });
    await this.#host.forgotten(this);
    // Adopted a moment ago: its agent is on the way back, and what it has in flight must not meet SIGTERM.
    if (this.#link === null && this.#isAdopted) await this.#within(Math.min(graceMs, RECONNECT_LIMIT_MS), Promise.race([this.#attached.promise, this.#gone.promise]));
    if (this.#link !== null) {
      this.#link.send({ kind: 'drain', graceMs });
      await this.#within(graceMs, Promise.race([this.#drained.promise, this.#gone.promise]));
    }
    return this.#end(why);
  }

  async #end(why: string): Promise<Ended> {
    this.#apply({ kind: 'terminate', why });
    this.process.signal('SIGTERM');
    await this.#within(this.spec.killTimeoutMs, this.#gone.promise);
    // Also when it has ended: nothing that it started may stay behind and hold its sockets.
    this.process.killAll();
    return this.#gone.promise;
  }

  #hear(message: AgentMessage): void {
    switch (message.kind) {
      case 'listening':
        this.#listeners = [...this.#listeners.filter((known) => known.index !== message.listener.index), message.listener];
        this.#apply({ kind: 'listening', index: message.listener.index });
        break;
      case 'listen-failed': this.#listenFailure = { port: message.port, code: message.code }; break;
      case 'unroutable': this.#fail(unroutableFailure(this, message)); break;
      case 'ack': this.#ackedGeneration = Math.max(this.#ackedGeneration, message.generation); break;
      case 'peers-ack': this.#ackedEpoch = Math.max(this.#ackedEpoch, message.epoch); break;
      case 'pong':
        this.#lastPongMs = this.#host.clock.now();
        this.#vitals = message.vitals;
        this.#vitalsAt = this.#host.clock.wall();
        this.#apply({ kind: 'answered' });
        break;
      case 'drained': this.#drained.resolve(undefined); break;
      case 'hello':
      case 'fault':
      case 'counts':
      case 'keys-ack':
      case 'in-flight':
      case 'fetch':
        break;
    }
    this.#host.said(this, message);
  }

  #apply(event: WorkerEvent): void {
    const from = this.#state;
    this.#state = nextState(from, event, this.#host.clock.now());
    if (this.#state === from) return;
    if (this.#state.name !== 'starting') this.#startTimer?.cancel();
    if (from.name === 'starting' && this.#state.name === 'ready') this.#ready.resolve(undefined);
    if (from.name === 'starting' && mayProbe(this.#state) && !mayProbe(from)) this.#startProbing();
    this.#host.changed(this, from);
  }

  #startProbing(): void {
    const path = this.spec.ready.http;
    const listener = this.#listeners[0];
    if (path === null || listener === undefined || this.#state.name !== 'starting') return;
    void probe(listener, path).then((passed) => {
      if (passed) this.#apply({ kind: 'probe-passed' });
      else this.#host.clock.after(PROBE_EVERY_MS, () => this.#startProbing());
    });
  }

  #late(): void {
    if (this.#state.name !== 'starting') return;
    const { pid } = this.process;
    const child = publicListeners(pid, []).find((listener) => listener.pid !== pid) ?? null;
    this.#fail(lateFailure(this, this.#state.owed, this.#listenFailure, child, lastLines(this.identity.logFile)));
  }

  /** During the start this ends the worker; later the pool's owner decides. */
  #fail(failure: StartFailure): void {
    this.#failure ??= failure;
    if (this.#state.name !== 'starting') return;
    this.#ready.reject(this.#failure);
    void this.terminate(failure.reason);
  }

  #exited(exit: Exit): void {
    this.#link?.close();
    if (this.#state.name === 'starting') this.#failure ??= exitFailure(this, exit, this.#listenFailure, lastLines(this.identity.logFile));
    this.#apply({ kind: 'exit', exit });
    if (this.#state.name !== 'exited') return;
    // Settled already unless it ended while starting.
    this.#ready.reject(this.#failure ?? exitFailure(this, exit, null, []));
    this.#gone.resolve(this.#state);
  }

  async #within(ms: number, done: Promise<unknown>): Promise<void> {
    const late = Promise.withResolvers<undefined>();
    const timer = this.#host.clock.after(ms, () => late.resolve(undefined));
    await Promise.race([done, late.promise]);
    timer.cancel();
  }
}
