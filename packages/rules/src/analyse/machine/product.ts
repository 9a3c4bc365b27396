// Several automata run side by side: the values of a field fall into classes that no rule tells apart, each with a value to show for it.

import type { Table } from './table.ts';

/** Product states explored before giving up: a second or so. */
const STATES_LIMIT = 200_000;
/** Values of a class are listed up to so many bytes over its shortest: longer ones are no good as witnesses. */
const EXTRA_LENGTH = 500;

export interface ProductClass {
  /** The labels of all automata, the first being that of the space. */
  readonly labels: readonly string[];
  /** States of the product in which such a value ends. */
  readonly states: readonly number[];
}

export class Product {
  readonly classes: readonly ProductClass[];
  readonly #targets: Int32Array;
  readonly #width: number;
  /** All bytes of each joint byte class, friendly ones first. */
  readonly #bytes: readonly (readonly number[])[];
  readonly #count: number;
  readonly #classOfByte: Uint8Array;

  private constructor(classes: readonly ProductClass[], targets: Int32Array, bytes: readonly (readonly number[])[]) {
    this.classes = classes;
    this.#targets = targets;
    this.#width = bytes.length;
    this.#bytes = bytes;
    this.#count = bytes.length === 0 ? 0 : targets.length / bytes.length;
    this.#classOfByte = new Uint8Array(256);
    bytes.forEach((group, c) => {
      for (const byte of group) this.#classOfByte[byte] = c;
    });
  }

  /** Whether a value is of the class. */
  has(wanted: ProductClass, value: string): boolean {
    let state = 0;
    for (let i = 0; i < value.length; i++) state = this.#targets[state * this.#width + (this.#classOfByte[value.charCodeAt(i)] ?? 0)] ?? 0;
    return wanted.states.includes(state);
  }

  /** Classes of the values with label '1' in `allowed`; null over the limit. */
  static of(allowed: Table, trap: Table | null, others: readonly Table[]): Product | null {
    const merged = mergeAll(others);
    if (merged === null) return null;
    const tables = [allowed, ...(trap === null ? [] : [trap]), ...(merged === undefined ? [] : [merged])];
    const bytes = jointBytes(tables);
    const walked = walk(tables, bytes);
    return walked === null ? null : new Product(classesOf(tables, walked.tuples), Int32Array.from(walked.targets), bytes);
  }

  /** A shortest value of a class, found without listing. */
  shortest(wanted: ProductClass): string {
    this.#parents ??= this.#walkBack();
    let word = '';
    for (let state = wanted.states[0] ?? 0; state > 0;) {
      const edge = this.#parents[state] ?? 0;
      word = String.fromCharCode(this.#bytes[edge % this.#width]?.[0] ?? 0) + word;
      state = Math.floor(edge / this.#width);
    }
    return word;
  }
  #parents: Int32Array | null = null;

  /** Per state the edge by which it was first reached: states are numbered in breadth-first order. */
  #walkBack(): Int32Array {
    const parents = new Int32Array(this.#count).fill(-1);
    this.#targets.forEach((to, edge) => {
      if (to > 0 && parents[to] === -1) parents[to] = edge;
    });
    return parents;
  }

  /** The values of a class that `excluded` does not have, shortest first; endless (but for a bound on the length) for an infinite class. */
  * words(wanted: ProductClass, excluded: { has(value: string): boolean; readonly size: number }): Generator<string, void> {
    const reach = new Reach(this.#targets, this.#width, this.#count, wanted.states);
    const first = this.shortest(wanted).length;
    // Each longer length has a value, so with so many excluded there is one left within these.
    const last = first + EXTRA_LENGTH + Math.min(excluded.size, EXTRA_LENGTH);
    for (let length = first; length <= last && reach.any(length); length++) {
      if (!reach.has(length, 0)) continue;
      for (const word of this.#spell('', 0, length, reach)) if (!excluded.has(word)) yield word;
    }
  }

  * #spell(prefix: string, state: number, left: number, reach: Reach): Generator<string, void> {
    if (left === 0) {
      yield prefix;
      return;
    }
    for (let c = 0; c < this.#width; c++) {
      const next = this.#targets[state * this.#width + c] ?? 0;
      if (!reach.has(left - 1, next)) continue;
      for (const byte of this.#bytes[c] ?? []) yield* this.#spell(prefix + String.fromCharCode(byte), next, left - 1, reach);
    }
  }
}

/** From which states a class is reached in exactly so many bytes; computed as far as asked for. */
class Reach {
  readonly #layers: Uint8Array[];
  readonly #targets: Int32Array;
  readonly #width: number;

  constructor(targets: Int32Array, width: number, count: number, goal: readonly number[]) {
    this.#targets = targets;
    this.#width = width;
    const layer = new Uint8Array(count);
    for (const state of goal) layer[state] = 1;
    this.#layers = [layer];
  }

  has(length: number, state: number): boolean {
    while (this.#layers.length <= length) this.#layers.push(this.#before(this.#layers[this.#layers.length - 1] ?? new Uint8Array(0)));
    return this.#layers[length]?.[state] === 1;
  }

  /** False when no value that long or longer is left: a finite class has been listed. */
  any(length: number): boolean {
    this.has(length, 0);
    return this.#layers[length]?.includes(1) === true;
  }

  #before(layer: Uint8Array): Uint8Array {
    const next = new Uint8Array(layer.length);
    for (let i = 0; i < this.#targets.length; i++) if (layer[this.#targets[i] ?? 0] === 1) next[Math.floor(i / this.#width)] = 1;
    return next;
  }
}

interface Walk { readonly tuples: readonly (readonly number[])[]; readonly targets: readonly number[] }

/** All joint states; null over the limit. */
function walk(tables: readonly Table[], bytes: readonly (readonly number[])[]): Walk | null {
  const tuples: (readonly number[])[] = [];
  const places = new Map<string, number>();
  const place = (tuple: readonly number[]): number => {
    const key = tuple.join();
    let found = places.get(key);
    if (found === undefined) {
      places.set(key, found = tuples.length);
      tuples.push(tuple);
    }
    return found;
  };
  place(tables.map(() => 0));
  const targets: number[] = [];
  for (let i = 0; i < tuples.length; i++) {
    if (tuples.length > STATES_LIMIT) return null;
    const tuple = tuples[i] ?? [];
    for (const group of bytes) targets.push(place(tables.map((table, t) => table.targets[(tuple[t] ?? 0) * table.width + (table.classes[group[0] ?? 0] ?? 0)] ?? 0)));
  }
  return { tuples, targets };
}

/** One automaton for all, two by two: most pairs have few joint states, while a tuple of thousands would be slow. Undefined for none. */
function mergeAll(tables: readonly Table[]): Table | null | undefined {
  let left = tables;
  while (left.length > 1) {
    const next: Table[] = [];
    for (let i = 0; i < left.length; i += 2) {
      const pair = left.slice(i, i + 2);
      const merged = pair.length === 2 ? mergeTwo(pair) : pair[0];
      if (merged === null || merged === undefined) return null;
      next.push(merged);
    }
    left = next;
  }
  return left[0];
}

function mergeTwo(pair: readonly Table[]): Table | null {
  const bytes = jointBytes(pair);
  const walked = walk(pair, bytes);
  if (walked === null) return null;
  const classes = new Array<number>(256).fill(0);
  bytes.forEach((group, c) => {
    for (const byte of group) classes[byte] = c;
  });
  // Labels stay short however many automata stand behind them.
  const labels = new Map<string, string>();
  const short = (label: string): string => {
    const known = labels.get(label) ?? String(labels.size);
    labels.set(label, known);
    return known;
  };
  return { classes, width: bytes.length, targets: walked.targets, labels: walked.tuples.map((tuple) => short(pair.map((table, t) => table.labels[tuple[t] ?? 0] ?? '').join('|'))) };
}

function classesOf(tables: readonly Table[], tuples: readonly (readonly number[])[]): readonly ProductClass[] {
  const classes = new Map<string, { readonly labels: readonly string[]; readonly states: number[] }>();
  tuples.forEach((tuple, state) => {
    const labels = tables.map((table, t) => table.labels[tuple[t] ?? 0] ?? '');
    if (labels[0] !== '1') return;
    const key = labels.join('\u0000');
    const known = classes.get(key);
    if (known === undefined) classes.set(key, { labels, states: [state] });
    else known.states.push(state);
  });
  return [...classes.values()];
}

/** Bytes that no automaton tells apart, in groups; letters and digits before signs, so that witnesses read well. */
function jointBytes(tables: readonly Table[]): readonly (readonly number[])[] {
  const groups = new Map<string, number[]>();
  for (const byte of FRIENDLY) {
    const key = tables.map((table) => table.classes[byte] ?? 0).join(',');
    const known = groups.get(key);
    if (known === undefined) groups.set(key, [byte]);
    else known.push(byte);
  }
  return [...groups.values()];
}

const FRIENDLY: readonly number[] = Array.from({ length: 256 }, (_, byte) => byte).sort((a, b) => rank(a) - rank(b) || a - b);

function rank(byte: number): number {
  const character = String.fromCharCode(byte);
  if (/[a-z]/.test(character)) return 0;
  if (/[0-9A-Z/]/.test(character)) return 1;
  return byte > 0x20 && byte < 0x7f ? 2 : byte === 0x20 ? 3 : 4;
}
