// Hopcroft's algorithm (1971): the coarsest partition of an automaton's states that no input tells apart, in n log n.

import type { Dfa } from './dfa.ts';

/** Block of each state; blocks are numbered by their first state, so that of state 0 is 0. */
export function equivalentStates(dfa: Dfa): readonly number[] {
  const partition = new Partition(dfa.accepting);
  const inverse = invert(dfa);
  const open = new Set(partition.blocks());
  for (const block of open) {
    open.delete(block);
    const splitters = partition.members(block);
    for (let c = 0; c < dfa.width; c++) {
      for (const state of splitters) for (const before of inverse.into(state, c)) partition.mark(before);
      partition.split((kept, added) => {
        // Where the whole is still to come both parts are; otherwise the smaller one is enough.
        open.add(open.has(kept) || partition.size(added) <= partition.size(kept) ? added : kept);
      });
    }
  }
  return partition.numbered();
}

/** States in blocks; the members of a block stand together in one array, marked ones first. */
class Partition {
  readonly #states: Int32Array;
  readonly #place: Int32Array;
  readonly #block: Int32Array;
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #marked: number[] = [];
  #touched: number[] = [];

  constructor(colors: readonly number[]) {
    const count = colors.length;
    this.#states = Int32Array.from(colors.keys()).sort((a, b) => (colors[a] ?? 0) - (colors[b] ?? 0));
    this.#place = new Int32Array(count);
    this.#block = new Int32Array(count);
    let previous: number | undefined;
    this.#states.forEach((state, place) => {
      if (colors[state] !== previous) {
        if (place > 0) this.#ends.push(place);
        this.#starts.push(place);
        this.#marked.push(0);
        previous = colors[state];
      }
      this.#place[state] = place;
      this.#block[state] = this.#starts.length - 1;
    });
    this.#ends.push(count);
  }

  blocks(): readonly number[] {
    return [...this.#starts.keys()];
  }

  size(block: number): number {
    return (this.#ends[block] ?? 0) - (this.#starts[block] ?? 0);
  }

  /** A copy: splitting moves members about. */
  members(block: number): Int32Array {
    return this.#states.slice(this.#starts[block], this.#ends[block]);
  }

  mark(state: number): void {
    const block = this.#block[state] ?? 0;
    const target = (this.#starts[block] ?? 0) + (this.#marked[block] ?? 0);
    const place = this.#place[state] ?? 0;
    if (place < target) return;
    if (this.#marked[block] === 0) this.#touched.push(block);
    this.#swap(place, target);
    this.#marked[block] = (this.#marked[block] ?? 0) + 1;
  }

  #swap(a: number, b: number): void {
    const left = this.#states[a] ?? 0;
    const right = this.#states[b] ?? 0;
    this.#states[a] = right;
    this.#states[b] = left;
    this.#place[right] = a;
    this.#place[left] = b;
  }

  /** Parts the marked members of each block from the others. */
  split(onSplit: (kept: number, added: number) => void): void {
    for (const block of this.#touched) {
      const marked = this.#marked[block] ?? 0;
      this.#marked[block] = 0;
      if (marked === this.size(block)) continue;
      const start = this.#starts[block] ?? 0;
      const added = this.#starts.length;
      this.#starts.push(start);
      this.#ends.push(start + marked);
      this.#marked.push(0);
      this.#starts[block] = start + marked;
      for (let i = start; i < start + marked; i++) this.#block[this.#states[i] ?? 0] = added;
      onSplit(block, added);
    }
    this.#touched = [];
  }

  numbered(): readonly number[] {
    const numbers = new Map<number, number>();
    return Array.from(this.#block, (block) => {
      const known = numbers.get(block) ?? numbers.size;
      numbers.set(block, known);
      return known;
    });
  }
}

/** Which states lead into a state on a byte class. */
function invert(dfa: Dfa): { readonly into: (state: number, c: number) => Int32Array } {
  const { width, targets } = dfa;
  const starts = new Int32Array(targets.length + 1);
  targets.forEach((to, i) => starts[to * width + i % width + 1] = (starts[to * width + i % width + 1] ?? 0) + 1);
  for (let i = 0; i < targets.length; i++) starts[i + 1] = (starts[i + 1] ?? 0) + (starts[i] ?? 0);
  const next = starts.slice();
  const sources = new Int32Array(targets.length);
  targets.forEach((to, i) => {
    const slot = to * width + i % width;
    const place = next[slot] ?? 0;
    sources[place] = Math.floor(i / width);
    next[slot] = place + 1;
  });
  return { into: (state, c) => sources.subarray(starts[state * width + c], starts[state * width + c + 1]) };
}
