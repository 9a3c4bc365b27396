// Finds the few header names that rules use among all that a request has, without folding the case of the others.

export const NO_FIELD = -1;

/** Names of one length are compared one by one up to here; more go through a hash. */
const COMPARED_NAMES = 6;

interface Entry { readonly lower: string; readonly field: number }

/** What is there for names of one length. */
type Shelf = { readonly kind: 'list'; readonly entries: readonly Entry[] } | { readonly kind: 'hash'; readonly entries: ReadonlyMap<string, number> };

export class NameTable {
  readonly size: number;
  /** By length of name. */
  readonly #shelves: readonly (Shelf | null)[];

  /** Pairs of name in lower case and field. */
  constructor(names: readonly (readonly [string, number])[]) {
    this.size = names.length;
    const longest = names.reduce((length, [name]) => Math.max(length, name.length), 0);
    this.#shelves = Array.from({ length: longest + 1 }, (_, length) => shelve(names.filter(([name]) => name.length === length)));
  }

  find(name: string): number {
    const shelf = name.length < this.#shelves.length ? this.#shelves[name.length] : null;
    if (shelf === null || shelf === undefined) return NO_FIELD;
    if (shelf.kind === 'hash') return shelf.entries.get(name.toLowerCase()) ?? NO_FIELD;
    for (const entry of shelf.entries) if (sameName(name, entry.lower)) return entry.field;
    return NO_FIELD;
  }
}

function shelve(names: readonly (readonly [string, number])[]): Shelf | null {
  if (names.length === 0) return null;
  if (names.length > COMPARED_NAMES) return { kind: 'hash', entries: new Map(names) };
  return { kind: 'list', entries: names.map(([lower, field]) => ({ lower, field })) };
}

/** Header names are ASCII (RFC 9110 §5.6.2). */
function sameName(name: string, lower: string): boolean {
  for (let i = 0; i < lower.length; i++) {
    const code = name.charCodeAt(i);
    const wanted = lower.charCodeAt(i);
    if (code !== wanted && !(code >= 0x41 && code <= 0x5a && code + 0x20 === wanted)) return false;
  }
  return true;
}
