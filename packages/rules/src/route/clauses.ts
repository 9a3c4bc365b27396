// All clauses of a strategy, filed so that finding those that a request matches does not cost more with more releases.

import { CLAUSE, DRAWER, HEAD, RELEASE } from '../compile/layout.ts';
import type { TermsPlan } from '../compile/snapshot.ts';
import { BUCKETS } from '../compile/threshold.ts';
import type { Reader } from './reader.ts';
import type { Tables } from './tables.ts';

/** More clauses than this are rarely matched by one request. */
const INSERTION_LIMIT = 32;

export class Clauses {
  readonly count: number;
  readonly #tables: Tables;
  readonly #reader: Reader;
  readonly #terms: readonly TermsPlan[];
  readonly #base: number;
  readonly #releases: number;
  readonly #windows: boolean;
  /** Ranks of the clauses found; `found` of them are valid. */
  readonly matched: Int32Array;
  #found = 0;
  #now = 0;
  #after = -1;
  #bound = 0;

  constructor(tables: Tables, terms: readonly TermsPlan[], reader: Reader) {
    this.#tables = tables;
    this.#reader = reader;
    this.#terms = terms;
    this.count = tables.word(HEAD.clauseCount);
    this.#base = tables.word(HEAD.clauses);
    this.#releases = tables.word(HEAD.releases);
    this.#windows = terms.some(({ from, until }) => from !== null || until !== null);
    this.matched = new Int32Array(this.count);
  }

  release(rank: number): number {
    return this.#tables.word(this.#base + rank * CLAUSE.size + CLAUSE.release);
  }

  isPinned(rank: number): boolean {
    return this.#tables.word(this.#base + rank * CLAUSE.size + CLAUSE.pinned) === 1;
  }

  threshold(rank: number): number {
    return this.#tables.word(this.#base + rank * CLAUSE.size + CLAUSE.threshold);
  }

  /** In without asking for a bucket. */
  isCertain(rank: number): boolean {
    return this.isPinned(rank) || this.threshold(rank) === BUCKETS;
  }

  /** One word of a clause, as CLAUSE says. */
  word(rank: number, which: number): number {
    return this.#tables.word(this.#base + rank * CLAUSE.size + which);
  }

  /**
   * Finds the clauses ranked after `after` that the reader's request matches, up to the first that is certain, in order of rank.
   * `now` is asked only when some release has a time window.
   */
  find(after: number, now: () => number): number {
    const tables = this.#tables;
    this.#found = 0;
    this.#after = after;
    this.#bound = this.count;
    if (this.#windows) this.#now = now();
    this.#tryAll(tables.word(HEAD.always));
    let drawer = tables.word(HEAD.drawers);
    for (let left = tables.word(HEAD.drawerCount); left > 0; left--, drawer += DRAWER.size) this.#open(drawer);
    return this.#found < 2 ? this.#found : this.#sort();
  }

  #open(drawer: number): void {
    const tables = this.#tables;
    const value = this.#reader.value(tables.word(drawer + DRAWER.field));
    if (value === null) return;
    const exact = tables.word(drawer + DRAWER.exact);
    const prefixes = tables.word(drawer + DRAWER.prefixes);
    const suffixes = tables.word(drawer + DRAWER.suffixes);
    if (exact !== 0) this.#tryAll(tables.find(exact, value));
    if (prefixes !== 0) tables.walk(prefixes, value, false, this.#tryAll);
    if (suffixes !== 0) tables.walk(suffixes, value, true, this.#tryAll);
    this.#tryAll(tables.word(drawer + DRAWER.present));
  }

  readonly #tryAll = (ref: number): void => {
    if (ref < 0) this.#try(~ref);
    if (ref <= 0) return;
    for (let i = ref + 1, end = i + this.#tables.word(ref); i < end; i++) {
      const rank = this.#tables.word(i);
      if (rank > this.#bound) return;
      this.#try(rank);
    }
  };

  #try(rank: number): void {
    if (rank > this.#bound || rank <= this.#after || !this.matches(rank)) return;
    this.matched[this.#found++] = rank;
    if (this.isCertain(rank)) this.#bound = rank;
  }

  matches(rank: number): boolean {
    const tables = this.#tables;
    const clause = this.#base + rank * CLAUSE.size;
    let at = tables.word(clause + CLAUSE.conditions);
    for (const end = at + 2 * tables.word(clause + CLAUSE.count); at < end; at += 2) {
      if (!this.holds(tables.word(at), tables.word(at + 1))) return false;
    }
    return !this.#windows || this.isOpen(tables.word(clause + CLAUSE.release), this.#now);
  }

  /** A path that no rule may match fails every test, `not` included. */
  holds(field: number, test: number): boolean {
    const value = this.#reader.value(field);
    return (value !== null || this.#reader.plans[field]?.kind !== 'path') && this.#tables.holds(test, value);
  }

  /** Whether the release's time window contains `now`. */
  isOpen(release: number, now: number): boolean {
    const terms = this.#terms[this.#tables.word(this.#releases + release * RELEASE.size + RELEASE.terms)];
    return terms !== undefined && (terms.from === null || now >= terms.from) && (terms.until === null || now < terms.until);
  }

  /** A clause may have been found by two of its keys, and some behind the bound before the bound was known. */
  #sort(): number {
    const { matched } = this;
    const found = this.#found;
    if (found > INSERTION_LIMIT) matched.subarray(0, found).sort();
    else insertionSort(matched, found);
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
