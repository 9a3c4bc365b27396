// A gateway of several listeners and services: composes fronts, proxies, names, health, certificates and the log. It reads no environment.

import { rename, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { meaning } from '@graylane/forward';
import type { Clock, Failure, ForwardEvent } from '@graylane/forward';
import type { ListenerPlan, StrategyMessage } from '@graylane/wire';
import { AccessLog, lineSink } from './access-log.ts';
import type { Ask } from './ask.ts';
import { hostOf } from './ask.ts';
import { ByService } from './by-service.ts';
import { untilQuiet } from './drain.ts';
import { EdgeCertificates } from './edge-certificates.ts';
import type { CertificateEvent } from './edge-certificates.ts';
import type { EdgeConfig, EdgeListener, EdgeService } from './edge-config.ts';
import { Front } from './front.ts';
import type { FrontHandler, Listen } from './front.ts';
import { upstreamLimits } from './gateway.ts';
import type { HealthChange, Probe } from './health-check.ts';
import { Hosts } from './hosts.ts';
import { Lanes } from './lanes.ts';
import { DEFAULT_FRONT_LIMITS } from './limits.ts';
import { Members } from './members.ts';
import type { MirrorCounts } from './mirror.ts';
import { Names } from './names.ts';
import type { NameEvent, ResolveName } from './names.ts';
import { listenOf } from './peers-plane.ts';
import type { Plane, ServiceCounts } from './plane.ts';
import { ServiceProxy } from './service-proxy.ts';
import { sumOf, type Traffic } from './traffic.ts';

export type EdgeEvent =
  | { readonly kind: 'forward'; readonly service: string; readonly event: ForwardEvent }
  | { readonly kind: 'name'; readonly event: NameEvent }
  | { readonly kind: 'health'; readonly service: string; readonly change: HealthChange }
  | CertificateEvent
  | { readonly kind: 'mirror'; readonly service: string; readonly counts: MirrorCounts };

export interface EdgeSurroundings {
  readonly pid: number;
  readonly read: (file: string) => string;
  readonly clock: Clock;
  readonly wallClock: () => number;
  readonly random: () => number;
  readonly resolve: ResolveName;
  readonly onEvent: (event: EdgeEvent) => void;
  readonly probe?: Probe;
}

/** Mirrors are spoken of this often, when something was dropped. */
const MIRROR_REPORT_MS = 10_000;

interface Member {
  readonly spec: EdgeService;
  readonly proxy: ServiceProxy;
  readonly members: Members;
}

interface Place {
  readonly spec: EdgeListener;
  readonly front: Front;
}

export class Edge implements Plane {
  readonly lanes: Lanes;
  readonly #surroundings: EdgeSurroundings;
  readonly #onEvent: (event: EdgeEvent) => void;
  readonly #names: Names;
  readonly #services: readonly Member[];
  readonly #byHost: Hosts<Member>;
  readonly #places: readonly Place[];
  readonly #certificates: EdgeCertificates;
  readonly #accessLog: AccessLog | null;
  readonly #stops: (() => void)[];
  /** What mirrors had dropped when it was last said, by service and version: bounded by the configuration. */
  readonly #dropped = new Map<string, number>();

  /** Throws CertificateFailure. */
  constructor(config: EdgeConfig, surroundings: EdgeSurroundings) {
    this.#surroundings = surroundings;
    const { clock, resolve, onEvent, wallClock } = surroundings;
    this.#onEvent = onEvent;
    this.lanes = new Lanes(wallClock);
    this.#names = new Names({ resolve, clock, onEvent: (event) => this.#onName(event) });
    this.#accessLog = config.accessLog === null ? null : new AccessLog(lineSink(config.accessLog === 'stdout' ? null : config.accessLog), clock, wallClock);
    this.#services = config.services.map((spec) => this.#member(spec));
    this.#byHost = new Hosts(this.#services.map((value) => ({ hosts: value.spec.hosts, value })));
    this.#certificates = new EdgeCertificates(config.ticketKeys, surroundings);
    this.#places = config.listeners.map((spec) => ({ spec, front: this.#front(spec, config.limits) }));
    this.#stops = [
      clock.every(config.certificatesEveryMs, () => this.reloadCertificates()),
      clock.every(MIRROR_REPORT_MS, () => this.#reportMirrors()),
    ];
  }

  get generation(): number {
    return this.#services[0]?.proxy.generation ?? 0;
  }

  /** Looks all names up, then lets the services have their upstreams. */
  async prepare(): Promise<void> {
    await Promise.all(this.#services.flatMap(({ members }) => members.names).map((name) => this.#names.watch(name)));
    for (const { members } of this.#services) members.renew();
    for (const { spec, front } of this.#places) if ('path' in spec.place) await listenOnPath(front, spec.place.path, this.#surroundings.pid);
  }

  async open(plan: ListenerPlan): Promise<void> {
    const place = this.#places.find(({ spec }) => 'slot' in spec.place && spec.place.slot === plan.index);
    await place?.front.listen(listenOf(plan));
  }

  /** All places without a supervisor: `at` says where, for those that have no path. Their addresses in order. */
  async listen(at: (slot: number) => Listen): Promise<(AddressInfo | string | null)[]> {
    return await Promise.all(this.#places.map(async ({ spec, front }) => 'slot' in spec.place ? await front.listen(at(spec.place.slot)) : front.server.address()));
  }

  publish(message: StrategyMessage): void {
    for (const { proxy, members } of this.#services) {
      const before = proxy.stable;
      proxy.publish(message);
      if (proxy.stable !== before) members.renew();
    }
  }

  setPeers(): void {
    // Its upstreams are in its configuration.
  }

  takeCounts(): readonly ServiceCounts[] {
    return this.#services.map(({ spec, proxy }) => ({ service: spec.name, counts: proxy.takeCounts(), ended: proxy.takeExposures() }));
  }

  traffic(): Traffic {
    return sumOf(this.#services.map(({ proxy }) => proxy.traffic));
  }

  mirrored(): MirrorCounts[] {
    return this.#services.flatMap(({ proxy }) => proxy.mirrored());
  }

  /** Reads all certificates again; what is broken or expired leaves the old one in force. */
  reloadCertificates(): void {
    this.#certificates.reload();
  }

  async drain(graceMs: number): Promise<void> {
    for (const { front } of this.#places) front.drain();
    await untilQuiet(this.#surroundings.clock, graceMs, () => this.#services.some(({ proxy }) => proxy.isBusy) || this.#places.some(({ front }) => front.streams > 0));
    this.close();
    await this.#accessLog?.close();
  }

  close(): void {
    for (const stop of this.#stops) stop();
    for (const { front } of this.#places) front.close();
    for (const { proxy, members } of this.#services) {
      members.close();
      proxy.close();
    }
    this.#names.close();
  }

  #member(spec: EdgeService): Member {
    const { clock, random, wallClock, read, probe } = this.#surroundings;
    const proxy = new ServiceProxy({
      lanes: this.lanes,
      service: spec.name, stable: spec.stable, trust: spec.trust, mirrors: spec.mirrors, accessLog: this.#accessLog,
      // The strategy says others.
      limits: upstreamLimits({}), clock, random, wallClock,
      onEvent: (event) => {
        this.#onEvent({ kind: 'forward', service: spec.name, event });
        if (event.kind === 'ejected') members.suspect(event.upstream);
      },
    });
    const members = new Members({
      service: spec, names: this.#names, clock, read, stable: () => proxy.stable,
      apply: (upstreams) => proxy.setUpstreams(upstreams),
      onHealth: (change) => this.#onEvent({ kind: 'health', service: spec.name, change }),
      ...(probe === undefined ? {} : { probe }),
    });
    return { spec, proxy, members };
  }

  #front(spec: EdgeListener, limits: EdgeConfig['limits']): Front {
    const { clock } = this.#surroundings;
    return new Front({
      limits: { ...DEFAULT_FRONT_LIMITS, ...limits },
      tls: spec.tls === null ? null : this.#certificates.open(spec.tls),
      http2: spec.http2, proxyProtocol: spec.proxyProtocol, now: () => clock.now(),
    }, this.#handler(spec.service));
  }

  /** Of a listener for one service, or for all of them by Host. */
  #handler(fixed: string | null): FrontHandler {
    const only = fixed === null ? null : this.#services.find(({ spec }) => spec.name === fixed)?.proxy ?? null;
    return new ByService((ask) => only ?? this.#byHost.find(hostOf(ask))?.proxy ?? null, (what, ask) => this.#unserved(what, ask));
  }

  /** What is no service's business. */
  #unserved(what: Failure, ask: Ask): void {
    const { status } = meaning(what.reason);
    this.#onEvent({ kind: 'forward', service: '', event: { kind: 'failed', group: '', ...what, status } });
    this.#accessLog?.refused({ ask, service: '', version: null, lane: null }, status);
  }

  #onName(event: NameEvent): void {
    this.#surroundings.onEvent({ kind: 'name', event });
    if (event.kind === 'changed') for (const { members } of this.#services) if (members.names.includes(event.name)) members.renew();
  }

  #reportMirrors(): void {
    for (const { spec, proxy } of this.#services) {
      for (const counts of proxy.mirrored()) {
        const dropped = Object.values(counts.dropped).reduce((sum, count) => sum + count, counts.failed);
        const key = `${spec.name} ${counts.to}`;
        if (dropped === (this.#dropped.get(key) ?? 0)) continue;
        this.#dropped.set(key, dropped);
        this.#onEvent({ kind: 'mirror', service: spec.name, counts });
      }
    }
  }
}

/** Binds beside the path and moves the socket there in one step: whoever had it serves what it has accepted, and nobody meets a gap. */
async function listenOnPath(front: Front, path: string, pid: number): Promise<void> {
  const beside = `${path}.${pid}`;
  await rm(beside, { force: true });
  await front.listen({ path: beside });
  await rename(beside, path);
}
