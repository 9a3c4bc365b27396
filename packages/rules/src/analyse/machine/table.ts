// A labelled deterministic automaton over bytes: what it says of a value is the label of the state in which the value ends.

import type { Dfa } from '../../language/regex/dfa.ts';

export interface Table {
  /** Class of each of the 256 bytes. */
  readonly classes: readonly number[];
  readonly width: number;
  /** `targets[state * width + class]`; the start is 0. */
  readonly targets: readonly number[];
  readonly labels: readonly string[];
}

export function tableOf(dfa: Dfa): Table {
  return { classes: dfa.classes, width: dfa.width, targets: dfa.targets, labels: dfa.accepting.map(String) };
}

/** What a machine does, in words of its own states. */
export interface Rules<S> {
  readonly start: S;
  /** Null: nothing that follows makes a difference any more. */
  readonly step: (state: S, character: string) => S | null;
  readonly label: (state: S) => string;
  /** The label of all values after a null step. */
  readonly lost: string;
  /** The characters that `step` tells apart; all others count as one. */
  readonly alphabet: string;
}

/** Stands for every character outside the alphabet. */
const OTHER = '\u0000';

/** All states that can be reached; states are told apart by their JSON. */
export function explore<S>(rules: Rules<S>): Table {
  const characters = [OTHER, ...rules.alphabet.split('')];
  const classes = Array.from({ length: 256 }, (_, byte) => Math.max(0, characters.indexOf(String.fromCharCode(byte), 1)));
  const states: (S | null)[] = [];
  const places = new Map<string, number>();
  const place = (state: S | null): number => {
    const key = JSON.stringify(state);
    let found = places.get(key);
    if (found === undefined) {
      places.set(key, found = states.length);
      states.push(state);
    }
    return found;
  };
  place(rules.start);
  const targets: number[] = [];
  for (let i = 0; i < states.length; i++) {
    const state = states[i] ?? null;
    for (const character of characters) targets.push(place(state === null ? null : rules.step(state, character)));
  }
  return mergeClasses({ classes, width: characters.length, targets, labels: states.map((state) => (state === null ? rules.lost : rules.label(state))) });
}

/** Byte classes that lead to the same states everywhere become one. */
function mergeClasses(table: Table): Table {
  const { width, targets } = table;
  const count = table.labels.length;
  const columns = new Map<string, number>();
  const kept: number[] = [];
  const merged = Array.from({ length: width }, (_, c) => {
    const key = Array.from({ length: count }, (_state, state) => targets[state * width + c]).join();
    let place = columns.get(key);
    if (place === undefined) {
      columns.set(key, place = kept.length);
      kept.push(c);
    }
    return place;
  });
  const rows = Array.from({ length: count }, (_, state) => kept.map((c) => targets[state * width + c] ?? 0));
  return { classes: table.classes.map((c) => merged[c] ?? 0), width: kept.length, targets: rows.flat(), labels: table.labels };
}
