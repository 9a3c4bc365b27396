// Decides which release a request enters: the one place where selection (by priority, clause and bucket) is written down.

import { HEAD, RELEASE } from '../compile/layout.ts';
import type { Snapshot } from '../compile/snapshot.ts';
import { SNAPSHOT_FORMAT } from '../compile/snapshot.ts';
import { BUCKETS } from '../compile/threshold.ts';
import type { Decision, LaneFacts, RequestFields, Router, RouterOptions } from '../contract.ts';
import { Clauses } from './clauses.ts';
import { Decisions, NO_RELEASE, NOT_MATCHED, OVERRIDE_STABLE } from './decisions.ts';
import { Reader } from './reader.ts';
import { Sticky } from './sticky.ts';
import { Tables } from './tables.ts';

const NO_TAGS: readonly (readonly [string, string])[] = [];

/** Throws RangeError on a snapshot of another format. */
export function loadRouter(snapshot: Snapshot, options: RouterOptions): Router {
  if (snapshot.format !== SNAPSHOT_FORMAT) throw new RangeError(`a strategy in format ${String(snapshot.format)} cannot be loaded here: this is format ${SNAPSHOT_FORMAT}`);
  return new CompiledRouter(snapshot, options);
}

export class CompiledRouter implements Router {
  readonly generation: number;
  readonly exposeRoute: boolean;
  readonly serverTiming: boolean;
  readonly snapshot: Snapshot;
  readonly tables: Tables;
  readonly reader: Reader;
  readonly clauses: Clauses;
  readonly sticky: Sticky;
  readonly now: () => number;
  readonly #decisions: Decisions;
  readonly #override: RouterOptions['override'];
  /** Made when first asked for by name. */
  #lanes: ReadonlyMap<string, number> | null = null;
  /** Releases that matched and are out, by ascending priority. */
  readonly #out: Int32Array;

  constructor(snapshot: Snapshot, options: RouterOptions) {
    this.generation = options.generation;
    this.exposeRoute = snapshot.settings.exposeRoute;
    this.serverTiming = snapshot.settings.serverTiming;
    this.snapshot = snapshot;
    this.tables = new Tables(snapshot);
    this.reader = new Reader(snapshot.fields, options);
    this.clauses = new Clauses(this.tables, snapshot.terms, this.reader);
    this.sticky = new Sticky(snapshot, this.tables, this.reader, this.clauses, options.random);
    this.now = options.now ?? ((): number => 0);
    this.#decisions = new Decisions(snapshot.releases);
    this.#override = options.override;
    this.#out = new Int32Array(snapshot.releases.length);
  }

  decide(request: RequestFields): Decision {
    if (this.snapshot.releases.length === 0) return NO_RELEASE;
    this.reader.begin(request);
    if (this.#override !== undefined) {
      const decision = this.#overridden(this.#override);
      if (decision !== null) return decision;
    }
    this.sticky.begin(request);
    const found = this.clauses.find(-1, this.now);
    if (found === 0) return NOT_MATCHED;
    const decision = this.#select(found);
    return this.sticky.minted === null ? decision : { ...decision, mint: this.sticky.minted };
  }

  follow(lane: string | null): Decision {
    return this.#decisions.follow(lane ?? '');
  }

  tags(request: RequestFields): readonly (readonly [string, string])[] {
    const { tags } = this.snapshot;
    if (tags.length === 0) return NO_TAGS;
    this.reader.begin(request);
    const found: (readonly [string, string])[] = [];
    for (const { name, field } of tags) {
      const value = this.reader.value(field);
      if (value !== null) found.push([name, value]);
    }
    return found;
  }

  /** The first of the matching clauses that the request is in. */
  #select(found: number): Decision {
    const { clauses, sticky } = this;
    let out = 0;
    for (let i = 0; i < found; i++) {
      const rank = clauses.matched[i] ?? 0;
      const release = clauses.release(rank);
      if (clauses.isPinned(rank)) return this.#decisions.pinned(release);
      const threshold = clauses.threshold(rank);
      if (threshold === BUCKETS) return this.#decisions.won(release, 'matched', !this.#laterTakes(release));
      if (threshold > 0 && sticky.bucket(release, true) < threshold) return this.#decisions.won(release, 'bucket', !this.#laterTakes(release));
      if (out === 0 || this.#out[out - 1] !== release) this.#out[out++] = release;
    }
    return this.#decisions.control(this.#out, out);
  }

  /** Whether a release after `winner` would take the request if `winner` were not there. */
  #laterTakes(winner: number): boolean {
    const { clauses, sticky } = this;
    const last = this.release(winner, RELEASE.last);
    if (last === clauses.count - 1) return false;
    const found = clauses.find(last, this.now);
    for (let i = 0; i < found; i++) {
      const rank = clauses.matched[i] ?? 0;
      const threshold = clauses.threshold(rank);
      if (clauses.isCertain(rank) || (threshold > 0 && sticky.bucket(clauses.release(rank), false) < threshold)) return true;
    }
    return false;
  }

  /** One word of a release, as RELEASE says. */
  release(place: number, which: number): number {
    return this.tables.word(this.tables.word(HEAD.releases) + place * RELEASE.size + which);
  }

  #place(lane: string): number | undefined {
    this.#lanes ??= new Map(this.snapshot.releases.map((name, place) => [name, place]));
    return this.#lanes.get(lane);
  }

  #overridden(verify: (token: string) => string | null): Decision | null {
    const token = this.reader.overrideToken();
    const lane = token === null ? null : verify(token);
    if (lane === null) return null;
    if (lane === '') return OVERRIDE_STABLE;
    const release = this.#place(lane);
    return release === undefined ? null : this.#decisions.override(release);
  }

  userBucket(release: string): number | null {
    const place = this.#place(release);
    return place === undefined ? null : this.sticky.userBucket(place);
  }

  version(service: string, lane: string | null): string {
    const index = this.snapshot.services.findIndex(({ name }) => name === service);
    const stable = this.snapshot.services[index]?.stable;
    if (stable === undefined) throw new RangeError(`the strategy has no service ${JSON.stringify(service)}`);
    const place = lane === null ? undefined : this.#place(lane);
    return place === undefined ? stable : this.#versionAt(place, index) ?? stable;
  }

  /** The version that a release has for a service, or null. */
  #versionAt(place: number, service: number): string | null {
    let at = this.release(place, RELEASE.versions);
    for (let left = this.release(place, RELEASE.count); left > 0; left--, at += 2) if (this.tables.word(at) === service) return this.tables.text(this.tables.word(at + 1));
    return null;
  }

  lane(name: string): LaneFacts | null {
    const place = this.#place(name);
    return place === undefined ? null : this.snapshot.terms[this.release(place, RELEASE.terms)] ?? null;
  }
}
