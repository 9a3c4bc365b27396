// A machine that follows a server: pools and strategy as it is told, its last orders when nobody tells. Carries no traffic.

import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { listenOnSocket, NodeLink, systemClock, withDelta, type CountEntry, type Effects, type Listening, type NodeCredentials, type NodeReport, type Offer, type PoolWish, type ServerMessage } from '@graylane/control';
import { Fleet, type FleetEvent, type Keeper } from '@graylane/pool';
import type { ServiceSpec, Snapshot } from '@graylane/rules';
import type { Peer } from '@graylane/wire';
import { preparePlace, type Place } from '../place.ts';
import { agentFile } from '../up/agent-file.ts';
import { placesOf } from '../up/specs.ts';
import { processesApp } from '../up/api.ts';
import { Machine } from '../up/machine.ts';
import { Processes } from '../up/processes.ts';
import { removeProcessFile, writeProcessFile } from '../up/process-file.ts';
import { readOrders, writeOrders, type Orders } from './last-orders.ts';
import { isDistant, Passage, type PassageOptions } from './passage.ts';
import { WishKeeper } from './wish-keeper.ts';

export interface JoinOptions {
  readonly place: Place;
  readonly environment: NodeJS.ProcessEnv;
  readonly gateways: number;
  readonly keeper: Keeper | null;
  readonly servers: readonly string[];
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly runs: (wish: Pick<PoolWish, 'service' | 'version' | 'role'>) => boolean;
  readonly credentials: () => NodeCredentials;
  /** The address that public places without one are opened on; null for all. */
  readonly bind: string | null;
  /** Where exchanges of other machines come in, or null. */
  readonly passage: PassageOptions | null;
  readonly onEvent: (event: FleetEvent) => void;
  readonly say: (line: string) => void;
}

export interface Joined {
  /** Resolves once something is served: under a server's word, or under the last orders. */
  readonly serving: Promise<void>;
  generation(): number;
  down(): Promise<void>;
}

/** Counts go out so often; a server that is slow gets them later, and whole. */
const COUNTS_EVERY_MS = 2_000;
/** What changes in one moment is reported once. */
const REPORT_AFTER_MS = 50;
/** Generations that requests may still carry, as data planes keep them. */
const HELD = 8;
const KEYS_LIMIT_MS = 1_000;
const STAGE_LIMIT_MS = 100;

export async function startJoined(options: JoinOptions): Promise<Joined> {
  const { place, environment } = options;
  preparePlace(place, environment);
  const node = new JoinedMachine(options);
  try {
    await node.start();
    return { serving: node.serving, generation: () => node.generation, down: () => node.down() };
  } catch (error) {
    await node.down();
    throw error;
  }
}

class JoinedMachine {
  readonly serving: Promise<void>;
  readonly #options: JoinOptions;
  readonly #fleet: Fleet;
  readonly #machine: Machine;
  readonly #keeper: WishKeeper;
  readonly #link: NodeLink;
  readonly #passage: Passage;
  readonly #ordersFile: string;
  readonly #held = new Map<number, Snapshot>();
  readonly #peers = new Map<string, readonly Peer[]>();
  #orders: Orders;
  #counts: CountEntry[] = [];
  #serves: () => void = () => undefined;
  #cancelReport: (() => void) | null = null;
  #cancelCounts: () => void = () => undefined;
  #api: Listening | null = null;
  #turn: Promise<void> = Promise.resolve();

  constructor(options: JoinOptions) {
    const { place, environment } = options;
    this.#options = options;
    this.#ordersFile = join(place.state, 'orders.json');
    this.#orders = readOrders(this.#ordersFile);
    this.serving = new Promise((resolve) => { this.#serves = resolve; });
    this.#fleet = new Fleet({
      runDir: place.run, agentFile: agentFile(), env: environment, ...(options.keeper === null ? {} : { keeper: options.keeper }),
      onEvent: (event) => this.#happened(event),
    });
    this.#machine = new Machine({ fleet: this.#fleet, base: place.project, gateways: options.gateways });
    this.#passage = new Passage({ run: place.run, name: options.name, options: options.passage, onFault: (what, error) => options.say(`! ${what}: ${messageOf(error)}`), onPeers: (service, peers) => this.#fleet.setDistant(service, peers) });
    this.#keeper = new WishKeeper({
      effects: boundTo(options.bind, this.#machine), clock: systemClock, runs: options.runs, onChange: () => this.#reportSoon(),
      onFault: (what, error) => options.say(`! ${what}: ${messageOf(error)}`),
    });
    this.#link = new NodeLink({
      servers: options.servers, name: options.name, labels: options.labels, forward: options.passage?.advertise ?? null, credentials: options.credentials,
      boot: randomUUID(), clock: systemClock, random: Math.random, generation: () => this.#orders.generation,
      onMessage: (message) => this.#told(message), onState: (server, why) => this.#linkState(server, why),
    });
  }

  get generation(): number {
    return this.#orders.generation;
  }

  async start(): Promise<void> {
    await this.#fleet.listen();
    await this.#fleet.recover();
    await this.#passage.start();
    const { snapshot, generation, wishes } = this.#orders;
    if (snapshot !== null) {
      this.#hold(generation, snapshot);
      await this.#machine.publish(snapshot, generation);
    }
    if (wishes.length > 0) this.#want(wishes);
    this.#api = await listenOnSocket(processesApp(new Processes(this.#fleet), this.#options.servers), this.#options.place.api);
    writeProcessFile(this.#options.place.run, process.pid);
    this.#countLater();
    this.#link.start();
  }

  async down(): Promise<void> {
    this.#cancelReport?.();
    this.#cancelCounts();
    this.#sendCounts();
    this.#link.stop();
    await this.#api?.close();
    await this.#keeper.stop();
    await this.#fleet.down();
    await this.#passage.stop();
    removeProcessFile(this.#options.place.run);
  }

  #happened(event: FleetEvent): void {
    if (event.kind === 'agent' && event.message.kind === 'counts') {
      // The process is part of who counts: a worker's number comes again when a machine is set up anew.
      this.#counts.push({ worker: `${event.worker.id}@${event.worker.pid}`, service: event.worker.service, message: event.message });
      return;
    }
    if (event.kind === 'peers') {
      this.#peers.set(event.service, event.peers);
      this.#passage.local(this.#peers);
    }
    if (event.kind === 'peers' || event.kind === 'worker' || event.kind === 'pool') this.#reportSoon();
    this.#options.onEvent(event);
  }

  #told(message: ServerMessage): void {
    switch (message.kind) {
      case 'strategy':
        this.#stage(message.generation, message.snapshot);
        break;
      case 'delta': {
        const base = this.#held.get(message.from);
        const snapshot = base === undefined ? null : withDelta(base, message.delta);
        if (snapshot === null) this.#link.send({ kind: 'lost', generation: message.generation });
        else this.#stage(message.generation, snapshot);
        break;
      }
      case 'begin':
        this.#inTurn(() => this.#begin(message.generation));
        break;
      case 'pools':
        this.#save({ ...this.#orders, wishes: message.wishes });
        this.#want(message.wishes);
        break;
      case 'keys':
        void this.#fleet.setKeys(message.keys, KEYS_LIMIT_MS).then((everybody) => {
          if (everybody) this.#link.send({ kind: 'keyed', digest: message.digest });
        });
        break;
      case 'endpoints':
        this.#passage.remote(message.endpoints.filter(({ node }) => node !== this.#options.name));
        break;
      case 'welcome': case 'refused': case 'counted': case 'ping':
        break;
    }
  }

  /** Workers have it before the server hears that this machine does. */
  #stage(generation: number, snapshot: Snapshot): void {
    this.#hold(generation, snapshot);
    this.#inTurn(async () => {
      await this.#fleet.stage({ kind: 'strategy', generation, snapshot, staged: true }, STAGE_LIMIT_MS);
      this.#link.send({ kind: 'ack', generation });
    });
  }

  #hold(generation: number, snapshot: Snapshot): void {
    this.#held.set(generation, snapshot);
    for (const old of [...this.#held.keys()].sort((a, b) => a - b).slice(0, -HELD)) this.#held.delete(old);
  }

  async #begin(generation: number): Promise<void> {
    const snapshot = this.#held.get(generation);
    // A generation never goes back, whatever a server that was restored says.
    if (snapshot !== undefined && generation > this.#orders.generation) {
      await this.#machine.publish(snapshot, generation);
      this.#save({ ...this.#orders, generation, snapshot });
      this.#look();
    }
    if (generation <= this.#orders.generation) this.#link.send({ kind: 'begun', generation });
  }

  /** Strategies one after the other, in the order in which they came. */
  #inTurn(body: () => Promise<void>): void {
    this.#turn = this.#turn.then(body).catch((error: unknown) => this.#options.say(`! strategy: ${messageOf(error)}`));
  }

  #want(wishes: readonly PoolWish[]): void {
    this.#keeper.want(wishes);
  }

  #save(orders: Orders): void {
    this.#orders = orders;
    try {
      writeOrders(this.#ordersFile, orders);
    } catch (error) {
      this.#options.say(`! the last orders cannot be kept for a restart: ${messageOf(error)}`);
    }
  }

  #reportSoon(): void {
    this.#cancelReport ??= systemClock.after(REPORT_AFTER_MS, () => {
      this.#cancelReport = null;
      this.#look();
      const report: NodeReport = { kind: 'report', pools: this.#keeper.reports(), workers: this.#machine.workers(), offers: offersOf(this.#peers) };
      this.#link.report(report);
    });
  }

  /** The first time that all that it should run is ready. */
  #look(): void {
    const reports = this.#keeper.reports();
    if (this.#orders.generation > 0 && reports.length > 0 && reports.every(({ state }) => state === 'ready' || state === 'elsewhere')) this.#serves();
  }

  #countLater(): void {
    this.#cancelCounts = systemClock.after(COUNTS_EVERY_MS, () => {
      this.#sendCounts();
      this.#countLater();
    });
  }

  #sendCounts(): void {
    const entries = this.#counts;
    this.#counts = [];
    this.#link.counts(entries);
  }

  #linkState(server: string, why: string | null): void {
    if (why === null) this.#options.say(`joined ${server} as ${this.#options.name}`);
    else this.#options.say(`! ${server}: ${why}${this.#orders.generation > 0 ? `; going on under generation ${this.#orders.generation}` : ''}`);
  }
}

/** The strategy says ports; on which address they are opened is this machine's own matter. */
function boundTo(bind: string | null, machine: Machine): Effects {
  if (bind === null) return machine;
  const host = bind.includes(':') ? `[${bind}]` : bind;
  const here = (listen: ServiceSpec['listen']): ServiceSpec['listen'] => placesOf(listen).map(({ port, host: own }) => `${own ?? host}:${port}`);
  return {
    publish: (snapshot, generation, isUrgent) => machine.publish(snapshot, generation, isUrgent),
    ensureVersion: (service, version, spec, listen) => machine.ensureVersion(service, version, spec, here(listen)),
    retireVersion: (service, version) => machine.retireVersion(service, version),
    prepareStable: (service, version, spec, listen) => machine.prepareStable(service, version, spec, here(listen)),
    openStable: (service, version) => machine.openStable(service, version),
    retireStable: (service, version) => machine.retireStable(service, version),
    workers: () => machine.workers(),
  };
}

function offersOf(peers: ReadonlyMap<string, readonly Peer[]>): readonly Offer[] {
  const offers = new Map<string, Offer>();
  for (const [service, all] of peers) {
    for (const { version, listeners, worker } of all) {
      if (isDistant(worker)) continue;
      const routable = listeners.filter(({ socket }) => socket !== '');
      if (routable.length > 0) offers.set(`${service}/${version}`, { service, version, listeners: routable.map(({ index, protocol, port, host }) => ({ index, protocol, port, host })) });
    }
  }
  return [...offers.values()];
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
