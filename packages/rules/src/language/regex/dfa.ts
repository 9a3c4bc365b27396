// A deterministic automaton over bytes: the form in which expressions run (one table look-up per byte) and are analysed.

import { equivalentStates } from './minimise.ts';
import type { Nfa } from './nfa.ts';

/** State 0 is the start; a row has one target per byte class. Plain data. */
export interface Dfa {
  /** Class of each of the 256 bytes. */
  readonly classes: readonly number[];
  readonly width: number;
  /** `targets[state * width + class]`. */
  readonly targets: readonly number[];
  /** 1 where a value may end. */
  readonly accepting: readonly number[];
}

/** Members of all subsets together: bounds the work where subsets are large. */
const WORK_LIMIT = 4_000_000;

/** Subset construction, then minimisation. Null when it would have more than `limit` states on the way. */
export function determinise(nfa: Nfa, limit: number): Dfa | null {
  const { classes, representatives } = byteClasses(nfa);
  const width = representatives.length;
  const subsets: (readonly number[])[] = [];
  const places = new Map<string, number>();
  const place = (subset: readonly number[]): number => {
    const key = subset.join(',');
    let found = places.get(key);
    if (found === undefined) {
      places.set(key, found = subsets.length);
      subsets.push(subset);
    }
    return found;
  };
  place(closure(nfa, [nfa.start]));
  const targets: number[] = [];
  let work = 0;
  for (let i = 0; i < subsets.length; i++) {
    const subset = subsets[i] ?? [];
    work += subset.length * width;
    if (subsets.length > limit || work > WORK_LIMIT) return null;
    for (const byte of representatives) targets.push(place(closure(nfa, after(nfa, subset, byte))));
  }
  return minimise({ classes, width, targets, accepting: subsets.map((subset) => (subset.includes(nfa.accept) ? 1 : 0)) });
}

/** Bytes that no edge tells apart share a class. */
function byteClasses(nfa: Nfa): { readonly classes: number[]; readonly representatives: readonly number[] } {
  const cuts = new Set<number>([0]);
  for (const edges of nfa.edges) {
    for (const { low, high } of edges) {
      cuts.add(low);
      cuts.add(high + 1);
    }
  }
  const classes: number[] = [];
  const representatives: number[] = [];
  for (let byte = 0; byte < 256; byte++) {
    if (cuts.has(byte)) representatives.push(byte);
    classes.push(representatives.length - 1);
  }
  return { classes, representatives };
}

function after(nfa: Nfa, states: readonly number[], byte: number): readonly number[] {
  const next: number[] = [];
  for (const state of states) {
    for (const { low, high, to } of nfa.edges[state] ?? []) if (byte >= low && byte <= high) next.push(to);
  }
  return next;
}

/** All states reachable without a byte, sorted. */
function closure(nfa: Nfa, states: readonly number[]): readonly number[] {
  const seen = new Set(states);
  const open = [...seen];
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    for (const next of nfa.empty[state] ?? []) {
      if (seen.has(next)) continue;
      seen.add(next);
      open.push(next);
    }
  }
  return [...seen].sort((a, b) => a - b);
}

/** Equivalent states are merged, then byte classes that have become equal. The start stays 0. */
function minimise(dfa: Dfa): Dfa {
  const count = dfa.accepting.length;
  const blocks = equivalentStates(dfa);
  const size = blocks.reduce((most, block) => Math.max(most, block + 1), 0);
  const rows: number[][] = Array.from({ length: size }, () => []);
  const accepting = new Array<number>(size).fill(0);
  for (let state = count - 1; state >= 0; state--) {
    const block = blocks[state] ?? 0;
    rows[block] = Array.from({ length: dfa.width }, (_, c) => blocks[dfa.targets[state * dfa.width + c] ?? 0] ?? 0);
    accepting[block] = dfa.accepting[state] ?? 0;
  }
  return mergeClasses(dfa.classes, rows, accepting);
}

function mergeClasses(classes: readonly number[], rows: readonly (readonly number[])[], accepting: readonly number[]): Dfa {
  const columns = new Map<string, number>();
  const kept: number[] = [];
  const merged = (rows[0] ?? []).map((_, c) => {
    const key = rows.map((row) => row[c]).join(',');
    let place = columns.get(key);
    if (place === undefined) {
      columns.set(key, place = kept.length);
      kept.push(c);
    }
    return place;
  });
  return { classes: classes.map((c) => merged[c] ?? 0), width: kept.length, targets: rows.flatMap((row) => kept.map((c) => row[c] ?? 0)), accepting };
}

/** Whether the automaton accepts the whole of `value` (one character per byte): linear in its length. */
export function runDfa(dfa: Dfa, value: string): boolean {
  const { classes, width, targets } = dfa;
  let state = 0;
  for (let i = 0; i < value.length; i++) state = targets[state * width + (classes[value.charCodeAt(i)] ?? 0)] ?? 0;
  return dfa.accepting[state] === 1;
}

/** The longest text with which every accepted value begins. */
export function commonPrefix(dfa: Dfa): string {
  const live = liveStates(dfa);
  let text = '';
  let state = 0;
  // A path without choice longer than the number of states would be a loop without end, so nothing accepted.
  while (dfa.accepting[state] === 0 && text.length < dfa.accepting.length) {
    const step = onlyStep(dfa, state, live);
    if (step === null) break;
    text += String.fromCharCode(step.byte);
    state = step.to;
  }
  return text;
}

/** States from which some value is accepted. */
function liveStates(dfa: Dfa): readonly boolean[] {
  const live = dfa.accepting.map((flag) => flag === 1);
  for (let changed = true; changed;) {
    changed = false;
    for (let state = live.length - 1; state >= 0; state--) {
      if (live[state] === true) continue;
      for (let c = 0; c < dfa.width && live[state] !== true; c++) live[state] = live[dfa.targets[state * dfa.width + c] ?? 0] === true;
      if (live[state] === true) changed = true;
    }
  }
  return live;
}

function onlyStep(dfa: Dfa, state: number, live: readonly boolean[]): { readonly byte: number; readonly to: number } | null {
  let only: { readonly byte: number; readonly to: number } | null = null;
  for (let byte = 0; byte < 256; byte++) {
    const to = dfa.targets[state * dfa.width + (dfa.classes[byte] ?? 0)] ?? 0;
    if (live[to] !== true) continue;
    if (only !== null) return null;
    only = { byte, to };
  }
  return only;
}
