// Decides which release a request enters: the one place where selection (by priority, clause and bucket) is written down.

import type { ReleasePlan, Snapshot, TagPlan } from '../compile/snapshot.ts';
import { SNAPSHOT_FORMAT } from '../compile/snapshot.ts';
import type { Decision, LaneFacts, RequestFields, Router, RouterOptions } from '../contract.ts';
import { Clauses } from './clauses.ts';
import { Decisions, NO_RELEASE, NOT_MATCHED, OVERRIDE_STABLE } from './decisions.ts';
import { explain } from './explain.ts';
import type { Explanation } from './explanation.ts';
import { Reader } from './reader.ts';
import { Sticky } from './sticky.ts';

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
  readonly releases: readonly ReleasePlan[];
  readonly reader: Reader;
  readonly clauses: Clauses;
  readonly sticky: Sticky;
  readonly now: () => number;
  readonly #decisions: Decisions;
  readonly #tags: readonly TagPlan[];
  readonly #override: RouterOptions['override'];
  readonly #lanes: ReadonlyMap<string, number>;
  /** Service to lane to version; '' is stable. */
  readonly versions: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** Releases that matched and are out, by ascending priority. */
  readonly #out: Int32Array;
  /** Per release the rank of its last clause. */
  readonly #lastRanks: Int32Array;

  constructor(snapshot: Snapshot, options: RouterOptions) {
    this.generation = options.generation;
    this.exposeRoute = snapshot.settings.exposeRoute;
    this.serverTiming = snapshot.settings.serverTiming;
    this.releases = snapshot.releases;
    this.reader = new Reader(snapshot.fields, options);
    this.clauses = new Clauses(snapshot.clauses, snapshot.releases, this.reader);
    this.sticky = new Sticky(snapshot.releases, snapshot.settings, this.reader, options.random);
    this.now = options.now ?? ((): number => 0);
    this.#decisions = new Decisions(snapshot.releases);
    this.#override = options.override;
    this.#tags = snapshot.tags;
    this.#lanes = new Map(snapshot.releases.map(({ name }, place) => [name, place]));
    this.versions = versionsOf(snapshot);
    this.#out = new Int32Array(snapshot.releases.length);
    this.#lastRanks = new Int32Array(snapshot.releases.length);
    this.clauses.all.forEach(({ release }, rank) => this.#lastRanks[release] = rank);
  }

  decide(request: RequestFields): Decision {
    if (this.releases.length === 0) return NO_RELEASE;
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
    if (this.#tags.length === 0) return NO_TAGS;
    this.reader.begin(request);
    return this.#tags.flatMap(({ name, field }): [string, string][] => {
      const value = this.reader.value(field);
      return value === null ? [] : [[name, value]];
    });
  }

  /** The first of the matching clauses that the request is in. */
  #select(found: number): Decision {
    const { matched, all } = this.clauses;
    let out = 0;
    for (let i = 0; i < found; i++) {
      const rank = matched[i] ?? 0;
      const clause = all[rank];
      if (clause === undefined) continue;
      const { release } = clause;
      if (clause.pinned) return this.#decisions.pinned(release);
      if (clause.certain) return this.#decisions.won(release, 'matched', !this.#laterTakes(release));
      if (clause.threshold > 0 && this.sticky.bucket(release, true) < clause.threshold) return this.#decisions.won(release, 'bucket', !this.#laterTakes(release));
      if (out === 0 || this.#out[out - 1] !== release) this.#out[out++] = release;
    }
    return this.#decisions.control(this.#out, out);
  }

  /** Whether a release after `winner` would take the request if `winner` were not there. */
  #laterTakes(winner: number): boolean {
    const { matched, all } = this.clauses;
    const found = this.clauses.find(this.#lastRanks[winner] ?? -1, this.now);
    for (let i = 0; i < found; i++) {
      const clause = all[matched[i] ?? 0];
      if (clause !== undefined && (clause.certain || (clause.threshold > 0 && this.sticky.bucket(clause.release, false) < clause.threshold))) return true;
    }
    return false;
  }

  #overridden(verify: (token: string) => string | null): Decision | null {
    const token = this.reader.overrideToken();
    const lane = token === null ? null : verify(token);
    if (lane === null) return null;
    if (lane === '') return OVERRIDE_STABLE;
    const release = this.#lanes.get(lane);
    return release === undefined ? null : this.#decisions.override(release);
  }

  userBucket(release: string): number | null {
    const place = this.#lanes.get(release);
    return place === undefined ? null : this.sticky.userBucket(place);
  }

  version(service: string, lane: string | null): string {
    const lanes = this.versions.get(service);
    const version = lanes?.get(lane ?? '') ?? lanes?.get('');
    if (version === undefined) throw new RangeError(`the strategy has no service ${JSON.stringify(service)}`);
    return version;
  }

  lane(name: string): LaneFacts | null {
    const place = this.#lanes.get(name);
    return place === undefined ? null : this.releases[place] ?? null;
  }

  explain(request: RequestFields): Explanation {
    return explain(this, request);
  }
}

function versionsOf(snapshot: Snapshot): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const services = new Map(snapshot.services.map(({ name, stable }) => [name, new Map([['', stable]])]));
  for (const release of snapshot.releases) {
    for (const [service, version] of release.versions) services.get(service)?.set(release.name, version);
  }
  return services;
}
