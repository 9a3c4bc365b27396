// How the words of a snapshot are laid out: written by pack.ts, read by the router. Nothing here decides anything.
//
// A `ref` is a list of ranks: 0 none, below 0 the one rank `~ref`, above 0 the place of [count, rank …].
// A `text` is a place in the snapshot's list of texts.

/** The head: places of what follows, and how much of it there is. */
export const HEAD = { clauses: 0, clauseCount: 1, releases: 2, always: 3, drawers: 4, drawerCount: 5, consent: 6, consentCount: 7, size: 8 } as const;

/** One clause per rank: the smaller rank wins. `conditions` is the place of [field, test] pairs. */
export const CLAUSE = { release: 0, clause: 1, pinned: 2, threshold: 3, conditions: 4, count: 5, size: 6 } as const;

/** One release per place. `versions` is the place of [service, text] pairs, `first` and `last` are the ranks of its clauses. */
export const RELEASE = { index: 0, priority: 1, salt: 2, terms: 3, versions: 4, count: 5, first: 6, last: 7, size: 8 } as const;

/** The clauses filed under one field: by exact value (a table), by beginning and by end (tries, 0 for none), by presence. */
export const DRAWER = { field: 0, exact: 1, prefixes: 2, suffixes: 3, present: 4, size: 5 } as const;

/**
 * A table from texts to refs, open addressing: [mask, (text + 1, ref) × (mask + 1)]; an entry of 0 is free.
 * A trie: [mask, (key, node) × (mask + 1), ref × nodes]; the key of an edge is node × 256 + byte + 1, the root is node 0.
 */
export const ENTRY = 2;

/**
 * Tests. exact: text. table: a table follows. prefix, suffix: text. decimal: at least, over, at most, under (text or -1).
 * semver: count, then (comparison, major, minor, patch, count of identifiers, identifier …) each.
 * dfa: classes, row: a row is [accepting, place of the next row per class], classes are 256 words. not: test. any: count, test ….
 */
export const OP = { exact: 0, table: 1, prefix: 2, suffix: 3, decimal: 4, semver: 5, dfa: 6, present: 7, absent: 8, not: 9, any: 10 } as const;

/** The comparisons of a version's bound. */
export const COMPARISONS = ['>=', '>', '<=', '<', '='] as const;

/** Where an edge of a trie is looked for first. */
export function edgeSlot(key: number, mask: number): number {
  return Math.imul(key, 0x9e3779b1) >>> 8 & mask;
}
