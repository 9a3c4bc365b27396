// The gateway beside one service that is not Node: requests for it come in through one side and go to the lane's version, and
// what it asks of other services goes out through the other side to theirs. The app only carries `baggage` along.

import { STATUS_CODES } from 'node:http';
import { answerFailure, endGently, failure, inTurn, meaning, ownText, systemClock } from '@graylane/forward';
import type { Upstream } from '@graylane/forward';
import { StreamClient } from '@graylane/forward/relay';
import type { ServicePlan } from '@graylane/rules';
import { GENERATIONS_KEPT } from '@graylane/wire';
import type { ListenerPlan, StrategyMessage } from '@graylane/wire';
import { hostOf } from './ask.ts';
import type { Ask } from './ask.ts';
import { untilQuiet } from './drain.ts';
import { Front } from './front.ts';
import type { FrontHandler, Listen } from './front.ts';
import { upstreamLimits } from './gateway.ts';
import { Hosts } from './hosts.ts';
import { Lanes } from './lanes.ts';
import { DEFAULT_FRONT_LIMITS } from './limits.ts';
import { listenOf } from './peers-plane.ts';
import type { Plane, ServiceCounts } from './plane.ts';
import { ServiceProxy } from './service-proxy.ts';
import { sumOf, type Traffic } from './traffic.ts';

export interface SidecarOptions {
  /** The service beside it. */
  readonly service: string;
  /** Where the app sends what is for other services; null for an app that asks nobody. */
  readonly outbound: Listen | null;
  /** An address of the strategy as an upstream; null for what is none. */
  readonly upstreamOf: (text: string) => Upstream | null;
  readonly random: () => number;
}

type Versions = Readonly<Record<string, readonly Upstream[]>>;

export class Sidecar implements Plane {
  readonly lanes: Lanes = new Lanes(Date.now);
  readonly #options: SidecarOptions;
  readonly #inbound: Front;
  readonly #outbound: Front | null;
  readonly #proxies = new Map<string, ServiceProxy>();
  /** What requests may still be stamped with, newest last. */
  #kept: readonly StrategyMessage[] = [];
  #hosts = new Hosts<string>([]);
  #generation = 0;
  #failure: Error | null = null;
  readonly #first = Promise.withResolvers<undefined>();

  constructor(options: SidecarOptions) {
    this.#options = options;
    const front = { limits: DEFAULT_FRONT_LIMITS, tls: null, http2: false, proxyProtocol: null, now: (): number => systemClock.now() };
    this.#inbound = new Front(front, handlerFor(() => this.#proxy(options.service)));
    this.#outbound = options.outbound === null ? null : new Front(front, handlerFor((ask) => this.#neighbour(ask)));
  }

  get generation(): number {
    return this.#generation;
  }

  /** Why it does not listen, once that was tried. */
  get failure(): Error | null {
    return this.#failure;
  }

  async prepare(): Promise<void> {
    if (this.#options.outbound !== null) await this.#outbound?.listen(this.#options.outbound);
  }

  /** Not before somebody has said which version is stable. */
  async open(plan: ListenerPlan): Promise<void> {
    await this.#first.promise;
    try {
      await this.#inbound.listen(listenOf(plan));
    } catch (error) {
      this.#failure = error instanceof Error ? error : new Error(String(error));
      throw error;
    }
  }

  publish(message: StrategyMessage): void {
    const { generation, snapshot, staged } = message;
    this.#kept = [...this.#kept.filter((one) => one.generation !== generation), message].sort((a, b) => a.generation - b.generation).slice(-(snapshot.settings.keepGenerations ?? GENERATIONS_KEPT));
    for (const { name } of snapshot.services) this.#proxy(name).publish(message);
    // A version that only an older generation names may still have requests on their way to it.
    for (const [name, proxy] of this.#proxies) proxy.setUpstreams(this.#upstreams(name));
    if (staged === true || generation < this.#generation) return;
    this.#generation = generation;
    this.#first.resolve(undefined);
    this.#hosts = new Hosts(snapshot.services.map(({ name, hosts }) => ({ hosts: [name, ...hosts.map(withoutPort)], value: name })));
  }

  setPeers(): void {
    // The versions are not workers of the supervisor.
  }

  takeCounts(): readonly ServiceCounts[] {
    return [...this.#proxies].map(([service, proxy]) => ({ service, counts: proxy.takeCounts(), ended: proxy.takeExposures() }));
  }

  traffic(): Traffic {
    return sumOf([...this.#proxies.values()].map((proxy) => proxy.traffic));
  }

  /** The way out stays open until the last request that came in has gone. */
  async drain(graceMs: number): Promise<void> {
    this.#inbound.drain();
    await untilQuiet(systemClock, graceMs, () => [...this.#proxies.values()].some((proxy) => proxy.isBusy));
    this.#outbound?.drain();
    this.close();
  }

  close(): void {
    this.#inbound.close();
    this.#outbound?.close();
    for (const proxy of this.#proxies.values()) proxy.close();
  }

  #neighbour(ask: Ask): ServiceProxy | null {
    const service = this.#hosts.find(hostOf(ask));
    return service === null ? null : this.#proxy(service);
  }

  #proxy(service: string): ServiceProxy {
    const known = this.#proxies.get(service);
    if (known !== undefined) return known;
    const isOwn = service === this.#options.service;
    const proxy = new ServiceProxy({
      service, lanes: this.lanes,
      // Before the first strategy nobody knows a version, and nothing is served.
      stable: '',
      // Whoever reaches the way out is the app beside, and says whom it asks for.
      trust: 'internal', ...(isOwn ? {} : { believes: 'internal' }),
      mirrors: [], accessLog: null, limits: upstreamLimits({}), clock: systemClock,
      random: this.#options.random, wallClock: Date.now, onEvent: () => undefined,
    });
    this.#proxies.set(service, proxy);
    return proxy;
  }

  #upstreams(service: string): Versions {
    const versions: Record<string, readonly Upstream[]> = {};
    for (const { snapshot } of this.#kept) {
      const plan = snapshot.services.find(({ name }) => name === service);
      if (plan !== undefined) Object.assign(versions, this.#upstreamsOf(plan));
    }
    return versions;
  }

  /** A version without upstreams of its own is behind the public place of its service, where the stamp is followed. */
  #upstreamsOf({ listen, versions }: ServicePlan): Versions {
    const { upstreamOf } = this.#options;
    const door = listen.flatMap((place) => upstreamOf(place.includes(':') ? place : `127.0.0.1:${place}`) ?? []).slice(0, 1);
    return Object.fromEntries(Object.entries(versions).map(([version, addresses]) => [version, addresses.length === 0 ? door : addresses.flatMap((text) => upstreamOf(text) ?? [])]));
  }
}

function withoutPort(host: string): string {
  return host.replace(/:\d+$/, '');
}

/** Gives each request to the proxy that `of` finds; null is a host that is none of the strategy's. */
function handlerFor(of: (ask: Ask) => ServiceProxy | null): FrontHandler {
  return {
    request: (req, res, ask) => {
      const proxy = of(ask);
      if (proxy === null) answerFailure(req, res, failure('unknown-host', hostOf(ask)), !req.complete);
      else proxy.request(req, res, ask);
    },
    upgrade: (req, socket, early, ask) => {
      const proxy = of(ask);
      if (proxy !== null) {
        proxy.upgrade(req, socket, early, ask);
        return;
      }
      const what = failure('unknown-host', hostOf(ask));
      inTurn(socket, () => {
        socket.write(ownText(what, STATUS_CODES[meaning(what.reason).status] ?? 'Error'), 'latin1');
        endGently(socket);
      });
    },
    stream: (stream, ask, kind) => {
      const proxy = of(ask);
      if (proxy === null) StreamClient.refuse(stream, ask.method, failure('unknown-host', hostOf(ask)));
      else proxy.stream(stream, ask, kind);
    },
    refused: (what, ask) => of(ask)?.refused(what, ask),
  };
}
