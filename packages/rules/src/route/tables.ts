// The words of a snapshot, read in place: tests of values, tables of texts, tries. It must not know requests.

import type { Snapshot } from '../compile/snapshot.ts';
import { ENTRY, edgeSlot, OP } from '../compile/layout.ts';
import { compareDecimals, isDecimal } from '../language/decimal.ts';
import type { Version } from '../language/semver.ts';
import { compareVersions, parseVersion } from '../language/semver.ts';
import { hashText } from './murmur.ts';

export class Tables {
  readonly words: Int32Array;
  readonly #texts: readonly string[];

  constructor({ words, texts }: Pick<Snapshot, 'words' | 'texts'>) {
    this.words = words instanceof Int32Array ? words : Int32Array.from(words);
    this.#texts = texts;
  }

  word(at: number): number {
    return this.words[at] ?? 0;
  }

  text(place: number): string {
    return this.#texts[place] ?? '';
  }

  /** Whether the test at `at` holds for a value; null is absent. */
  holds(at: number, value: string | null): boolean {
    switch (this.word(at)) {
      case OP.exact: return value === this.text(this.word(at + 1));
      case OP.not: return !this.holds(this.word(at + 1), value);
      case OP.any: {
        for (let i = at + 2, end = i + this.word(at + 1); i < end; i++) if (this.holds(this.word(i), value)) return true;
        return false;
      }
      case OP.present: return value !== null;
      case OP.absent: return value === null;
      default: return value !== null && this.#holdsFor(at, value);
    }
  }

  #holdsFor(at: number, value: string): boolean {
    const first = this.word(at + 1);
    switch (this.word(at)) {
      case OP.table: return this.find(at + 1, value) !== 0;
      case OP.prefix: return value.startsWith(this.text(first));
      case OP.suffix: return value.endsWith(this.text(first));
      case OP.dfa: return this.#accepts(first, this.word(at + 2), value);
      case OP.decimal: return isDecimal(value) && this.#inBounds(at + 1, value);
      default: {
        const version = parseVersion(value);
        return version !== null && this.#inRange(at + 1, version);
      }
    }
  }

  /** One look-up per byte; a row leads to the next. */
  #accepts(classes: number, start: number, value: string): boolean {
    const { words } = this;
    let row = start;
    for (let i = 0; i < value.length; i++) {
      const byte = value.charCodeAt(i);
      row = words[row + 1 + (byte > 0xff ? 0 : words[classes + byte] ?? 0)] ?? 0;
    }
    return words[row] === 1;
  }

  #inBounds(at: number, value: string): boolean {
    for (let i = 0; i < 4; i++) {
      const bound = this.word(at + i);
      if (bound === -1) continue;
      const order = compareDecimals(value, this.text(bound));
      // At least, over, at most, under.
      if (i === 0 ? order < 0 : i === 1 ? order <= 0 : i === 2 ? order > 0 : order >= 0) return false;
    }
    return true;
  }

  #inRange(at: number, version: Version): boolean {
    let next = at + 1;
    for (let left = this.word(at); left > 0; left--) {
      const identifiers = this.word(next + 4);
      const texts = (from: number, count: number): string[] => Array.from({ length: count }, (_, i) => this.text(this.word(from + i)));
      const [major = '', minor = '', patch = ''] = texts(next + 1, 3);
      const order = compareVersions(version, { core: [major, minor, patch], pre: texts(next + 5, identifiers) });
      // In the order of COMPARISONS: >=, >, <=, <, =.
      const comparison = this.word(next);
      if (comparison === 0 ? order < 0 : comparison === 1 ? order <= 0 : comparison === 2 ? order > 0 : comparison === 3 ? order >= 0 : order !== 0) return false;
      next += 5 + identifiers;
    }
    return true;
  }

  /** The ref that a table has for a text; 0 is none. */
  find(at: number, text: string): number {
    const { words } = this;
    const mask = this.word(at);
    for (let slot = hashText(text) & mask; ; slot = slot + 1 & mask) {
      const entry = at + 1 + slot * ENTRY;
      const place = words[entry] ?? 0;
      if (place === 0) return 0;
      if (this.#texts[place - 1] === text) return words[entry + 1] ?? 0;
    }
  }

  /** Calls `visit` with the ref of every text in the trie that `value` begins (ends) with, shortest text first. */
  walk(at: number, value: string, fromEnd: boolean, visit: (ref: number) => void): void {
    const { words } = this;
    const mask = this.word(at);
    const refs = at + 1 + (mask + 1) * ENTRY;
    let node = 0;
    for (let i = 0; ; i++) {
      const ref = this.word(refs + node);
      if (ref !== 0) visit(ref);
      if (i === value.length) return;
      const byte = value.charCodeAt(fromEnd ? value.length - 1 - i : i);
      if (byte > 0xff) return;
      const key = node * 256 + byte + 1;
      let entry = at + 1 + edgeSlot(key, mask) * ENTRY;
      while (words[entry] !== key) {
        if (words[entry] === 0) return;
        entry = entry + ENTRY < refs ? entry + ENTRY : at + 1;
      }
      node = this.word(entry + 1);
    }
  }
}
