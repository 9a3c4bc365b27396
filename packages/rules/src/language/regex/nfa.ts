// From a syntax tree to a nondeterministic automaton over bytes: characters become their UTF-8 sequences.

import type { PointRange, Regex } from './syntax.ts';

/** One step: on a byte in [low, high] to `to`. */
export interface Edge { readonly low: number; readonly high: number; readonly to: number }

export interface Nfa {
  readonly start: number;
  readonly accept: number;
  readonly edges: readonly (readonly Edge[])[];
  /** Steps without a byte. */
  readonly empty: readonly (readonly number[])[];
}

/** Null when it would have more than `limit` states. */
export function buildNfa(regex: Regex, limit: number): Nfa | null {
  const builder = new Builder(limit);
  const start = builder.state();
  const accept = builder.state();
  return builder.build(regex, start, accept) ? { start, accept, edges: builder.edges, empty: builder.empty } : null;
}

class Builder {
  readonly edges: Edge[][] = [];
  readonly empty: number[][] = [];
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  state(): number {
    this.edges.push([]);
    this.empty.push([]);
    return this.edges.length - 1;
  }

  /** False as soon as there are too many states. */
  build(regex: Regex, from: number, to: number): boolean {
    if (this.edges.length > this.#limit) return false;
    switch (regex.kind) {
      case 'set': this.#set(regex.ranges, from, to); return true;
      case 'choice': return regex.options.every((option) => this.build(option, from, to));
      case 'sequence': return this.#sequence(regex.parts, from, to);
      case 'repeat': return this.#repeat(regex, from, to);
    }
  }

  #sequence(parts: readonly Regex[], from: number, to: number): boolean {
    let at = from;
    for (const part of parts) {
      const next = this.state();
      if (!this.build(part, at, next)) return false;
      at = next;
    }
    this.#link(at, to);
    return true;
  }

  #repeat(regex: Regex & { readonly kind: 'repeat' }, from: number, to: number): boolean {
    let at = from;
    for (let i = 0; i < regex.min; i++) {
      const next = this.state();
      if (!this.build(regex.of, at, next)) return false;
      at = next;
    }
    if (regex.max === null) return this.#loop(regex.of, at, to);
    for (let i = regex.min; i < regex.max; i++) {
      const next = this.state();
      this.#link(at, to);
      if (!this.build(regex.of, at, next)) return false;
      at = next;
    }
    this.#link(at, to);
    return true;
  }

  #loop(of: Regex, from: number, to: number): boolean {
    const hub = this.state();
    const end = this.state();
    this.#link(from, hub);
    this.#link(hub, to);
    this.#link(end, hub);
    return this.build(of, hub, end);
  }

  #link(from: number, to: number): void {
    this.empty[from]?.push(to);
  }

  #set(ranges: readonly PointRange[], from: number, to: number): void {
    // Sequences that end alike share their end: most characters end in the same continuation bytes.
    const ends = new Map<string, number>([['', to]]);
    for (const range of ranges) {
      for (const [first, ...rest] of byteSequences(range)) {
        if (first !== undefined) this.edges[from]?.push({ ...first, to: this.#end(rest, ends) });
      }
    }
  }

  /** The state from which `sequence` leads to where `ends` says. */
  #end(sequence: readonly PointRange[], ends: Map<string, number>): number {
    const key = sequence.map(({ low, high }) => `${low}-${high}`).join();
    let state = ends.get(key);
    if (state === undefined) {
      const [first, ...rest] = sequence;
      ends.set(key, state = this.state());
      if (first !== undefined) this.edges[state]?.push({ ...first, to: this.#end(rest, ends) });
    }
    return state;
  }
}

/** First and last code point of each length of UTF-8. */
const LENGTHS: readonly PointRange[] = [{ low: 0, high: 0x7f }, { low: 0x80, high: 0x7ff }, { low: 0x800, high: 0xffff }, { low: 0x10000, high: 0x10ffff }];
const LEADS: readonly number[] = [0, 0xc0, 0xe0, 0xf0];

/** The UTF-8 encodings of a range of code points, as sequences of byte ranges. Surrogates are left out: they have none. */
function byteSequences(range: PointRange): readonly (readonly PointRange[])[] {
  if (range.low <= 0xdfff && range.high >= 0xd800) {
    return [{ low: range.low, high: 0xd7ff }, { low: 0xe000, high: range.high }].filter(({ low, high }) => low <= high).flatMap(byteSequences);
  }
  return LENGTHS.flatMap((length, i) => {
    const low = Math.max(range.low, length.low);
    const high = Math.min(range.high, length.high);
    return low > high ? [] : split(low, high, i, LEADS[i] ?? 0);
  });
}

/** `tails` continuation bytes follow; `mark` is what the first byte carries beside its bits. */
function split(low: number, high: number, tails: number, mark: number): readonly (readonly PointRange[])[] {
  if (tails === 0) return [[{ low: mark | low, high: mark | high }]];
  const unit = 64 ** tails;
  const first = Math.floor(low / unit);
  const last = Math.floor(high / unit);
  const head = (from: number, to: number): PointRange => ({ low: mark | from, high: mark | to });
  const rest = (from: number, to: number): readonly (readonly PointRange[])[] => split(from, to, tails - 1, 0x80);
  if (first === last) return rest(low % unit, high % unit).map((tail) => [head(first, first), ...tail]);
  const fullFrom = low % unit === 0 ? first : first + 1;
  const fullTo = high % unit === unit - 1 ? last : last - 1;
  return [
    ...(fullFrom > first ? rest(low % unit, unit - 1).map((tail) => [head(first, first), ...tail]) : []),
    ...(fullFrom <= fullTo ? rest(0, unit - 1).map((tail) => [head(fullFrom, fullTo), ...tail]) : []),
    ...(fullTo < last ? rest(0, high % unit).map((tail) => [head(last, last), ...tail]) : []),
  ];
}
