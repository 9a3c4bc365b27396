// From a request to the version that serves it and to what is said about that on the answer. It moves nothing.

import { loadRouter } from '@graylane/rules';
import type { Decision, Router } from '@graylane/rules';
import { additions, drawnReleases, routeField, timingField } from '@graylane/wire';
import type { ExposureBook, Marks, StrategyMessage } from '@graylane/wire';
import { valuesOf } from '@graylane/forward';
import type { AnswerView, EditReply, Exposed, ReplyEdit } from '@graylane/forward';
import type { Ask } from './ask.ts';
import type { Tally } from './tally.ts';

export type Route =
  /** `edit` is null when nothing has to be said on the answer. */
  | { readonly kind: 'version'; readonly version: string; readonly lane: string | null; readonly edit: EditReply | null; readonly exposed: Exposed | null }
  /** The release wants an error when its version has no worker. */
  | { readonly kind: 'nowhere'; readonly exposed: Exposed | null };

export interface RoutesOptions {
  readonly service: string;
  /** Serves everybody until there is a strategy. */
  readonly stable: string;
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
  /** Replaced whole; a request keeps the one it started with. */
  #router: Router | null = null;
  /** Null without any release: how requests end is not counted then. */
  #drawn: ReadonlySet<string> | null = null;

  constructor(options: RoutesOptions) {
    this.#options = options;
  }

  /** 0 before the first strategy. */
  get generation(): number {
    return this.#router?.generation ?? 0;
  }

  /** The version of those that no release takes. */
  get stable(): string {
    return this.#router?.version(this.#options.service, null) ?? this.#options.stable;
  }

  /** Throws on a snapshot that cannot be loaded; the one in force stays. An older generation is ignored. */
  publish(message: StrategyMessage): void {
    if (message.generation < this.generation) return;
    const { random, wallClock } = this.#options;
    this.#router = loadRouter(message.snapshot, { generation: message.generation, random, now: wallClock });
    this.#drawn = message.snapshot.releases.length === 0 ? null : drawnReleases(message.snapshot);
  }

  of(ask: Ask): Route {
    const router = this.#router;
    const { stable, tally } = this.#options;
    if (router === null) return { kind: 'version', version: stable, lane: null, edit: null, exposed: null };
    const decision = router.decide({ method: ask.method, target: ask.target, rawHeaders: ask.rawHeaders, ...(ask.address === undefined ? {} : { address: ask.address }) });
    tally.add(decision.lane, decision.reason, router.generation);
    const version = this.#available(router, decision);
    // Nobody serves a request that goes nowhere; it counts for the version that should have.
    const exposed = this.#exposed(router, decision, version ?? router.version(this.#options.service, decision.lane));
    if (version === null) return { kind: 'nowhere', exposed };
    return { kind: 'version', version, lane: decision.lane, edit: this.#edit(router, decision, version, ask), exposed };
  }

  #exposed(router: Router, decision: Decision, version: string): Exposed | null {
    if (this.#drawn === null) return null;
    const subjects = this.#options.book.subjects(decision, router.generation, version, this.#drawn);
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
