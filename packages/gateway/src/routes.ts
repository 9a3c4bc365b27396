// From a request to the version that serves it and to what is said about that on the answer. It moves nothing.

import { loadRouter } from '@graylane/rules';
import type { Decision, RequestFields, Router } from '@graylane/rules';
import { additions, drawnReleases, Generations, openOverride, routeField, timingField } from '@graylane/wire';
import type { ExposureBook, Marks, StrategyMessage, Trust } from '@graylane/wire';
import { valuesOf } from '@graylane/forward';
import { KeptClaims } from '@graylane/forward/tokens';
import type { AnswerView, EditReply, Exposed, ReplyEdit } from '@graylane/forward';
import type { Ask } from './ask.ts';
import type { Lanes } from './lanes.ts';
import { Passings } from './passing.ts';
import type { Kept } from './passing.ts';
import type { Tally } from './tally.ts';

export type Route =
  /** `edit` is null when nothing has to be said on the answer. `stamp` is a header line to send on, or ''; `generation` 0 is none that is carried. */
  | { readonly kind: 'version'; readonly version: string; readonly lane: string | null; readonly edit: EditReply | null; readonly exposed: Exposed | null; readonly stamp: string; readonly generation: number }
  /** The release wants an error when its version has no worker. */
  | { readonly kind: 'nowhere'; readonly exposed: Exposed | null }
  /** The request needs a generation that is not here yet. */
  | { readonly kind: 'missing'; readonly generation: number };

export interface RoutesOptions {
  readonly service: string;
  /** Serves everybody until there is a strategy. */
  readonly stable: string;
  readonly lanes: Lanes;
  /** Whose stamps are believed; what the strategy says of the service unless given. */
  readonly believes?: Trust;
  readonly tally: Tally;
  readonly book: ExposureBook;
  readonly random: () => number;
  /** Milliseconds since 1970. */
  readonly wallClock: () => number;
  /** Whether a version has an upstream. */
  readonly isReady: (version: string) => boolean;
}

export class Routes {
  readonly #options: RoutesOptions;
  readonly #generations = new Generations<Kept>();
  readonly #passings: Passings;
  /** Replaced whole; a request keeps the one it started with. */
  #current: Kept | null = null;
  #message: StrategyMessage | null = null;
  readonly #tokens: KeptClaims;
  #overrides = false;

  constructor(options: RoutesOptions) {
    this.#options = options;
    this.#tokens = new KeptClaims({ now: options.wallClock, fault: (what) => process.emitWarning(`tokens: ${what}`) });
    this.#passings = new Passings(options.lanes.stamps, options.tally, this.#generations);
  }

  /** 0 before the first strategy. */
  get generation(): number {
    return this.#current?.router.generation ?? 0;
  }

  /** The version of those that no release takes. */
  get stable(): string {
    return this.#current?.router.version(this.#options.service, null) ?? this.#options.stable;
  }

  /** Throws on a snapshot that cannot be loaded; the one in force stays. A staged or older one is kept for requests that carry it. */
  publish(message: StrategyMessage): void {
    const { generation, staged } = message;
    const kept = this.#generations.get(generation) ?? this.#load(message);
    this.#generations.keep(generation, kept, message.snapshot.settings.keepGenerations);
    if (staged !== true && generation >= this.generation) {
      this.#current = kept;
      this.#message = message;
    }
  }

  /** `patient`: the request can wait for a generation. */
  of(ask: Ask, patient: boolean = false): Route {
    this.#followOverrides();
    const current = this.#current;
    const { stable, tally, service } = this.#options;
    if (current === null) return { kind: 'version', version: stable, lane: null, edit: null, exposed: null, stamp: '', generation: 0 };
    const request: RequestFields = { method: ask.method, target: ask.target, rawHeaders: ask.rawHeaders, ...(ask.address === undefined ? {} : { address: ask.address }) };
    const passing = current.trust === null
      ? { kind: 'routed' as const, kept: current, decision: current.router.decide(request), stamp: null }
      : this.#passings.of(current, current.trust, request, patient);
    if (passing.kind === 'missing') return passing;
    const { kept: { router, drawn }, decision, stamp } = passing;
    tally.add(decision.lane, decision.reason, router.generation);
    const version = this.#available(router, decision);
    // Nobody serves a request that goes nowhere; it counts for the version that should have.
    const exposed = drawn === null ? null : this.#exposed(router, decision, version ?? router.version(service, decision.lane), drawn);
    if (version === null) return { kind: 'nowhere', exposed };
    return { kind: 'version', version, lane: decision.lane, edit: this.#edit(router, decision, version, ask), exposed, stamp: this.#passings.line(stamp, ask.rawHeaders), generation: stamp?.generation ?? 0 };
  }

  /** The first override token makes routers look for them. */
  #followOverrides(): void {
    const { overrides } = this.#options.lanes;
    if (overrides === this.#overrides) return;
    this.#overrides = overrides;
    if (this.#message === null) return;
    this.#current = this.#load(this.#message);
    this.#generations.keep(this.generation, this.#current, this.#message.snapshot.settings.keepGenerations);
  }

  #load({ generation, snapshot }: StrategyMessage): Kept {
    const { service, random, wallClock } = this.#options;
    const { jwt = null } = snapshot.settings;
    const router = loadRouter(snapshot, { generation, random, now: wallClock, ...(jwt === null ? {} : { claim: this.#tokens.of(jwt) }), ...(this.#overrides ? { override: (token: string): string | null => this.#openOverride(token) } : {}) });
    const trust = this.#options.believes ?? snapshot.services.find(({ name }) => name === service)?.trust ?? 'edge';
    return { router, drawn: snapshot.releases.length === 0 ? null : drawnReleases(snapshot), trust: snapshot.services.length > 1 ? trust : null };
  }

  #openOverride(token: string): string | null {
    const opened = openOverride(this.#options.lanes.stamps.seals, token);
    if (opened.kind === 'valid') return opened.lane;
    this.#options.tally.add(null, `override-${opened.reason}`, this.generation);
    return null;
  }

  #exposed(router: Router, decision: Decision, version: string, drawn: ReadonlySet<string>): Exposed {
    const subjects = this.#options.book.subjects(decision, router.generation, version, drawn);
    return { subjects, users: subjects.map(({ arm, of }) => (of === null || arm === 'pinned' ? null : router.userBucket(of))) };
  }

  #available(router: Router, { lane }: Decision): string | null {
    const { service, isReady, tally } = this.#options;
    const version = router.version(service, lane);
    if (lane === null || isReady(version)) return version;
    tally.add(lane, 'unavailable', router.generation);
    return router.lane(lane)?.onUnavailable === 'error' ? null : router.version(service, null);
  }

  #edit(router: Router, { lane, mint }: Decision, version: string, { method, secure, rawHeaders }: Ask): EditReply | null {
    const facts = lane === null ? null : router.lane(lane);
    const cache = facts?.cache ?? 'off';
    if (!router.exposeRoute && !router.serverTiming && mint === null && cache === 'off') return null;
    const { service } = this.#options;
    const { generation } = router;
    const marks: Marks = {
      route: router.exposeRoute ? routeField(service, version, lane, generation) : null,
      timing: router.serverTiming ? timingField(service, version, lane, generation) : null,
      mint, cache, secure,
      vary: facts?.vary ?? [],
    };
    const authorized = valuesOf(rawHeaders, 'authorization') !== '';
    return (answer) => editOf(marks, method, authorized, answer);
  }
}

const NOTHING: ReadonlySet<string> = new Set();

function editOf(marks: Marks, method: string, authorized: boolean, answer: AnswerView): ReplyEdit {
  const added = additions(marks, { method, status: answer.status, authorized, header: (name) => answer.field(name) });
  const replaced = added.filter(({ replace }) => replace);
  return {
    add: added.map(({ name, value }) => `${name}: ${value}\r\n`).join(''),
    drop: replaced.length === 0 ? NOTHING : new Set(replaced.map(({ name }) => name.toLowerCase())),
  };
}
