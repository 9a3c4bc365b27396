// A strategy as regions: which requests each clause matches and which it takes, over finitely many classes per dimension.
// Dimensions are the fields of a request, one bucket per salt and source of its key, and the time.

import type { ClausePlan, Program, ReleasePlan, TestPlan } from '../compile/program.ts';
import type { StickyPlan } from '../compile/snapshot.ts';
import { BUCKETS, threshold } from '../compile/threshold.ts';
import type { ReleaseSpec } from '../document/types.ts';
import { bucketOfBytes, saltPrefix } from '../route/bucket.ts';
import type { HashPrefix } from '../route/murmur.ts';
import type { Box } from './box.ts';
import { narrow } from './box.ts';
import { ClassSet } from './classset.ts';
import { Budget } from './cover.ts';
import { Partition } from './partition.ts';

/** About five seconds of hashing for one analysis; whoever needs more gets no witness. */
const KEYS_BUDGET = 40_000_000;

export type Dimension =
  | { readonly kind: 'field'; readonly partition: Partition | null }
  /** Buckets of one salt, of keys from one field (or drawn); classes lie between `cuts`. */
  | { readonly kind: 'bucket'; readonly salt: string; readonly prefix: HashPrefix; readonly source: number | 'anonymous' | 'request'; readonly cuts: readonly number[] }
  /** Classes lie between `cuts`, in milliseconds. */
  | { readonly kind: 'time'; readonly cuts: readonly number[] };

export interface ClauseModel {
  readonly plan: ClausePlan;
  /** The requests that match, percentages aside; null when there are none. */
  readonly audience: Box | null;
}

export interface ReleaseModel {
  readonly place: number;
  readonly plan: ReleasePlan;
  readonly spec: ReleaseSpec;
  /** In the document's order. */
  readonly clauses: readonly ClauseModel[];
  /** A field that it reads has too many classes to tell. */
  readonly undecided: boolean;
}

/** Percentages other than the document's, by place of release. */
export type Percentages = ReadonlyMap<number, number>;

export class Model {
  readonly program: Program;
  readonly dimensions: readonly Dimension[];
  readonly releases: readonly ReleaseModel[];
  /** Keys that may be tried in search of witnesses. */
  readonly keys: Budget = new Budget(KEYS_BUDGET);
  readonly #full: readonly ClassSet[];
  readonly #buckets: ReadonlyMap<string, number>;

  /** `specs` are the document's releases in its order. */
  constructor(program: Program, specs: readonly ReleaseSpec[]) {
    this.program = program;
    const fields = fieldDimensions(program);
    const buckets = bucketDimensions(program, specs);
    const times = [...new Set(program.releases.flatMap(({ from, until }) => [from, until]).filter((at) => at !== null))].sort((a, b) => a - b);
    this.dimensions = [...fields, ...buckets.values(), { kind: 'time', cuts: times }];
    this.#buckets = new Map([...buckets.keys()].map((key, i) => [key, fields.length + i]));
    this.#full = this.dimensions.map((dimension) => ClassSet.where(classCount(dimension), () => true));
    const byRelease = new Map<number, ClausePlan[]>();
    for (const clause of program.clauses) {
      const known = byRelease.get(clause.release);
      if (known === undefined) byRelease.set(clause.release, [clause]);
      else known.push(clause);
    }
    this.releases = program.releases.map((plan, place) => this.#release(plan, place, byRelease.get(place) ?? [], specs[plan.index]));
  }

  readonly full = (dimension: number): ClassSet => this.#full[dimension] ?? ClassSet.of(0, []);

  /** The class to show when any of `set` will do. */
  readonly pick = (dimension: number, set: ClassSet): number => {
    const found = this.dimensions[dimension];
    return found?.kind === 'field' && found.partition !== null ? found.partition.preferred(set) : set.first();
  };

  #release(plan: ReleasePlan, place: number, clauses: readonly ClausePlan[], spec: ReleaseSpec | undefined): ReleaseModel {
    const read = [...clauses.flatMap(({ conditions }) => conditions.map(({ field }) => field)), ...plan.stickyBy.flatMap((key) => (key.kind === 'request' ? [] : [key.field]))];
    return {
      place, plan, spec: spec ?? { name: plan.name, when: [], versions: {} },
      clauses: [...clauses].sort((a, b) => a.clause - b.clause).map((clause) => ({ plan: clause, audience: this.#audience(clause, plan) })),
      undecided: read.some((field) => this.#partition(field) === null),
    };
  }

  #partition(field: number): Partition | null {
    const dimension = this.dimensions[field];
    return dimension?.kind === 'field' ? dimension.partition : null;
  }

  #audience(clause: ClausePlan, release: ReleasePlan): Box | null {
    let box: Box | null = new Map();
    for (const { field, test } of clause.conditions) {
      const set = this.#partition(field)?.setOf(test);
      if (set === undefined || box === null) continue;
      box = set.size === this.full(field).size ? box : narrow(box, field, box.get(field)?.and(set) ?? set);
    }
    return box === null ? null : this.#window(box, release);
  }

  #window(box: Box, { from, until }: ReleasePlan): Box | null {
    if (from === null && until === null) return box;
    const time = this.dimensions.length - 1;
    const cuts = this.dimensions[time];
    if (cuts?.kind !== 'time') return box;
    // Class i begins at cut i - 1.
    return narrow(box, time, ClassSet.where(cuts.cuts.length + 1, (i) => (from === null || (i > 0 && (cuts.cuts[i - 1] ?? 0) >= from)) && (until === null || (cuts.cuts[i] ?? Infinity) <= until)));
  }

  /** The threshold of a clause under other percentages. */
  thresholdOf(release: ReleaseModel, clause: ClauseModel, percentages: Percentages): number {
    const percent = percentages.get(release.place);
    if (percent === undefined) return clause.plan.threshold;
    return threshold(percent, release.spec.holdback ?? 0, release.spec.when[clause.plan.clause]?.percent ?? 100);
  }

  /** The requests that a clause takes when nobody before it does. */
  taken(release: ReleaseModel, clause: ClauseModel, percentages: Percentages): readonly Box[] {
    if (clause.audience === null) return [];
    const below = this.thresholdOf(release, clause, percentages);
    if (clause.plan.pinned || below === BUCKETS) return [clause.audience];
    return below === 0 ? [] : this.#byKey(clause.audience, release.plan, below);
  }

  /** One box per key that a request may have, and per way in which that key gives a bucket below. */
  #byKey(audience: Box, release: ReleasePlan, below: number): readonly Box[] {
    const boxes: (Box | null)[] = [];
    let rest: Box | null = audience;
    for (const key of release.stickyBy) {
      if (rest === null) break;
      if (key.kind !== 'request') {
        boxes.push(...this.#withKey(rest, release, key.field, below));
        rest = this.#meet(rest, key.field, this.#keyClasses(key.field, 'none'));
      }
      if (key.kind !== 'field' && rest !== null) boxes.push(this.#below(rest, release, key.kind, below));
    }
    return boxes.filter((box) => box !== null);
  }

  #withKey(box: Box, release: ReleasePlan, field: number, below: number): readonly (Box | null)[] {
    const free = this.#meet(box, field, this.#keyClasses(field, 'free'));
    const prefix = saltPrefix(release.salt);
    const spelled = this.#keyClasses(field, 'literal');
    // Only keys that the audience has at all: other releases may spell out thousands.
    const literals = (box.get(field)?.and(spelled) ?? spelled).members().filter((place) => bucketOfBytes(prefix, this.#partition(field)?.classes[place]?.value ?? '') < below);
    return [
      free === null ? null : this.#below(free, release, field, below),
      literals.length === 0 ? null : this.#meet(box, field, ClassSet.of(this.full(field).size, literals)),
    ];
  }

  readonly #keys = new Map<string, ClassSet>();

  /** Classes of a key field: without a key, with a key that some rule spells out, with any other. */
  #keyClasses(field: number, kind: 'none' | 'literal' | 'free'): ClassSet {
    const name = `${field} ${kind}`;
    let set = this.#keys.get(name);
    if (set === undefined) {
      const classes = this.#partition(field)?.classes ?? [];
      this.#keys.set(name, set = ClassSet.where(classes.length, (i) => {
        const { value, literal } = classes[i] ?? { value: null, literal: false };
        return value === null || value === '' ? kind === 'none' : literal ? kind === 'literal' : kind === 'free';
      }));
    }
    return set;
  }

  #below(box: Box, release: ReleasePlan, source: number | 'anonymous' | 'request', below: number): Box | null {
    const place = this.#buckets.get(bucketName(release.salt, source));
    const dimension = place === undefined ? undefined : this.dimensions[place];
    if (place === undefined || dimension?.kind !== 'bucket') return null;
    return this.#meet(box, place, ClassSet.where(dimension.cuts.length + 1, (i) => (dimension.cuts[i] ?? BUCKETS) <= below));
  }

  #meet(box: Box, dimension: number, set: ClassSet): Box | null {
    return narrow(box, dimension, (box.get(dimension) ?? this.full(dimension)).and(set));
  }
}

function classCount(dimension: Dimension): number {
  return dimension.kind === 'field' ? dimension.partition?.classes.length ?? 0 : dimension.cuts.length + 1;
}

function bucketName(salt: string, source: number | 'anonymous' | 'request'): string {
  return `${String(source)} ${salt}`;
}

function fieldDimensions(program: Program): readonly Dimension[] {
  const tests = program.fields.map((): Map<string, TestPlan> => new Map());
  for (const { conditions } of program.clauses) for (const { field, test } of conditions) tests[field]?.set(JSON.stringify(test), test);
  const keyed = new Set(program.releases.flatMap(({ stickyBy }) => stickyBy.flatMap((key) => (key.kind === 'request' ? [] : [key.field]))));
  return program.fields.map((plan, field) => ({ kind: 'field', partition: Partition.of(plan, [...tests[field]?.values() ?? []], keyed.has(field)) }));
}

/** Cut at every threshold that the release has now or at a step of its plan. */
function bucketDimensions(program: Program, specs: readonly ReleaseSpec[]): ReadonlyMap<string, Dimension> {
  const cuts = new Map<string, { readonly salt: string; readonly source: number | 'anonymous' | 'request'; readonly values: Set<number> }>();
  for (const release of program.releases) {
    const values = thresholdsOf(specs[release.index]);
    for (const source of release.stickyBy.flatMap(sourcesOf)) {
      const name = bucketName(release.salt, source);
      const known = cuts.get(name);
      if (known === undefined) cuts.set(name, { salt: release.salt, source, values: new Set(values) });
      else for (const value of values) known.values.add(value);
    }
  }
  return new Map([...cuts].map(([name, { salt, source, values }]) => [name, { kind: 'bucket', salt, source, prefix: saltPrefix(salt), cuts: [...values].sort((a, b) => a - b) }]));
}

function sourcesOf(key: StickyPlan): readonly (number | 'anonymous' | 'request')[] {
  if (key.kind === 'request') return ['request'];
  return key.kind === 'anonymous' ? [key.field, 'anonymous'] : [key.field];
}

function thresholdsOf(spec: ReleaseSpec | undefined): readonly number[] {
  if (spec === undefined) return [];
  const percents = [spec.percent ?? 100, ...(spec.steps ?? []).flatMap((planned) => planned.percent ?? [])];
  const all = percents.flatMap((percent) => spec.when.map((clause) => threshold(percent, spec.holdback ?? 0, clause.percent ?? 100)));
  return all.filter((value) => value > 0 && value < BUCKETS);
}
