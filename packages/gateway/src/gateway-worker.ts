// One gateway process under a supervisor: takes its public sockets and its strategy from it, and every ready worker of its
// service as an upstream. It speaks the agents' side of the control socket.

import { readFileSync } from 'node:fs';
import type { Upstream } from '@graylane/forward';
import { WIRE_VERSION } from '@graylane/wire';
import type { ListenerPlan, ListenerReport, Peer, SupervisorMessage, WorkerBrief, StrategyMessage } from '@graylane/wire';
import { Gateway } from './gateway.ts';
import type { Listen } from './front.ts';
import { SupervisorLink } from './supervisor-link.ts';
import { GatewayVitals } from './vitals.ts';

export interface GatewaySurroundings {
  readonly pid: number;
  readonly node: string;
  readonly random: () => number;
}

const COUNTS_INTERVAL_MS = 1_000;
/** What a gateway says of itself where an agent says its version. */
const GATEWAY_NAME = 'gateway';

/** One gateway per public place: each has the upstreams that serve this place. */
interface Place {
  readonly plan: ListenerPlan;
  readonly gateway: Gateway;
  report: ListenerReport | null;
}

export class GatewayWorker {
  readonly #brief: WorkerBrief;
  readonly #surroundings: GatewaySurroundings;
  readonly #places: Place[];
  readonly #link: SupervisorLink;
  readonly #vitals = new GatewayVitals();
  #draining = false;
  #countsSent = 0;

  constructor(brief: WorkerBrief, surroundings: GatewaySurroundings) {
    this.#brief = brief;
    this.#surroundings = surroundings;
    const { service, version: stable } = brief;
    this.#places = brief.listeners.map((plan) => ({
      plan, report: null,
      gateway: new Gateway({ listen: [listenOf(plan)], service, stable, upstreams: {}, random: surroundings.random }),
    }));
    this.#link = new SupervisorLink({
      path: brief.control,
      random: surroundings.random,
      hello: () => this.#hello(),
      receive: (message) => this.#receive(message),
    });
  }

  async start(): Promise<void> {
    const stored = readStrategy(this.#brief.snapshot);
    if (stored !== null) this.#publish(stored);
    this.#link.start();
    setInterval(() => this.#sendCounts(), COUNTS_INTERVAL_MS).unref();
    if (!this.#brief.hold) await this.#open();
  }

  /** Ends everything at once. */
  close(): void {
    this.#link.close();
    for (const { gateway } of this.#places) gateway.close();
  }

  async #open(): Promise<void> {
    await Promise.all(this.#places.map(async (place) => {
      const { index, port, host } = place.plan;
      try {
        await place.gateway.listen();
      } catch (error) {
        this.#link.send({ kind: 'listen-failed', port, code: codeOf(error) });
        return;
      }
      place.report = { index, port, host, protocol: 'http', socket: '' };
      this.#link.send({ kind: 'listening', listener: place.report });
    }));
  }

  #hello(): Parameters<SupervisorLink['send']>[0] {
    const { pid, node } = this.#surroundings;
    const listeners = this.#places.flatMap(({ report }) => (report === null ? [] : [report]));
    return { kind: 'hello', wire: WIRE_VERSION, worker: this.#brief.worker, pid, node, agent: GATEWAY_NAME, generation: this.#generation(), listeners };
  }

  #receive(message: SupervisorMessage): void {
    switch (message.kind) {
      case 'strategy':
        this.#sendCounts();
        this.#publish(message);
        this.#link.send({ kind: 'ack', generation: message.generation });
        break;
      case 'peers':
        for (const { plan, gateway } of this.#places) gateway.setUpstreams(upstreamsOf(message.peers, plan.index));
        this.#link.send({ kind: 'peers-ack', epoch: message.epoch });
        break;
      case 'open':
        if (this.#places.every(({ report }) => report === null)) void this.#open();
        break;
      case 'ping':
        this.#link.send({ kind: 'pong', n: message.n, vitals: this.#vitals.read(this.#traffic()) });
        break;
      case 'drain':
        if (!this.#draining) void this.#drain(message.graceMs);
        break;
    }
  }

  async #drain(graceMs: number): Promise<void> {
    this.#draining = true;
    await Promise.all(this.#places.map(({ gateway }) => gateway.drain(graceMs)));
    this.#sendCounts();
    this.#link.send({ kind: 'drained' });
  }

  #publish(message: StrategyMessage): void {
    for (const { gateway } of this.#places) gateway.publish(message);
  }

  #generation(): number {
    return this.#places[0]?.gateway.generation ?? 0;
  }

  #traffic(): { readonly inFlight: number; readonly waiting: number } {
    const groups = this.#places.flatMap(({ gateway }) => gateway.stats());
    return { inFlight: groups.reduce((sum, group) => sum + group.inFlight, 0), waiting: groups.reduce((sum, group) => sum + group.waiting, 0) };
  }

  /** What nobody takes stays where it is: it is bounded there, and adds up. */
  #sendCounts(): void {
    if (!this.#link.isHeard) return;
    const counts = this.#places.flatMap(({ gateway }) => gateway.takeCounts());
    const ended = this.#places.map(({ gateway }) => gateway.takeExposures());
    const exposures = ended.flatMap((one) => one.exposures);
    if (counts.length + exposures.length === 0) return;
    this.#countsSent += 1;
    this.#link.send({ kind: 'counts', counts, exposures, users: ended.flatMap(({ users }) => users), seq: this.#countsSent });
  }
}

function listenOf({ fd, port, host }: ListenerPlan): Listen {
  if (fd !== null) return { fd };
  return host === null ? { port } : { port, host };
}

/** What speaks HTTP/1.1 on its private socket. */
function upstreamsOf(peers: readonly Peer[], index: number): Record<string, Upstream[]> {
  const versions: Record<string, Upstream[]> = {};
  for (const { version, listeners } of peers) {
    for (const listener of listeners) {
      if (listener.index !== index || listener.socket === '' || listener.protocol === 'h2c' || listener.protocol === 'tcp') continue;
      (versions[version] ??= []).push({ key: listener.socket, address: { path: listener.socket } });
    }
  }
  return versions;
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
