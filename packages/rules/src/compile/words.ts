// Collects words and texts while a snapshot is laid out. It knows tables and tries, and nothing of what stands in them.

import { hashText } from '../route/murmur.ts';
import { edgeSlot, ENTRY } from './layout.ts';

/** Keys of edges are 31 bits: node × 256 + byte + 1. What goes deeper is filed under the node reached. */
const NODES_LIMIT = 2 ** 22;

const LONG_LIST = 50_000;

export class Words {
  readonly list: number[] = [];
  readonly texts: string[] = [];
  readonly #places = new Map<string, number>();

  /** Where the next word will stand. */
  get end(): number {
    return this.list.length;
  }

  text(text: string): number {
    const known = this.#places.get(text);
    if (known !== undefined) return known;
    this.#places.set(text, this.texts.length);
    return this.texts.push(text) - 1;
  }

  /** Appends `words`; returns where they stand. There may be millions of them. */
  add(words: readonly number[]): number {
    const at = this.end;
    for (const word of words) this.list.push(word);
    return at;
  }

  zeros(count: number): number {
    const at = this.end;
    for (let i = 0; i < count; i++) this.list.push(0);
    return at;
  }

  ref(ranks: readonly number[]): number {
    const [only] = ranks;
    if (only === undefined) return 0;
    return ranks.length === 1 ? ~only : this.add([ranks.length, ...ranks]);
  }

  /** Half full at most, so that a search ends soon. */
  table(entries: Iterable<readonly [string, number]>, count: number): number {
    const mask = sizeFor(count) - 1;
    const at = this.add([mask]);
    this.zeros((mask + 1) * ENTRY);
    for (const [text, ref] of entries) {
      let slot = hashText(text) & mask;
      while (this.list[at + 1 + slot * ENTRY] !== 0) slot = slot + 1 & mask;
      // The texts of a long list stand nowhere else: to look for them would cost more than to write them.
      this.list[at + 1 + slot * ENTRY] = (count > LONG_LIST ? this.texts.push(text) - 1 : this.text(text)) + 1;
      this.list[at + 2 + slot * ENTRY] = ref;
    }
    return at;
  }

  /** `fromEnd` reads the texts backwards. */
  trie(entries: ReadonlyMap<string, readonly number[]>, fromEnd: boolean): number {
    const edges = new Map<number, number>();
    const items: number[][] = [[]];
    for (const [text, ranks] of entries) {
      let node = 0;
      for (let i = 0; i < text.length && items.length < NODES_LIMIT; i++) {
        const key = node * 256 + text.charCodeAt(fromEnd ? text.length - 1 - i : i) + 1;
        const next = edges.get(key) ?? items.length;
        if (next === items.length) {
          edges.set(key, next);
          items.push([]);
        }
        node = next;
      }
      const there = items[node];
      if (there !== undefined) for (const rank of ranks) there.push(rank);
    }
    // Ranks first: refs must be known before the nodes are written.
    const refs = items.map((ranks) => this.ref(ranks.sort((a, b) => a - b)));
    const mask = sizeFor(edges.size) - 1;
    const at = this.add([mask]);
    this.zeros((mask + 1) * ENTRY);
    for (const [key, node] of edges) {
      let slot = edgeSlot(key, mask);
      while (this.list[at + 1 + slot * ENTRY] !== 0) slot = slot + 1 & mask;
      this.list[at + 1 + slot * ENTRY] = key;
      this.list[at + 2 + slot * ENTRY] = node;
    }
    this.add(refs);
    return at;
  }
}

/** A power of two, at least twice `count`. */
function sizeFor(count: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, count) * 2));
}
