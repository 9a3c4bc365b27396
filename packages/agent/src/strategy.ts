// The strategy in force in this process. Replacing it is one assignment; a request keeps the one it started with.

import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { loadRouter, type Decision, type LimitsPlan, type RequestFields, type Router } from '@graylane/rules';
import { drawnReleases, Generations, type AgentMessage, type StrategyMessage } from '@graylane/wire';
import type { Context } from './context/enter.ts';
import type { Counts } from './counts.ts';
import type { Lanes, Several } from './lanes/lanes.ts';
import { LaneLoader } from './lanes/load.ts';
import { TokenClaims } from './token-claims.ts';

/** One published strategy as this worker sees it. */
export interface Published {
  readonly router: Router;
  /** The version of this service that serves everyone who is not selected. */
  readonly stable: string;
  /** Releases whose arms are counted (wire, drawnReleases); null without any release: nothing is counted then. */
  readonly drawn: ReadonlySet<string> | null;
  /** Null where the strategy has this service only: no request is stamped then. */
  readonly several: Several & { readonly lanes: Lanes } | null;
  /** What the strategy says of exchanges that this service forwards. */
  readonly limits: LimitsPlan;
  readonly message: StrategyMessage;
}

/** What a decision means in this process. */
export interface Route {
  readonly published: Published;
  readonly decision: Decision;
  readonly version: string;
  /** This process serves the request, and nothing has to be said about it. */
  readonly plain: boolean;
  /** What the request carries on; null in a strategy of one service. */
  readonly context: Context | null;
  /** What is left of the request's `baggage` for the app, or null when it stays as it came. */
  readonly left: string | null;
  /** A generation that the request needs and that is not here yet: ask again when it is. 0 for none. */
  readonly missing: number;
}

/** What routing reads of a request, as it came: apps change `url`. */
class Fields implements RequestFields {
  method = '';
  target = '';
  rawHeaders: readonly string[] = [];
  socket: Socket | undefined;

  of(request: Asker): this {
    this.method = request.method ?? '';
    this.target = request.url ?? '';
    this.rawHeaders = request.rawHeaders;
    this.socket = request.socket;
    return this;
  }

  /** Asked for by tags from addresses alone; '' for a connection that is gone. */
  get address(): string {
    return this.socket?.remoteAddress ?? '';
  }
}

export interface Asker {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly rawHeaders: readonly string[];
  readonly socket?: Socket | undefined;
}

export class Strategy {
  readonly #service: string;
  readonly #own: string;
  readonly #counts: Counts;
  readonly #random: () => number;
  readonly #now: () => number;
  /** One object for all: deciding is synchronous and keeps none of it. */
  readonly #fields = new Fields();
  readonly #generations = new Generations<Published>();
  /** What only stamps and overrides need. */
  readonly lanes: LaneLoader;
  readonly #tokens: TokenClaims;
  #overrides = false;
  #current: Published | null = null;
  /** Requests come in runs of one kind. */
  #last: Route | null = null;

  constructor(options: { readonly service: string; readonly version: string; readonly counts: Counts; readonly send: (message: AgentMessage) => void; readonly fault: (place: string, fault: unknown) => void; readonly random: () => number; readonly now: () => number }) {
    this.#service = options.service;
    this.#own = options.version;
    this.#counts = options.counts;
    this.#tokens = new TokenClaims(options.now, options.fault);
    this.#random = options.random;
    this.#now = options.now;
    const { counts, now, send } = options;
    this.lanes = new LaneLoader({ counts, now, send, generations: this.#generations, generation: () => this.generation });
  }

  get current(): Published | null {
    return this.#current;
  }

  /** Requests may carry the stamp of another service. */
  get hasStamps(): boolean {
    return this.#current !== null && this.#current.several !== null;
  }

  /** 0 before the first one. */
  get generation(): number {
    return this.#current?.router.generation ?? 0;
  }

  /**
   * Throws on a snapshot that cannot be loaded; the one in force stays. A staged one, and one that is older, is kept for
   * the requests that are stamped with it.
   */
  publish(message: StrategyMessage): void {
    const { generation, staged } = message;
    const published = this.#generations.get(generation) ?? this.#load(message);
    this.#generations.keep(generation, published, message.snapshot.settings.keepGenerations);
    if (staged !== true && generation >= this.generation) this.#current = published;
  }

  /** New requests are decided by a generation that is here already; false when it is not. */
  begin(generation: number): boolean {
    const published = this.#generations.get(generation);
    if (published === undefined) return false;
    if (generation >= this.generation) this.#current = published;
    return true;
  }

  /** Whether requests may carry override tokens. */
  set overrides(wanted: boolean) {
    if (wanted === this.#overrides) return;
    this.#overrides = wanted;
    if (this.#current === null) return;
    this.#current = this.#load(this.#current.message);
    this.#generations.keep(this.generation, this.#current, this.#current.message.snapshot.settings.keepGenerations);
  }

  get overrides(): boolean {
    return this.#overrides;
  }

  /** The context of a request that another agent has routed; null in a strategy of one service. */
  forwarded(stamp: string, rawHeaders: readonly string[]): Context | null {
    const several = this.#current?.several ?? null;
    return several === null || stamp === '' ? null : this.lanes.need().forwarded(stamp, several, rawHeaders);
  }

  /** The context of a request that a gateway has handed on; null in a strategy of one service. */
  handed(rawHeaders: readonly string[]): Context | null {
    const several = this.#current?.several ?? null;
    return several === null ? null : several.lanes.handed(several, rawHeaders);
  }

  /** The context behind a stamp that came in a message; null when it does not hold. */
  adopt(baggage: string): Context | null {
    return this.lanes.need().adopt(baggage);
  }

  #load(message: StrategyMessage): Published {
    const { generation, snapshot } = message;
    const lanes = this.#overrides ? this.lanes.need() : null;
    const claim = this.#tokens.of(snapshot.settings.jwt);
    const router = loadRouter(snapshot, {
      generation, random: this.#random, now: this.#now,
      ...(claim === undefined ? {} : { claim }),
      ...(lanes === null ? {} : { override: (token: string): string | null => lanes.openOverride(token) }),
    });
    const drawn = snapshot.releases.length === 0 ? null : drawnReleases(snapshot);
    const own = snapshot.services.find(({ name }) => name === this.#service);
    const several = snapshot.services.length > 1 ? { lanes: this.lanes.need(), trust: own?.trust ?? 'edge', headers: snapshot.settings.propagateHeaders } : null;
    return { router, stable: router.version(this.#service, null), drawn, several, limits: own?.limits ?? {}, message };
  }

  /** Null without a strategy. `patient`: the request can wait for a generation that is missing. */
  decide(request: Asker, patient: boolean = false): Route | null {
    const published = this.#current;
    if (published === null) return null;
    if (published.several !== null) return this.#decideAmongSeveral(published, published.several, new Fields().of(request), patient);
    const { router } = published;
    const decision = router.decide(this.#fields.of(request));
    // With its connection a whole request would be kept until the next one.
    this.#fields.socket = undefined;
    this.#counts.add(decision, router.generation);
    const last = this.#last;
    if (last !== null && last.decision === decision && last.published === published) return last;
    const route = this.#routeOf(published, decision);
    this.#last = route;
    return route;
  }

  #decideAmongSeveral(current: Published, several: NonNullable<Published['several']>, fields: Fields, patient: boolean): Route {
    const { published, decision, context, left, missing } = several.lanes.route(current, several, fields, patient);
    if (missing === 0) this.#counts.add(decision, published.router.generation);
    return this.#routeOf(published, decision, context, left, missing);
  }

  #routeOf(published: Published, decision: Decision, context: Context | null = null, left: string | null = null, missing: number = 0): Route {
    const { router, stable } = published;
    const version = decision.lane === null ? stable : router.version(this.#service, decision.lane);
    const plain = version === this.#own && decision.lane === null && decision.mint === null && !router.exposeRoute && !router.serverTiming;
    return { published, decision, version, plain, context, left, missing };
  }
}

/** The newest published strategy, for a start without a supervisor. Null when there is none. */
export function readSnapshot(path: string): StrategyMessage | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return null;
  }
  const value: unknown = JSON.parse(text);
  if (!isStrategyMessage(value)) throw new TypeError(`${path} is not a published strategy`);
  return value;
}

function isStrategyMessage(value: unknown): value is StrategyMessage {
  return typeof value === 'object' && value !== null
    && 'generation' in value && typeof value.generation === 'number'
    && 'snapshot' in value && typeof value.snapshot === 'object' && value.snapshot !== null;
}
