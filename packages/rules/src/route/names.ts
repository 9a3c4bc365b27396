// Finds the few header names that rules use among all that a request has, without folding the case of the others.

export const NO_FIELD = -1;

/** Names of one length are compared one by one up to here; more go through a hash. */
const COMPARED_NAMES = 6;

/** Lengths are looked up in a table of this size; longer names always go through the hash. */
const LENGTHS = 64;

interface Entry { readonly lower: string; readonly field: number; readonly last: number }

export class NameTable {
  readonly size: number;
  /** 1 where some name has this length: the one look that most headers get. */
  readonly #lengths = new Uint8Array(LENGTHS + 1);
  readonly #lists: readonly (readonly Entry[])[];
  readonly #hash: ReadonlyMap<string, number>;

  /** Pairs of name in lower case and field. */
  constructor(names: readonly (readonly [string, number])[]) {
    this.size = names.length;
    for (const [name] of names) this.#lengths[Math.min(name.length, LENGTHS)] = 1;
    this.#lists = Array.from({ length: LENGTHS }, (_, length) => listOf(names.filter(([name]) => name.length === length)));
    this.#hash = new Map(names);
  }

  find(name: string): number {
    const { length } = name;
    if (length < LENGTHS ? this.#lengths[length] === 0 : this.#lengths[LENGTHS] === 0) return NO_FIELD;
    return this.#compare(name, length);
  }

  #compare(name: string, length: number): number {
    const list = this.#lists[length];
    if (list === undefined || list.length === 0) return this.#hash.get(name.toLowerCase()) ?? NO_FIELD;
    // Names differ at their end more often than at their beginning (x-…).
    const last = fold(name.charCodeAt(length - 1));
    for (const entry of list) if (entry.last === last && sameName(name, entry.lower)) return entry.field;
    return NO_FIELD;
  }
}

/** Empty when the names have to go through the hash. */
function listOf(names: readonly (readonly [string, number])[]): readonly Entry[] {
  if (names.length > COMPARED_NAMES) return [];
  return names.map(([lower, field]) => ({ lower, field, last: lower.charCodeAt(lower.length - 1) }));
}

/** Header names are ASCII (RFC 9110 §5.6.2). */
function fold(code: number): number {
  return code >= 0x41 && code <= 0x5a ? code + 0x20 : code;
}

function sameName(name: string, lower: string): boolean {
  for (let i = 0; i < lower.length; i++) if (fold(name.charCodeAt(i)) !== lower.charCodeAt(i)) return false;
  return true;
}
