// One service behind the gateway: decides the version of each request, counts it, and gives it to the forwarder. It knows no listener.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import { ExposureWatch, Forwarder, Refusal, answerFailure, endGently, failure, inTurn, isClosing, meaning, ownText, proxyHop, turnOf } from '@graylane/forward';
import type { Clock, EditReply, Failure, ForwardEvent, GroupStats, Limits, Upstream } from '@graylane/forward';
import { MessageClient, Relay, StreamClient, StreamUpgrade, Tunnels } from '@graylane/forward/relay';
import type { RelayClient } from '@graylane/forward/relay';
import { ExposureBook } from '@graylane/wire';
import type { Admission, Count, Exposures, StrategyMessage } from '@graylane/wire';
import type { AccessLog } from './access-log.ts';
import type { Ask } from './ask.ts';
import { forwardedBy } from './forwarded.ts';
import type { ForwardedSaid, Trust } from './forwarded.ts';
import type { FrontHandler } from './front.ts';
import { newHandshake } from './handshake.ts';
import type { Lanes } from './lanes.ts';
import type { MirrorCounts, MirrorPlan } from './mirror.ts';
import { Mirrors } from './mirrors.ts';
import { overrideAnswer, sendOnResponse, sendOnStream } from './override-answer.ts';
import { messageRequest, streamRequest } from './relay-request.ts';
import { Routes } from './routes.ts';
import type { Route } from './routes.ts';
import { Tally } from './tally.ts';
import type { Traffic } from './traffic.ts';

export interface ServiceProxyOptions {
  readonly service: string;
  /** The version that serves everybody until there is a strategy. */
  readonly stable: string;
  readonly trust: Trust;
  /** Whose stamps are believed; what the strategy says of the service unless given. */
  readonly believes?: Trust;
  /** Shared by all services of the process. */
  readonly lanes: Lanes;
  readonly mirrors: readonly MirrorPlan[];
  readonly accessLog: AccessLog | null;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly random: () => number;
  readonly wallClock: () => number;
  readonly onEvent: (event: ForwardEvent) => void;
}

export class ServiceProxy implements FrontHandler {
  readonly service: string;
  readonly #options: ServiceProxyOptions;
  readonly #forwarder: Forwarder;
  readonly #routes: Routes;
  readonly #mirrors: Mirrors;
  readonly #tally = new Tally();
  readonly #book = new ExposureBook();
  readonly #exposures: ExposureWatch;
  /** WebSockets on HTTP/2 streams. */
  readonly #tunnels: Tunnels;
  readonly #stopTunnelChecks: () => void;
  #versions = new Set<string>();
  /** Versions whose upstreams speak HTTP/2. */
  #http2: ReadonlySet<string> = new Set();

  constructor(options: ServiceProxyOptions) {
    this.#options = options;
    this.service = options.service;
    const { clock, random, limits, onEvent, service, stable, wallClock, lanes } = options;
    this.#exposures = new ExposureWatch(this.#book, () => clock.now());
    this.#forwarder = new Forwarder({ hop: proxyHop, limits, clock, random, onEvent });
    this.#mirrors = new Mirrors(options.mirrors, clock, random);
    this.#tunnels = new Tunnels(limits, () => clock.now());
    this.#stopTunnelChecks = clock.every(limits.tunnelLingerMs / 10, () => this.#tunnels.check(clock.now()));
    this.#routes = new Routes({ service, stable, lanes, ...(options.believes === undefined ? {} : { believes: options.believes }), tally: this.#tally, book: this.#book, random, wallClock, isReady: (version) => this.#forwarder.isReady(version) });
  }

  get generation(): number {
    return this.#routes.generation;
  }

  get stable(): string {
    return this.#routes.stable;
  }

  /** Replaces the strategy for requests that start from now on. Throws on one that cannot be loaded. */
  publish(message: StrategyMessage): void {
    this.#routes.publish(message);
    if (message.generation === this.generation) this.#forwarder.setLimits(message.snapshot.services.find(({ name }) => name === this.service)?.limits ?? {});
  }

  /** Replaces all upstreams; a version that is not named has none any more. */
  setUpstreams(upstreams: Readonly<Record<string, readonly Upstream[]>>): void {
    const versions = new Set(Object.keys(upstreams));
    for (const version of this.#versions) if (!versions.has(version)) this.#forwarder.setUpstreams(version, []);
    for (const [version, members] of Object.entries(upstreams)) this.#forwarder.setUpstreams(version, members);
    this.#mirrors.setUpstreams(upstreams);
    this.#versions = versions;
    this.#http2 = new Set([...versions].filter((version) => upstreams[version]?.some(({ http2 }) => http2 === true)));
  }

  stats(): GroupStats[] {
    return this.#forwarder.stats();
  }

  get traffic(): Traffic & { readonly admission: Admission } {
    return { inFlight: this.stats().reduce((sum, group) => sum + group.inFlight, 0), ...this.#forwarder.traffic };
  }

  mirrored(): MirrorCounts[] {
    return this.#mirrors.counts();
  }

  get isBusy(): boolean {
    return this.#forwarder.stats().some(({ inFlight, waiting, tunnels }) => inFlight + waiting + tunnels > 0);
  }

  /** Decisions since the last time. */
  takeCounts(): readonly Count[] {
    return this.#tally.take();
  }

  /** How requests ended since the last time. */
  takeExposures(): Exposures {
    return this.#book.take();
  }

  close(): void {
    this.#stopTunnelChecks();
    this.#tunnels.destroyAll();
    this.#forwarder.close();
    this.#mirrors.close();
  }

  // FrontHandler

  request(req: IncomingMessage, res: ServerResponse, ask: Ask): void {
    const override = this.#overrideAnswer(ask);
    if (override !== null) {
      req.resume();
      sendOnResponse(override, res);
      return;
    }
    const route = this.#routes.of(ask, true);
    if (route.kind !== 'missing') this.#requestBy(route, req, res, ask);
    else void this.#options.lanes.arrivals.of(route.generation).then(() => {
      if (!res.destroyed) this.#requestBy(this.#routes.of(ask), req, res, ask);
    });
  }

  #requestBy(route: Route, req: IncomingMessage, res: ServerResponse, ask: Ask): void {
    if (route.kind === 'missing') return;
    if (route.exposed !== null) this.#exposures.answer(req, res, route.exposed);
    this.#options.accessLog?.answer(this.#begun(ask, route), res);
    if (route.kind === 'nowhere') {
      answerFailure(req, res, failure('no-upstream'), !req.complete);
      return;
    }
    if (route.generation > 0) this.#options.lanes.inFlight.add(route.generation, res);
    const { version, edit, stamp } = route;
    const forwarded = forwardedBy(ask, this.#options.trust);
    this.#mirrors.copy(ask.method, () => messageRequest(req, ask, forwarded, stamp), req);
    if (this.#http2.has(version)) this.#relayMessage(req, res, ask, route, forwarded);
    else this.#forwarder.forward(version, req, res, forwarded.text + stamp, edit);
  }

  upgrade(req: IncomingMessage, socket: Duplex, early: Buffer, ask: Ask): void {
    const route = this.#routes.of(ask, true);
    if (route.kind !== 'missing') this.#upgradeBy(route, req, socket, early, ask);
    // In turn also in order to have somebody who listens for errors meanwhile.
    else inTurn(socket, () => void this.#options.lanes.arrivals.of(route.generation).then(() => {
      if (!socket.destroyed) this.#upgradeBy(this.#routes.of(ask), req, socket, early, ask);
    }));
  }

  #upgradeBy(route: Route, req: IncomingMessage, socket: Duplex, early: Buffer, ask: Ask): void {
    if (route.kind === 'version' && !this.#http2.has(route.version)) {
      this.#forwarder.upgrade(route.version, req, socket, early, forwardedBy(ask, this.#options.trust).text + route.stamp);
      return;
    }
    const what = route.kind === 'version' ? failure('method-refused', 'a WebSocket to an upstream that speaks HTTP/2') : failure('no-upstream');
    this.#options.onEvent({ kind: 'failed', group: route.kind === 'version' ? route.version : '', ...what, status: meaning(what.reason).status });
    inTurn(socket, () => {
      socket.write(ownText(what, what.reason === 'no-upstream' ? 'Service Unavailable' : 'Not Implemented'), 'latin1');
      endGently(socket);
    });
  }

  stream(stream: ServerHttp2Stream, ask: Ask, kind: 'request' | 'websocket'): void {
    // The handshake of a WebSocket is a GET to the rules, on either protocol.
    const seen: Ask = kind === 'websocket' ? { ...ask, method: 'GET' } : ask;
    const override = kind === 'websocket' ? null : this.#overrideAnswer(ask);
    if (override !== null) {
      sendOnStream(override, stream);
      return;
    }
    const route = this.#routes.of(seen, true);
    if (route.kind !== 'missing') this.#streamBy(route, stream, seen, kind);
    else void this.#options.lanes.arrivals.of(route.generation).then(() => {
      if (!stream.destroyed) this.#streamBy(this.#routes.of(seen), stream, seen, kind);
    });
  }

  #streamBy(route: Route, stream: ServerHttp2Stream, seen: Ask, kind: 'request' | 'websocket'): void {
    if (route.kind === 'missing') return;
    const stamp = route.kind === 'version' ? route.stamp : '';
    if (route.exposed !== null) this.#exposures.stream(stream, seen.method, route.exposed);
    this.#options.accessLog?.stream(this.#begun(seen, route), stream);
    let request;
    try {
      request = streamRequest(seen, stream.endAfterHeaders, forwardedBy(seen, this.#options.trust), stamp);
    } catch (error) {
      this.#refuseStream(stream, refusalOf(error));
      return;
    }
    if (route.kind === 'nowhere') {
      this.#refuseStream(stream, failure('no-upstream'));
      return;
    }
    const { version, edit } = route;
    if (route.generation > 0) this.#options.lanes.inFlight.add(route.generation, stream);
    if (kind === 'websocket') {
      this.#forwarder.run(version, (context, group) => new StreamUpgrade(context, group, this.#tunnels, stream, request, newHandshake()).start());
      return;
    }
    this.#mirrors.copy(seen.method, () => request, stream);
    this.#relay(version, new StreamClient(stream, request), edit);
  }

  refused(what: Failure, ask: Ask): void {
    const { status } = meaning(what.reason);
    this.#options.onEvent({ kind: 'failed', group: '', ...what, status });
    this.#options.accessLog?.refused({ ask, service: this.service, version: null, lane: null }, status);
  }

  #relayMessage(req: IncomingMessage, res: ServerResponse, ask: Ask, route: Extract<Route, { kind: 'version' }>, forwarded: ForwardedSaid): void {
    if (isClosing(req.socket)) {
      req.resume();
      return;
    }
    const turn = turnOf(req, res, () => this.#relayNow(req, res, ask, route, forwarded));
    if (turn === 'now') this.#relayNow(req, res, ask, route, forwarded);
    else if (turn === 'full') this.#refuseMessage(req, res, ask, failure('queue-full', 'pipelined'));
  }

  #relayNow(req: IncomingMessage, res: ServerResponse, ask: Ask, { version, edit, stamp }: Extract<Route, { kind: 'version' }>, forwarded: ForwardedSaid): void {
    try {
      this.#relay(version, new MessageClient(req, res, messageRequest(req, ask, forwarded, stamp), this.#options.clock), edit);
    } catch (error) {
      this.#refuseMessage(req, res, ask, refusalOf(error));
    }
  }

  #refuseMessage(req: IncomingMessage, res: ServerResponse, ask: Ask, what: Failure): void {
    this.refused(what, ask);
    answerFailure(req, res, what, true);
  }

  #relay(version: string, client: RelayClient, editReply: EditReply | null): void {
    this.#forwarder.run(version, (context, group) => new Relay(context, group, client, { editReply, ended: () => undefined }).start());
  }

  #refuseStream(stream: ServerHttp2Stream, what: Failure): void {
    this.#options.onEvent({ kind: 'failed', group: '', ...what, status: meaning(what.reason).status });
    StreamClient.refuse(stream, '', what);
  }

  #overrideAnswer(ask: Ask): ReturnType<typeof overrideAnswer> {
    const { lanes } = this.#options;
    if (!lanes.overrides) return null;
    return overrideAnswer(ask, lanes.stamps.seals, (note) => this.#tally.add(null, note, this.generation));
  }

  #begun(ask: Ask, route: Route): { readonly ask: Ask; readonly service: string; readonly version: string | null; readonly lane: string | null } {
    return { ask, service: this.service, version: route.kind === 'version' ? route.version : null, lane: route.kind === 'version' ? route.lane : null };
  }
}

/** Throws what is no refusal. */
function refusalOf(error: unknown): Failure {
  if (error instanceof Refusal) return error.failure;
  throw error;
}
