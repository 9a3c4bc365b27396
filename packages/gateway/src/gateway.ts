// A stand-alone reverse proxy with the routing of the strategy: composes front, routes and forwarder. It reads no environment.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { Forwarder, answerFailure, endGently, failure, inTurn, meaning, ownText, proxyHop, systemClock } from '@graylane/forward';
import type { Clock, ForwardEvent, GroupStats, Limits, Upstream } from '@graylane/forward';
import type { Count, StrategyMessage } from '@graylane/wire';
import { forwardedLines } from './forwarded.ts';
import type { Trust } from './forwarded.ts';
import { Front } from './front.ts';
import type { FrontTls, Listen } from './front.ts';
import { CLIENT_IDLE_MS, CLIENT_STALL_MS, DEFAULT_FRONT_LIMITS } from './limits.ts';
import type { FrontLimits } from './limits.ts';
import { Routes } from './routes.ts';
import { Tally } from './tally.ts';

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
  readonly tls?: FrontTls;
  readonly frontLimits?: Partial<FrontLimits>;
  readonly limits?: Partial<Limits>;
  readonly clock?: Clock;
  readonly random?: () => number;
  readonly wallClock?: () => number;
  readonly onEvent?: (event: ForwardEvent) => void;
}

/** After the last answer, before idle connections are closed: a request that was sent before the client knew arrives in it. */
const IDLE_GRACE_MS = 1_000;
const DRAIN_CHECK_MS = 25;

export class Gateway {
  readonly #options: GatewayOptions;
  readonly #forwarder: Forwarder;
  readonly #routes: Routes;
  readonly #fronts: Front[];
  readonly #tally = new Tally();
  readonly #trust: Trust;
  readonly #secure: boolean;
  readonly #clock: Clock;
  readonly #onEvent: (event: ForwardEvent) => void;
  #versions = new Set<string>();

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#trust = options.trust ?? 'edge';
    this.#secure = options.tls !== undefined;
    this.#onEvent = options.onEvent ?? (() => undefined);
    const random = options.random ?? Math.random;
    this.#forwarder = new Forwarder({
      hop: proxyHop,
      limits: { clientIdleMs: CLIENT_IDLE_MS, clientStallMs: CLIENT_STALL_MS, ...options.limits },
      clock: this.#clock, random, onEvent: this.#onEvent,
    });
    this.#routes = new Routes({
      service: options.service, stable: options.stable, tally: this.#tally, random,
      wallClock: options.wallClock ?? Date.now,
      isReady: (version) => this.#forwarder.isReady(version),
    });
    const limits = { ...DEFAULT_FRONT_LIMITS, ...options.frontLimits };
    this.#fronts = options.listen.map(() => new Front(limits, options.tls ?? null, () => this.#clock.now(), {
      request: (req, res) => this.#request(req, res),
      upgrade: (req, socket, early) => this.#upgrade(req, socket, early),
      refused: (what) => this.#onEvent({ kind: 'failed', group: '', ...what, status: meaning(what.reason).status }),
    }));
    this.setUpstreams(options.upstreams);
    if (options.strategy !== undefined && options.strategy !== null) this.publish(options.strategy);
  }

  get generation(): number {
    return this.#routes.generation;
  }

  /** Binds all places; their addresses in order. */
  async listen(): Promise<(AddressInfo | string | null)[]> {
    return await Promise.all(this.#fronts.map((front, i) => front.listen(this.#options.listen[i] as Listen)));
  }

  /** Replaces the strategy for requests that start from now on. Throws on one that cannot be loaded. */
  publish(message: StrategyMessage): void {
    this.#routes.publish(message);
  }

  /** Replaces all upstreams; a version that is not named has none any more. */
  setUpstreams(upstreams: Readonly<Record<string, readonly Upstream[]>>): void {
    const versions = new Set(Object.keys(upstreams));
    for (const version of this.#versions) if (!versions.has(version)) this.#forwarder.setUpstreams(version, []);
    for (const [version, members] of Object.entries(upstreams)) this.#forwarder.setUpstreams(version, members);
    this.#versions = versions;
  }

  stats(): GroupStats[] {
    return this.#forwarder.stats();
  }

  /** Decisions since the last time. */
  takeCounts(): readonly Count[] {
    return this.#tally.take();
  }

  /** Accepts no more, finishes what is in flight within `graceMs`, then closes everything. */
  async drain(graceMs: number): Promise<void> {
    for (const front of this.#fronts) front.drain();
    const started = this.#clock.now();
    let quietSince = started;
    await new Promise<void>((resolve) => {
      const stop = this.#clock.every(DRAIN_CHECK_MS, () => {
        const now = this.#clock.now();
        if (this.#busy()) quietSince = now;
        if (now - quietSince < Math.min(IDLE_GRACE_MS, graceMs / 2) && now - started < graceMs) return;
        stop();
        resolve();
      });
    });
    this.close();
  }

  /** Ends everything now. */
  close(): void {
    for (const { server } of this.#fronts) {
      server.close();
      server.closeAllConnections();
    }
    this.#forwarder.close();
  }

  #busy(): boolean {
    return this.#forwarder.stats().some(({ inFlight, waiting, tunnels }) => inFlight + waiting + tunnels > 0);
  }

  #request(req: IncomingMessage, res: ServerResponse): void {
    const route = this.#routes.of(req, this.#secure);
    if (route.kind === 'nowhere') answerFailure(req, res, failure('no-upstream'), !req.complete);
    else this.#forwarder.forward(route.version, req, res, this.#lines(req), route.edit);
  }

  #upgrade(req: IncomingMessage, socket: Duplex, early: Buffer): void {
    const route = this.#routes.of(req, this.#secure);
    if (route.kind === 'version') {
      this.#forwarder.upgrade(route.version, req, socket, early, this.#lines(req));
      return;
    }
    inTurn(socket, () => {
      socket.write(ownText(failure('no-upstream'), 'Service Unavailable'), 'latin1');
      endGently(socket);
    });
  }

  #lines(req: IncomingMessage): string {
    return forwardedLines(req, this.#secure, this.#trust);
  }
}

export async function startGateway(options: GatewayOptions): Promise<{ readonly gateway: Gateway; readonly addresses: readonly (AddressInfo | string | null)[] }> {
  const gateway = new Gateway(options);
  return { gateway, addresses: await gateway.listen() };
}
