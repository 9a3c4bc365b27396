// All clauses of a strategy, filed so that finding those that a request matches does not cost more with more releases.

import type { ClausePlan, ReleasePlan } from '../compile/snapshot.ts';
import { BUCKETS } from '../compile/threshold.ts';
import type { AnchorKey } from '../compile/anchors.ts';
import { anchorKeys } from '../compile/anchors.ts';
import type { Reader } from './reader.ts';
import type { Test } from './test.ts';
import { loadTest } from './test.ts';
import { Trie } from './trie.ts';

/** A clause ready to run; its rank is its place: the smaller wins. */
export interface Clause {
  readonly plan: ClausePlan;
  readonly release: number;
  readonly pinned: boolean;
  readonly threshold: number;
  readonly conditions: readonly Condition[];
  /** In without asking for a bucket. */
  readonly certain: boolean;
}

export interface Condition {
  readonly field: number;
  /** A path that no rule may match fails every test, `not` included. */
  readonly needsValue: boolean;
  readonly test: Test;
}

/** The clauses filed under one field. */
interface Drawer {
  readonly field: number;
  readonly exact: Map<string, number[]>;
  prefixes: Trie | null;
  suffixes: Trie | null;
  readonly present: number[];
}

/** More clauses than this are rarely matched by one request. */
const INSERTION_LIMIT = 32;

const NOBODY: readonly number[] = [];

export class Clauses {
  readonly all: readonly Clause[];
  readonly #drawers: readonly Drawer[];
  readonly #always: readonly number[];
  readonly #windows: boolean;
  readonly #releases: readonly ReleasePlan[];
  /** Ranks of the clauses found; `found` of them are valid. */
  readonly matched: Int32Array;
  #found = 0;
  #reader: Reader;
  #now = 0;
  #after = -1;
  #bound = 0;

  constructor(plans: readonly ClausePlan[], releases: readonly ReleasePlan[], reader: Reader) {
    this.all = plans.map((plan) => new LoadedClause(plan, reader));
    this.#releases = releases;
    this.#reader = reader;
    this.#windows = releases.some((release) => release.from !== null || release.until !== null);
    this.matched = new Int32Array(plans.length);
    const drawers = new Map<number, Drawer>();
    const always: number[] = [];
    plans.forEach(({ anchor, conditions }, rank) => {
      const condition = conditions[anchor];
      const keys = condition === undefined ? null : anchorKeys(condition.test);
      if (condition === undefined || keys === null) always.push(rank);
      else for (const key of keys) file(drawerOf(drawers, condition.field), key, rank);
    });
    this.#drawers = [...drawers.values()];
    this.#always = always;
  }

  /**
   * Finds the clauses ranked after `after` that the reader's request matches, up to the first that is certain, in order of rank.
   * `now` is asked only when some release has a time window.
   */
  find(after: number, now: () => number): number {
    this.#found = 0;
    this.#after = after;
    this.#bound = this.all.length;
    if (this.#windows) this.#now = now();
    this.#tryAll(this.#always);
    for (const drawer of this.#drawers) this.#open(drawer);
    return this.#sort();
  }

  #open(drawer: Drawer): void {
    const value = this.#reader.value(drawer.field);
    if (value === null) return;
    if (drawer.exact.size > 0) this.#tryAll(drawer.exact.get(value) ?? NOBODY);
    drawer.prefixes?.each(value, this.#tryAll);
    drawer.suffixes?.each(value, this.#tryAll);
    this.#tryAll(drawer.present);
  }

  readonly #tryAll = (ranks: readonly number[]): void => {
    for (const rank of ranks) {
      if (rank > this.#bound) return;
      if (rank > this.#after && this.matches(rank)) this.#add(rank);
    }
  };

  #add(rank: number): void {
    this.matched[this.#found++] = rank;
    if (this.all[rank]?.certain === true) this.#bound = rank;
  }

  matches(rank: number): boolean {
    const clause = this.all[rank];
    if (clause === undefined) return false;
    for (const { field, needsValue, test } of clause.conditions) {
      const value = this.#reader.value(field);
      if (value === null && needsValue) return false;
      if (!test(value)) return false;
    }
    return !this.#windows || this.isOpen(clause.release, this.#now);
  }

  /** Whether the release's time window contains `now`. */
  isOpen(release: number, now: number): boolean {
    const plan = this.#releases[release];
    return plan !== undefined && (plan.from === null || now >= plan.from) && (plan.until === null || now < plan.until);
  }

  /** A clause may have been found by two of its keys, and some behind the bound before the bound was known. */
  #sort(): number {
    const { matched } = this;
    const found = this.#found;
    if (found > INSERTION_LIMIT) matched.subarray(0, found).sort();
    else if (found > 1) insertionSort(matched, found);
    let kept = 0;
    for (let i = 0; i < found; i++) {
      const rank = matched[i] ?? 0;
      if (rank > this.#bound) break;
      if (kept === 0 || matched[kept - 1] !== rank) matched[kept++] = rank;
    }
    return kept;
  }
}

/** In place: a view to sort would be the one thing that deciding allocates. */
function insertionSort(ranks: Int32Array, count: number): void {
  for (let i = 1; i < count; i++) {
    const rank = ranks[i] ?? 0;
    let at = i;
    for (; at > 0 && (ranks[at - 1] ?? 0) > rank; at--) ranks[at] = ranks[at - 1] ?? 0;
    ranks[at] = rank;
  }
}

/** Tests are loaded when a request first comes near the clause: a long strategy must not hold up the event loop. */
class LoadedClause implements Clause {
  readonly plan: ClausePlan;
  readonly release: number;
  readonly pinned: boolean;
  readonly threshold: number;
  readonly certain: boolean;
  readonly #reader: Reader;
  #conditions: readonly Condition[] | null = null;

  constructor(plan: ClausePlan, reader: Reader) {
    this.plan = plan;
    this.release = plan.release;
    this.pinned = plan.pinned;
    this.threshold = plan.threshold;
    this.certain = plan.pinned || plan.threshold === BUCKETS;
    this.#reader = reader;
  }

  get conditions(): readonly Condition[] {
    return this.#conditions ??= this.plan.conditions.map(({ field, test }) => ({ field, needsValue: this.#reader.plans[field]?.kind === 'path', test: loadTest(test) }));
  }
}

function drawerOf(drawers: Map<number, Drawer>, field: number): Drawer {
  let drawer = drawers.get(field);
  if (drawer === undefined) drawers.set(field, drawer = { field, exact: new Map(), prefixes: null, suffixes: null, present: [] });
  return drawer;
}

function file(drawer: Drawer, key: AnchorKey, rank: number): void {
  switch (key.kind) {
    case 'exact': {
      const ranks = drawer.exact.get(key.text);
      if (ranks === undefined) drawer.exact.set(key.text, [rank]);
      else ranks.push(rank);
      return;
    }
    case 'prefix': (drawer.prefixes ??= new Trie('prefix')).add(key.text, rank); return;
    case 'suffix': (drawer.suffixes ??= new Trie('suffix')).add(key.text, rank); return;
    case 'present': drawer.present.push(rank);
  }
}
