// A machine that follows a server: pools and strategy as it is told, its last orders when nobody tells. Carries no traffic.

import { join } from 'node:path';
import { listenOnSocket, systemClock, type Effects, type Listening, type NodeReport, type Offer, type PoolWish, type ServerMessage } from '@graylane/control';
import { Fleet, type FleetEvent, type Keeper } from '@graylane/pool';
import type { ServiceSpec } from '@graylane/rules';
import type { Peer } from '@graylane/wire';
import { preparePlace, type Place } from '../place.ts';
import { agentFile } from '../up/agent-file.ts';
import { placesOf } from '../up/specs.ts';
import { processesApp } from '../up/api.ts';
import { Machine } from '../up/machine.ts';
import { Processes } from '../up/processes.ts';
import { removeProcessFile, writeProcessFile } from '../up/process-file.ts';
import { Follower, messageOf, type Following } from './follower.ts';
import { isDistant, Passage, type PassageOptions } from './passage.ts';
import { WishKeeper } from './wish-keeper.ts';

export interface JoinOptions extends Following {
  readonly place: Place;
  readonly environment: NodeJS.ProcessEnv;
  readonly gateways: number;
  readonly keeper: Keeper | null;
  readonly runs: (wish: Pick<PoolWish, 'service' | 'version' | 'role'>) => boolean;
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

/** What changes in one moment is reported once. */
const REPORT_AFTER_MS = 50;

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
  readonly #follower: Follower;
  readonly #passage: Passage;
  readonly #peers = new Map<string, readonly Peer[]>();
  #serves: () => void = () => undefined;
  #cancelReport: (() => void) | null = null;
  #api: Listening | null = null;

  constructor(options: JoinOptions) {
    const { place, environment } = options;
    this.#options = options;
    this.serving = new Promise((resolve) => { this.#serves = resolve; });
    this.#fleet = new Fleet({
      runDir: place.run, dataDir: place.state, agentFile: agentFile(), env: environment, ...(options.keeper === null ? {} : { keeper: options.keeper }),
      onEvent: (event) => this.#happened(event),
    });
    this.#machine = new Machine({ fleet: this.#fleet, base: place.project, gateways: options.gateways });
    this.#passage = new Passage({ run: place.run, name: options.name, options: options.passage, onFault: (what, error) => options.say(`! ${what}: ${messageOf(error)}`), onPeers: (service, peers) => this.#fleet.setDistant(service, peers) });
    this.#keeper = new WishKeeper({
      effects: boundTo(options.bind, this.#machine), clock: systemClock, runs: options.runs, onChange: () => this.#reportSoon(),
      onFault: (what, error) => options.say(`! ${what}: ${messageOf(error)}`),
    });
    this.#follower = new Follower({
      ...options, fleet: this.#fleet, ordersFile: join(place.state, 'orders.json'), forward: options.passage?.advertise ?? null,
      publish: (snapshot, generation) => this.#machine.publish(snapshot, generation), onBegun: () => this.#look(), onOrder: (message) => this.#told(message),
    });
  }

  get generation(): number {
    return this.#follower.generation;
  }

  async start(): Promise<void> {
    await this.#fleet.listen();
    await this.#fleet.recover();
    await this.#passage.start();
    await this.#follower.resume();
    const { wishes } = this.#follower.orders;
    if (wishes.length > 0) this.#keeper.want(wishes);
    this.#api = await listenOnSocket(processesApp(new Processes(this.#fleet), this.#options.servers), this.#options.place.api);
    writeProcessFile(this.#options.place.run, process.pid);
    this.#follower.start();
  }

  async down(): Promise<void> {
    this.#cancelReport?.();
    this.#follower.stop();
    await this.#api?.close();
    await this.#keeper.stop();
    await this.#fleet.down();
    await this.#passage.stop();
    removeProcessFile(this.#options.place.run);
  }

  #happened(event: FleetEvent): void {
    if (this.#follower.counted(event)) return;
    if (event.kind === 'peers') {
      this.#peers.set(event.service, event.peers);
      this.#passage.local(this.#peers);
    }
    if (event.kind === 'peers' || event.kind === 'worker' || event.kind === 'pool') this.#reportSoon();
    this.#options.onEvent(event);
  }

  #told(message: ServerMessage): void {
    if (message.kind === 'pools') {
      this.#follower.keep({ wishes: message.wishes });
      this.#keeper.want(message.wishes);
    } else if (message.kind === 'endpoints') {
      this.#passage.remote(message.endpoints.filter(({ node }) => node !== this.#options.name));
    }
  }

  #reportSoon(): void {
    this.#cancelReport ??= systemClock.after(REPORT_AFTER_MS, () => {
      this.#cancelReport = null;
      this.#look();
      const report: NodeReport = { kind: 'report', pools: this.#keeper.reports(), workers: this.#machine.workers(), offers: offersOf(this.#peers) };
      this.#follower.report(report);
    });
  }

  /** The first time that all that it should run is ready. */
  #look(): void {
    const reports = this.#keeper.reports();
    if (this.#follower.generation > 0 && reports.length > 0 && reports.every(({ state }) => state === 'ready' || state === 'elsewhere')) this.#serves();
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
