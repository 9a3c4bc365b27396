// A stand-alone reverse proxy for one service: its listeners, its versions, its strategy. It reads no environment and no file.

import type { AddressInfo } from 'node:net';
import { DEFAULT_LIMITS, systemClock } from '@graylane/forward';
import type { Clock, ForwardEvent, GroupStats, Limits, Upstream } from '@graylane/forward';
import type { Admission, Count, Exposures, StrategyMessage } from '@graylane/wire';
import type { AccessLog } from './access-log.ts';
import { untilQuiet } from './drain.ts';
import type { Trust } from './forwarded.ts';
import { Front } from './front.ts';
import type { FrontOptions, Listen } from './front.ts';
import type { FrontTls } from './front-tls.ts';
import { CLIENT_IDLE_MS, CLIENT_STALL_MS, DEFAULT_FRONT_LIMITS } from './limits.ts';
import { Lanes } from './lanes.ts';
import type { FrontLimits } from './limits.ts';
import type { MirrorCounts, MirrorPlan } from './mirror.ts';
import { ServiceProxy } from './service-proxy.ts';
import type { Traffic } from './traffic.ts';

export interface GatewayOptions {
  readonly listen: readonly Listen[];
  /** The service whose versions are behind it. */
  readonly service: string;
  /** The version that serves everybody until there is a strategy. */
  readonly stable: string;
  /** Version to its upstreams. */
  readonly upstreams: Readonly<Record<string, readonly Upstream[]>>;
  readonly strategy?: StrategyMessage | null;
  readonly trust?: Trust;
  /** Shared by all services of the process; by default one of its own. */
  readonly lanes?: Lanes;
  readonly tls?: FrontTls;
  /** HTTP/2 to clients, by ALPN or by prior knowledge; default off. */
  readonly http2?: boolean;
  readonly proxyProtocol?: FrontOptions['proxyProtocol'];
  readonly mirrors?: readonly MirrorPlan[];
  readonly accessLog?: AccessLog | null;
  readonly frontLimits?: Partial<FrontLimits>;
  readonly limits?: Partial<Limits>;
  readonly clock?: Clock;
  readonly random?: () => number;
  readonly wallClock?: () => number;
  readonly onEvent?: (event: ForwardEvent) => void;
}

export class Gateway {
  readonly #options: GatewayOptions;
  readonly #proxy: ServiceProxy;
  readonly #fronts: Front[];
  readonly #clock: Clock;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#proxy = new ServiceProxy({
      service: options.service, stable: options.stable,
      trust: options.trust ?? 'edge',
      lanes: options.lanes ?? new Lanes(options.wallClock ?? Date.now),
      mirrors: options.mirrors ?? [],
      accessLog: options.accessLog ?? null,
      limits: upstreamLimits(options.limits ?? {}),
      clock: this.#clock,
      random: options.random ?? Math.random,
      wallClock: options.wallClock ?? Date.now,
      onEvent: options.onEvent ?? (() => undefined),
    });
    const front: FrontOptions = {
      limits: { ...DEFAULT_FRONT_LIMITS, ...options.frontLimits },
      tls: options.tls ?? null, http2: options.http2 ?? false, proxyProtocol: options.proxyProtocol ?? null,
      now: () => this.#clock.now(),
    };
    this.#fronts = options.listen.map(() => new Front(front, this.#proxy));
    this.setUpstreams(options.upstreams);
    if (options.strategy !== undefined && options.strategy !== null) this.publish(options.strategy);
  }

  get generation(): number {
    return this.#proxy.generation;
  }

  /** Binds all places; their addresses in order. */
  async listen(): Promise<(AddressInfo | string | null)[]> {
    return await Promise.all(this.#fronts.map((front, i) => front.listen(this.#options.listen[i] as Listen)));
  }

  /** Replaces the strategy for requests that start from now on. Throws on one that cannot be loaded. */
  publish(message: StrategyMessage): void {
    this.#proxy.publish(message);
  }

  /** Replaces all upstreams; a version that is not named has none any more. */
  setUpstreams(upstreams: Readonly<Record<string, readonly Upstream[]>>): void {
    this.#proxy.setUpstreams(upstreams);
  }

  stats(): GroupStats[] {
    return this.#proxy.stats();
  }

  get traffic(): Traffic & { readonly admission: Admission } {
    return this.#proxy.traffic;
  }

  mirrored(): MirrorCounts[] {
    return this.#proxy.mirrored();
  }

  /** Decisions since the last time. */
  takeCounts(): readonly Count[] {
    return this.#proxy.takeCounts();
  }

  /** How requests ended since the last time. */
  takeExposures(): Exposures {
    return this.#proxy.takeExposures();
  }

  /** Accepts no more, finishes what is in flight within `graceMs`, then closes everything. */
  async drain(graceMs: number): Promise<void> {
    for (const front of this.#fronts) front.drain();
    await untilQuiet(this.#clock, graceMs, () => this.#proxy.isBusy || this.#fronts.some(({ streams }) => streams > 0));
    this.close();
  }

  /** Ends everything now. */
  close(): void {
    for (const front of this.#fronts) front.close();
    this.#proxy.close();
  }
}

/** The bounds of an edge where nothing else is said. */
export function upstreamLimits(limits: Partial<Limits>): Limits {
  return { ...DEFAULT_LIMITS, clientIdleMs: CLIENT_IDLE_MS, clientStallMs: CLIENT_STALL_MS, ...limits };
}

export async function startGateway(options: GatewayOptions): Promise<{ readonly gateway: Gateway; readonly addresses: readonly (AddressInfo | string | null)[] }> {
  const gateway = new Gateway(options);
  return { gateway, addresses: await gateway.listen() };
}
