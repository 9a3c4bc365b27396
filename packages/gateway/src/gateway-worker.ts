// One gateway process under a supervisor: takes its public sockets and its strategy from it. It speaks the agents' side of the
// control socket, and knows of what it serves only what a plane says.

import { readFileSync } from 'node:fs';
import { WIRE_VERSION } from '@graylane/wire';
import type { ListenerReport, StrategyMessage, SupervisorMessage, WorkerBrief } from '@graylane/wire';
import { PeersPlane } from './peers-plane.ts';
import type { Plane } from './plane.ts';
import { SupervisorLink } from './supervisor-link.ts';
import { GatewayVitals } from './vitals.ts';

export interface GatewaySurroundings {
  readonly pid: number;
  readonly node: string;
  readonly random: () => number;
  /** It was not started by the supervisor that it speaks with. */
  readonly isGuest?: boolean;
}

const COUNTS_INTERVAL_MS = 1_000;
/** What a gateway says of itself where an agent says its version. */
const GATEWAY_NAME = 'gateway';
/** Strategies that have come and have not begun: the next ones replace them. */
const STAGED_LIMIT = 8;

export class GatewayWorker {
  readonly #brief: WorkerBrief;
  readonly #surroundings: GatewaySurroundings;
  readonly #plane: Plane;
  readonly #reports: ListenerReport[] = [];
  readonly #staged = new Map<number, StrategyMessage>();
  readonly #link: SupervisorLink;
  readonly #vitals = new GatewayVitals();
  #opening = false;
  #draining = false;
  #countsSent = 0;

  constructor(brief: WorkerBrief, surroundings: GatewaySurroundings, plane: Plane = new PeersPlane(brief.service, brief.version, brief.listeners, surroundings.random)) {
    this.#brief = brief;
    this.#surroundings = surroundings;
    this.#plane = plane;
    this.#link = new SupervisorLink({
      path: brief.control,
      random: surroundings.random,
      hello: () => this.#hello(),
      receive: (message) => this.#receive(message),
    });
    plane.lanes.reports = {
      fetch: (generation) => this.#link.send({ kind: 'fetch', generation }),
      left: (generation) => {
        if (generation < plane.generation) this.#sayInFlight();
      },
    };
  }

  async start(): Promise<void> {
    const stored = readStrategy(this.#brief.snapshot);
    if (stored !== null) this.#plane.publish(stored);
    await this.#plane.prepare();
    this.#link.start();
    setInterval(() => this.#sendCounts(), COUNTS_INTERVAL_MS).unref();
    if (!this.#brief.hold) await this.#open();
  }

  /** Ends everything at once. */
  close(): void {
    this.#link.close();
    this.#plane.close();
  }

  async #open(): Promise<void> {
    if (this.#opening) return;
    this.#opening = true;
    // With Unix sockets only there is no place to speak of, and everything has been opened already.
    if (this.#brief.listeners.length === 0) this.#listens({ index: 0, port: 0, host: null, protocol: 'http', socket: '' });
    await Promise.all(this.#brief.listeners.map(async (plan) => {
      const { index, port, host } = plan;
      try {
        await this.#plane.open(plan);
      } catch (error) {
        this.#link.send({ kind: 'listen-failed', port, code: codeOf(error) });
        return;
      }
      this.#listens({ index, port, host, protocol: 'http', socket: '' });
    }));
  }

  #listens(report: ListenerReport): void {
    this.#reports.push(report);
    this.#link.send({ kind: 'listening', listener: report });
  }

  #hello(): Parameters<SupervisorLink['send']>[0] {
    const { pid, node } = this.#surroundings;
    return { kind: 'hello', wire: WIRE_VERSION, worker: this.#brief.worker, pid, node, agent: GATEWAY_NAME, generation: this.#plane.generation, listeners: [...this.#reports], ...(this.#surroundings.isGuest === true ? { guest: this.#brief.service } : {}) };
  }

  #receive(message: SupervisorMessage): void {
    switch (message.kind) {
      case 'strategy':
        if (message.staged === true) this.#stage(message);
        else this.#publish(message);
        this.#plane.lanes.arrivals.arrived(message.generation);
        this.#link.send({ kind: 'ack', generation: message.generation });
        break;
      case 'begin': {
        const staged = this.#staged.get(message.generation);
        if (staged !== undefined) this.#publish({ kind: 'strategy', generation: staged.generation, snapshot: staged.snapshot });
        this.#sayInFlight();
        break;
      }
      case 'peers':
        this.#plane.setPeers(message.peers);
        this.#link.send({ kind: 'peers-ack', epoch: message.epoch });
        break;
      case 'keys':
        this.#plane.lanes.setKeys(message.ring, message.overrides);
        this.#link.send({ kind: 'keys-ack', epoch: message.epoch });
        break;
      case 'open':
        void this.#open();
        break;
      case 'accept':
        // It inherits the sockets of its own slot only (decision 0407).
        break;
      case 'ping':
        this.#link.send({ kind: 'pong', n: message.n, vitals: this.#vitals.read(this.#plane.traffic()) });
        break;
      case 'drain':
        if (!this.#draining) void this.#drain(message.graceMs);
        break;
    }
  }

  /** What began before, and what is under way with it. */
  #sayInFlight(): void {
    const current = this.#plane.generation;
    this.#link.send({ kind: 'in-flight', current, oldest: this.#plane.lanes.inFlight.oldest(current) });
  }

  /** Kept at once for requests that carry it already. */
  #stage(message: StrategyMessage): void {
    this.#plane.publish(message);
    this.#staged.set(message.generation, message);
    const [oldest] = this.#staged.keys();
    if (this.#staged.size > STAGED_LIMIT && oldest !== undefined) this.#staged.delete(oldest);
  }

  #publish(message: StrategyMessage): void {
    this.#sendCounts();
    this.#plane.publish(message);
    for (const generation of this.#staged.keys()) if (generation <= message.generation) this.#staged.delete(generation);
  }

  async #drain(graceMs: number): Promise<void> {
    this.#draining = true;
    await this.#plane.drain(graceMs);
    this.#sendCounts();
    this.#link.send({ kind: 'drained' });
  }

  /** What nobody takes stays where it is: it is bounded there, and adds up. */
  #sendCounts(): void {
    if (!this.#link.isHeard) return;
    for (const { service, counts, ended } of this.#plane.takeCounts()) {
      if (counts.length + ended.exposures.length === 0) continue;
      this.#countsSent += 1;
      this.#link.send({ kind: 'counts', service, counts, exposures: ended.exposures, users: ended.users, seq: this.#countsSent });
    }
  }
}

/** The newest published strategy, for a start without a supervisor; null when there is none. */
function readStrategy(path: string): StrategyMessage | null {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return isStrategy(value) ? value : null;
  } catch {
    return null;
  }
}

function isStrategy(value: unknown): value is StrategyMessage {
  return typeof value === 'object' && value !== null && 'generation' in value && typeof value.generation === 'number' && 'snapshot' in value;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN';
}
