// The agent of one worker: puts together strategy, servers, forwarding and the control socket, and answers the supervisor.

import type { Server } from 'node:net';
import { WIRE_VERSION, type AgentMessage, type ListenerReport, type PeersMessage, type SupervisorMessage, type WorkerBrief } from '@graylane/wire';
import { Announcer } from './announce.ts';
import type { AppServer } from './app-server.ts';
import { equip } from './context/enter.ts';
import { Control } from './control.ts';
import { Counting } from './counting.ts';
import { Counts } from './counts.ts';
import { Courses } from './course.ts';
import { drain, inFlight } from './drain.ts';
import { guardEvents, isGuarded } from './events.ts';
import { Faults } from './faults.ts';
import { LateForwarder } from './forwarding.ts';
import { Gate } from './gate.ts';
import { handleOf } from './internals.ts';
import { watchListen } from './listen-hook.ts';
import { Opener } from './opener.ts';
import { Peers } from './peers.ts';
import { loadPart } from './part.ts';
import type { ReportUnroutable } from './raw-server.ts';
import { readSnapshot, Strategy } from './strategy.ts';
import { AGENT_VERSION } from './version.ts';
import { VitalSigns } from './vitals.ts';

/** How often counts go to the supervisor. */
const COUNTS_INTERVAL_MS = 1000;

/** What the agent takes from its process, so that tests can give something else. */
export interface Surroundings {
  readonly pid: number;
  readonly node: string;
  readonly random: () => number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Milliseconds from any origin, never going back. */
  readonly monotonic: () => number;
  /** Node's IPC channel to the parent, if there is one: it can carry a socket. */
  readonly sendHandle: ((message: object, handle: object) => void) | null;
}

interface Guarded {
  readonly app: AppServer;
  readonly gate: Gate;
  report: ListenerReport | null;
}

export class Agent {
  readonly #brief: WorkerBrief;
  readonly #surroundings: Surroundings;
  readonly #faults: Faults;
  readonly #counts = new Counts();
  readonly #counting: Counting;
  readonly #strategy: Strategy;
  readonly #forwarder: LateForwarder;
  readonly #peers: Peers;
  readonly #courses: Courses;
  readonly #announcer: Announcer;
  readonly #opener: Opener;
  readonly #control: Control;
  readonly #unroutable: ReportUnroutable = (reason, detail, cure) => this.#control.send({ kind: 'unroutable', reason, detail, cure });
  readonly #servers = new Set<Guarded>();
  #vitals: VitalSigns | null = null;
  #draining = false;
  #countsSent = 0;
  #silenceExplained = false;

  constructor(brief: WorkerBrief, surroundings: Surroundings) {
    const { random, now, monotonic } = surroundings;
    this.#brief = brief;
    this.#surroundings = surroundings;
    this.#faults = new Faults((report) => this.#control.send({ kind: 'fault', ...report }), now);
    this.#strategy = new Strategy({ service: brief.service, version: brief.version, counts: this.#counts, send: (message) => this.#control.send(message), fault: (place, fault) => this.#faults.note(place, fault), random, now });
    this.#counting = new Counting(brief.version, monotonic);
    this.#forwarder = new LateForwarder(random);
    this.#peers = new Peers(this.#forwarder, brief.worker);
    this.#courses = new Courses(brief, this.#peers, this.#counts);
    this.#announcer = new Announcer(brief, this.#strategy);
    this.#control = new Control({
      path: brief.control,
      hello: () => this.#hello(),
      receive: (message) => this.#faults.guard(`message ${message.kind}`, () => this.#receive(message), undefined),
      fault: (place, fault) => this.#faults.note(place, fault),
      random,
    });
    this.#opener = this.#makeOpener();
  }

  /** Hooks the process. From here on nothing of the agent may throw into the app. */
  start(): void {
    this.#faults.guard('snapshot', () => this.#loadSnapshot(), undefined);
    watchListen(this.#opener);
    this.#control.start();
    setInterval(() => this.#sendCounts(), COUNTS_INTERVAL_MS).unref();
  }

  #loadSnapshot(): void {
    const message = readSnapshot(this.#brief.snapshot);
    if (message === null) return;
    this.#strategy.publish(message);
    this.#equip();
  }

  /** What follows from the strategy in force: limits, and where it has several services what carries requests on through the app. */
  #equip(): void {
    const { current } = this.#strategy;
    if (current === null) return;
    this.#forwarder.setLimits(current.limits);
    const fault = (place: string, error: unknown): void => this.#faults.note(place, error);
    this.#faults.guard('propagation', () => equip(current.message.snapshot, { adopt: (baggage) => this.#strategy.adopt(baggage), fault }), undefined);
  }

  #makeOpener(): Opener {
    return new Opener(this.#brief, this.#surroundings.pid, {
      opening: (app) => this.#guard(app),
      opened: (app, report) => this.#opened(app, report),
      closed: (app) => this.#closed(app),
      failed: (port, code) => this.#control.send({ kind: 'listen-failed', port, code }),
      unroutable: this.#unroutable,
      donate: (server, place) => this.#donate(server, { graylane: 'donate', worker: this.#brief.worker, ...place }),
    }, this.#faults);
  }

  #guard(app: AppServer): void {
    const gate = new Gate(app, {
      routes: this.#brief.role === 'stable',
      strategy: this.#strategy,
      courses: this.#courses,
      announcer: this.#announcer,
      counting: this.#counting,
      forwarding: this.#forwarder,
      faults: this.#faults,
    });
    if (this.#draining) gate.drain();
    if (app.protocol === 'tcp') this.#examine(app);
    this.#servers.add({ app, gate, report: null });
    if (app.protocol !== 'tcp') guardEvents(app, gate);
  }

  #examine(app: AppServer): void {
    loadPart('protocols').examineRawServer({ isGuarded, port: app.report().port, report: this.#unroutable });
  }

  #opened(app: AppServer, report: ListenerReport): void {
    for (const guarded of this.#servers) if (guarded.app === app) guarded.report = report;
    this.#control.send({ kind: 'listening', listener: report });
  }

  #closed(app: AppServer): void {
    for (const guarded of this.#servers) if (guarded.app === app) this.#servers.delete(guarded);
  }

  #donate(server: Server, message: object): void {
    const handle = handleOf(server);
    if (handle !== null) this.#surroundings.sendHandle?.(message, handle);
  }

  #hello(): AgentMessage {
    const { pid, node } = this.#surroundings;
    const listeners = [...this.#servers].flatMap(({ report }) => (report === null ? [] : [report]));
    return { kind: 'hello', wire: WIRE_VERSION, worker: this.#brief.worker, pid, node, agent: AGENT_VERSION, generation: this.#strategy.generation, listeners };
  }

  #receive(message: SupervisorMessage): void {
    switch (message.kind) {
      case 'strategy':
        this.#sendCounts();
        this.#strategy.publish(message);
        this.#strategy.lanes.loaded?.arrived(message.generation);
        this.#control.send({ kind: 'ack', generation: message.generation });
        if (message.staged !== true) this.#equip();
        break;
      case 'begin':
        if (this.#strategy.begin(message.generation)) this.#equip();
        this.#strategy.lanes.need().sayInFlight();
        break;
      case 'keys':
        this.#strategy.lanes.setKeys(message.ring);
        this.#strategy.overrides = message.overrides;
        this.#control.send({ kind: 'keys-ack', epoch: message.epoch });
        break;
      case 'peers':
        this.#meet(message);
        break;
      case 'open':
        this.#opener.release();
        for (const { app } of this.#servers) app.openPublic();
        break;
      case 'accept':
        this.#opener.acceptFor(message.slots);
        for (const { app } of this.#servers) app.acceptFor(message.slots);
        break;
      case 'ping':
        this.#control.send({ kind: 'pong', n: message.n, vitals: this.#readVitals() });
        if (this.#servers.size === 0 && !this.#silenceExplained) this.#silenceExplained = loadPart('protocols').examineSilentApp(this.#unroutable);
        break;
      case 'drain':
        this.#drain(message.graceMs);
        break;
    }
  }

  /** Peers of this version only are nobody to forward to. Without a forwarder everybody is served here. */
  #meet({ epoch, peers }: PeersMessage): void {
    this.#faults.guard('peers', () => {
      if (peers.some(({ version }) => version !== this.#brief.version)) this.#forwarder.load();
      this.#peers.replace(peers);
    }, undefined);
    this.#control.send({ kind: 'peers-ack', epoch });
  }

  #readVitals(): ReturnType<VitalSigns['read']> {
    this.#vitals ??= new VitalSigns();
    return this.#vitals.read({ inFlight: inFlight(this.#apps()), ...this.#forwarder.traffic });
  }

  #drain(graceMs: number): void {
    if (this.#draining) return;
    this.#draining = true;
    this.#control.hold();
    for (const { gate } of this.#servers) gate.drain();
    drain({ servers: () => this.#apps(), graceMs, now: this.#surroundings.now, drained: () => this.#drained() });
  }

  #apps(): AppServer[] {
    return [...this.#servers].map(({ app }) => app);
  }

  #drained(): void {
    this.#sendCounts();
    this.#control.send({ kind: 'drained' });
  }

  /** What nobody takes stays where it is: it is bounded there, and adds up. */
  #sendCounts(): void {
    if (!this.#control.isHeard) return;
    const counts = this.#counts.take();
    const { exposures, users } = this.#counting.take();
    if (counts.length + exposures.length === 0) return;
    this.#countsSent += 1;
    this.#control.send({ kind: 'counts', counts, exposures, users, seq: this.#countsSent });
  }
}
