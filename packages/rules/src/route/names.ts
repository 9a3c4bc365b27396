// Finds the few header names that rules use among all that a request has, without folding the case of the others.

const NO_FIELD = -1;

/** Names below this length are told apart by length and last letter first; longer ones go through a hash. */
const LENGTHS = 64;
const LETTERS = 32;

interface Entry {
  readonly lower: string;
  readonly field: number;
  /** As clients spelled it last: they nearly always do it the same way. */
  seen: string;
  /** Another name of the same length and last letter. */
  readonly next: Entry | null;
}

export class NameTable {
  readonly size: number;
  /** Of the line found last. */
  field: number = NO_FIELD;
  /** 1 where some name has this length: the one look that most headers get. */
  readonly #lengths = new Uint8Array(LENGTHS + 1);
  /** By length and the last five bits of the last letter, which are the same in either case: a place in the list, 0 for none. */
  readonly #slots = new Int16Array(LENGTHS * LETTERS);
  readonly #entries: (Entry | null)[] = [null];
  readonly #long: ReadonlyMap<string, number>;

  /** Pairs of name in lower case and field. */
  constructor(names: readonly (readonly [string, number])[]) {
    this.size = names.length;
    this.#long = new Map(names);
    for (const [lower, field] of names) {
      const { length } = lower;
      this.#lengths[Math.min(length, LENGTHS)] = 1;
      if (length >= LENGTHS) continue;
      const slot = length * LETTERS + (lower.charCodeAt(length - 1) & LETTERS - 1);
      const place = this.#slots[slot] ?? 0;
      const entry: Entry = { lower, field, seen: lower, next: this.#entries[place] ?? null };
      if (place !== 0) this.#entries[place] = entry;
      else this.#slots[slot] = this.#entries.push(entry) - 1;
    }
  }

  /**
   * The place of the value of the next line (name, value, name …) from `from` on whose name is one of these, or -1.
   * One loop with everything at hand: this is what every request pays for every header.
   */
  next(lines: readonly string[], from: number): number {
    const lengths = this.#lengths;
    const slots = this.#slots;
    for (let i = from, end = lines.length - 1; i < end; i += 2) {
      const name = lines[i] ?? '';
      const { length } = name;
      if (lengths[length < LENGTHS ? length : LENGTHS] === 0) continue;
      const slot = length < LENGTHS ? slots[length * LETTERS + (name.charCodeAt(length - 1) & LETTERS - 1)] ?? 0 : -1;
      if (slot === 0 || !this.#is(slot, name)) continue;
      return i + 1;
    }
    return -1;
  }

  /** Sets `field` when `name` is one of the names of a slot; -1 is for all long ones. */
  #is(slot: number, name: string): boolean {
    if (slot === -1) {
      this.field = this.#long.get(name.toLowerCase()) ?? NO_FIELD;
      return this.field !== NO_FIELD;
    }
    for (let entry = this.#entries[slot] ?? null; entry !== null; entry = entry.next) {
      if (name !== entry.seen) {
        if (!sameName(name, entry.lower)) continue;
        entry.seen = name;
      }
      this.field = entry.field;
      return true;
    }
    return false;
  }
}

/** Header names are ASCII (RFC 9110 §5.6.2). */
function fold(code: number): number {
  return code >= 0x41 && code <= 0x5a ? code + 0x20 : code;
}

function sameName(name: string, lower: string): boolean {
  for (let i = 0; i < lower.length; i++) if (fold(name.charCodeAt(i)) !== lower.charCodeAt(i)) return false;
  return true;
}
