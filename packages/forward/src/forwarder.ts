// The face of this package: takes requests for a version and sees that each gets exactly one answer. It knows no strategy.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { Admission } from '@graylane/wire';
import { systemClock } from './clock.ts';
import type { Clock } from './clock.ts';
import { inTurn } from './client-turn.ts';
import { Exchange } from './exchange.ts';
import type { ExchangeContext } from './exchange-context.ts';
import { Refusal, failure, meaning } from './failure.ts';
import type { Failure, FailureReason } from './failure.ts';
import { Group } from './group.ts';
import type { EditReply, Hop } from './hop.ts';
import { isClosing } from './linger.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import type { Limits } from './limits.ts';
import { answerFailure } from './own-answer.ts';
import { turnOf } from './pipeline.ts';
import { plainWriter } from './plain-reply.ts';
import { onDemand } from './on-demand.ts';
import { rawWriter, supportsRaw } from './reply.ts';
import type { RequestHead } from './request-head.ts';
import { refuseUpgrade } from './refuse-upgrade.ts';
import { transparentHop } from './transparent-hop.ts';
import type { Tunnels } from './tunnel.ts';
import type { Upstream } from './upstream.ts';

export type ForwardEvent =
  /** An exchange ended badly; `status` is what its client got, 0 for nothing more. */
  | { readonly kind: 'failed'; readonly group: string; readonly reason: FailureReason; readonly detail: string; readonly status: number }
  | { readonly kind: 'retried'; readonly group: string; readonly reason: FailureReason; readonly detail: string }
  | { readonly kind: 'ejected'; readonly group: string; readonly upstream: string; readonly ms: number };

export interface ForwarderOptions {
  /** `transparent` between workers of one machine; the gateway brings `proxyHop`, which the agent then need not carry. */
  readonly hop: 'transparent' | Hop;
  readonly limits?: Partial<Limits>;
  /** Whether answers are written past Node's serialiser; found out when absent. */
  readonly raw?: boolean;
  readonly clock?: Clock;
  readonly random?: () => number;
  readonly onEvent?: (event: ForwardEvent) => void;
}

export interface GroupStats {
  readonly group: string;
  readonly inFlight: number;
  readonly waiting: number;
  readonly tunnels: number;
  readonly connections: number;
}

/** How often late exchanges are looked for: a tenth of the shortest time-out keeps each within 10 %. */
const CHECKS_PER_TIMEOUT = 10;
const CHECK_MIN_MS = 5;
/** What everybody gets who found no upstream in time. */
const NO_PLACE = 503;

/** Most apps need neither, and each start of each worker would pay for them. */
const upgrades = onDemand(async () => await import('./upgrade.ts'));
const streams = onDemand(async () => await import('./stream-exchange.ts'));

export class Forwarder {
  readonly #given: Limits;
  /** One object for all who look at limits, each time they have to: a change holds from the next step on of whatever is under way. */
  readonly #limits: { -readonly [Name in keyof Limits]: Limits[Name] };
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #hop: Hop;
  readonly #onEvent: (event: ForwardEvent) => void;
  readonly #groups = new Map<string, Group>();
  readonly #context: ExchangeContext;
  #tunnels: Tunnels | null = null;
  #stopChecks: (() => void) | null = null;
  #waited = 0;
  #waitedMs = 0;
  readonly #rejected: Partial<Record<FailureReason, number>> = {};

  constructor(options: ForwarderOptions) {
    this.#given = { ...DEFAULT_LIMITS, ...options.limits };
    this.#limits = { ...this.#given };
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#onEvent = options.onEvent ?? (() => undefined);
    const hop = options.hop === 'transparent' ? transparentHop : options.hop;
    const raw = options.raw ?? supportsRaw();
    // Where Node frames the answer it needs what is inside the upstream's framing.
    this.#hop = raw ? hop : { ...hop, readMode: 'payload' };
    this.#context = {
      hop: this.#hop,
      writer: raw ? rawWriter : plainWriter,
      limits: this.#limits,
      clock: this.#clock,
      now: () => this.#clock.now(),
      mayTunnel: () => this.#tunnelCount() < this.#limits.tunnels,
      failed: (group, what, status) => this.#tellFailed(group.name, what, status),
      retried: (group, what) => this.#onEvent({ kind: 'retried', group: group.name, ...what }),
    };
  }

  /** Those of the strategy in force; what it does not say is as it was at the start. */
  setLimits(limits: Partial<Limits>): void {
    Object.assign(this.#limits, this.#given, limits);
    if (this.#stopChecks === null) return;
    // Shorter ones have to be looked at more often.
    this.#stopLooking();
    this.#startChecks();
  }

  /** Replaces a group's upstreams, matched by key; those that are gone finish what they have. */
  setUpstreams(name: string, upstreams: readonly Upstream[]): void {
    this.#group(name).setUpstreams(upstreams);
  }

  /** Whether the group has any upstream. */
  isReady(name: string): boolean {
    return this.#groups.get(name)?.ready === true;
  }

  /** Sends the request to an upstream of the group and its answer to `res`. `lines` are whole header lines that go last. */
  forward(name: string, req: IncomingMessage, res: ServerResponse, lines: string, editReply: EditReply | null = null): void {
    // Behind a refusal nothing is worked on any more: nobody would get the answer.
    if (isClosing(req.socket)) {
      req.resume();
      return;
    }
    // Most requests are alone on their connection.
    const turn = res.socket === null ? turnOf(req, res, () => this.#forward(name, req, res, lines, editReply)) : 'now';
    if (turn === 'now') this.#forward(name, req, res, lines, editReply);
    else if (turn === 'full') answerFailure(req, res, this.#refused(name, failure('queue-full', 'pipelined')), true);
  }

  #forward(name: string, req: IncomingMessage, res: ServerResponse, lines: string, editReply: EditReply | null): void {
    const head = this.#requestHead(name, req, lines, false);
    if ('reason' in head) {
      answerFailure(req, res, head, true);
      return;
    }
    this.#startChecks();
    new Exchange(this.#context, this.#group(name), req, res, head, editReply).start();
  }

  /** Sends a request for another protocol to an upstream of the group; takes over what Node's 'upgrade' event hands over. */
  upgrade(name: string, req: IncomingMessage, socket: Duplex, early: Buffer, lines: string): void {
    inTurn(socket, () => {
      const head = this.#requestHead(name, req, lines, true);
      if ('reason' in head) {
        refuseUpgrade(socket, head);
        return;
      }
      upgrades(({ Upgrade, Tunnels }) => {
        if (socket.destroyed) return;
        this.#startChecks();
        this.#tunnels ??= new Tunnels(this.#limits, () => this.#clock.now());
        new Upgrade(this.#context, this.#group(name), this.#tunnels, { req, socket, early }, head).start();
      }, (fault) => refuseUpgrade(socket, this.#notLoaded(name, fault)));
    });
  }

  /** Sends an HTTP/2 stream to an upstream of the group that speaks HTTP/2, without TLS on a Unix socket. `extra` are headers to add. */
  forwardStream(name: string, stream: ServerHttp2Stream, headers: IncomingHttpHeaders, lines: readonly string[], extra: Readonly<Record<string, string>>): void {
    stream.on('error', () => undefined);
    streams(({ StreamExchange }) => {
      if (stream.destroyed) return;
      this.#startChecks();
      new StreamExchange(this.#context, this.#group(name), { stream, headers, lines, extra }).start();
    }, (fault) => {
      const { reason } = this.#notLoaded(name, fault);
      if (!stream.destroyed) stream.respond({ ':status': meaning(reason).status }, { endStream: true });
    });
  }

  /** An exchange of another kind under the limits of the group: what a gateway brings along and an agent need not carry (relay/). */
  run(name: string, begin: (context: ExchangeContext, group: Group) => void): void {
    this.#startChecks();
    begin(this.#context, this.#group(name));
  }

  stats(): GroupStats[] {
    return [...this.#groups.values()].map((group) => ({
      group: group.name, inFlight: group.inFlight, waiting: group.waiting, tunnels: group.tunnels, connections: group.connections,
    }));
  }

  /** Who waits now, and how requests were let to upstreams so far. */
  get traffic(): { readonly waiting: number; readonly admission: Admission } {
    let waiting = 0;
    for (const group of this.#groups.values()) waiting += group.waiting;
    return { waiting, admission: { limit: this.#limits.waitingPerGroup, waited: this.#waited, waitedSeconds: this.#waitedMs / 1_000, rejected: this.#rejected } };
  }

  /** Ends all that is under way. */
  close(): void {
    this.#stopLooking();
    for (const group of this.#groups.values()) group.destroy();
    this.#tunnels?.destroyAll();
  }

  /** The files of this package are not what they were when the process started. */
  #notLoaded(name: string, fault: unknown): Failure {
    return this.#refused(name, failure('internal', String(fault)));
  }

  #requestHead(name: string, req: IncomingMessage, lines: string, upgrade: boolean): RequestHead | Failure {
    try {
      const head = this.#hop.requestHead(req, lines, upgrade);
      // Nodes differ on whether these bytes are a body or the new protocol's.
      if (upgrade && head.framing !== 'none') throw new Refusal('bad-framing', 'an upgrade with a body');
      return head;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return this.#refused(name, error.failure);
    }
  }

  #refused(name: string, what: Failure): Failure {
    this.#tellFailed(name, what, meaning(what.reason).status);
    return what;
  }

  #group(name: string): Group {
    let group = this.#groups.get(name);
    if (group === undefined) {
      group = new Group({
        name,
        limits: this.#limits,
        readMode: this.#hop.readMode,
        clock: this.#clock,
        random: this.#random,
        onEjected: (upstream, ms) => this.#onEvent({ kind: 'ejected', group: name, upstream: upstream.key, ms }),
        onWaited: (ms) => {
          this.#waited += 1;
          this.#waitedMs += ms;
        },
      });
      this.#groups.set(name, group);
    }
    return group;
  }

  /** Upgraded connections and event streams. */
  #tunnelCount(): number {
    let count = 0;
    for (const group of this.#groups.values()) count += group.tunnels;
    return count;
  }

  #tellFailed(group: string, what: Failure, status: number): void {
    if (status === NO_PLACE) this.#rejected[what.reason] = (this.#rejected[what.reason] ?? 0) + 1;
    this.#onEvent({ kind: 'failed', group, ...what, status });
  }

  /** Runs while there is anything to look after. */
  #startChecks(): void {
    if (this.#stopChecks !== null) return;
    const { connectLocalMs, connectRemoteMs, responseHeadMs, bodyIdleMs, waitMs, idleConnectionMs, clientIdleMs, clientStallMs, tunnelLingerMs } = this.#limits;
    const timeouts = [connectLocalMs, connectRemoteMs, responseHeadMs, bodyIdleMs, waitMs, idleConnectionMs, clientIdleMs, clientStallMs, tunnelLingerMs].filter((ms) => ms > 0);
    this.#stopChecks = this.#clock.every(Math.max(CHECK_MIN_MS, Math.min(...timeouts) / CHECKS_PER_TIMEOUT), () => this.#check());
  }

  #check(): void {
    const now = this.#clock.now();
    let connections = 0;
    for (const group of this.#groups.values()) {
      group.check(now);
      connections += group.connections + group.waiting;
    }
    this.#tunnels?.check(now);
    if (connections > 0) return;
    this.#stopLooking();
  }

  #stopLooking(): void {
    this.#stopChecks?.();
    this.#stopChecks = null;
  }
}
