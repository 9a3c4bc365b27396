// Where a version stands to a bound, as an automaton: '<', '=', '>', or '-' for what is no version (SemVer 2.0.0 §11).

import type { Version } from '../../language/semver.ts';
import type { Table } from './table.ts';
import { explore } from './table.ts';

type State =
  /** In major, minor or patch: its digits against the bound's. */
  | { readonly phase: 'core'; readonly part: number; readonly order: number; readonly digits: number; readonly zero: boolean; readonly compared: number }
  | { readonly phase: 'pre'; readonly part: number; readonly order: number; readonly identifier: Identifier }
  | { readonly phase: 'build'; readonly order: number; readonly empty: boolean };

interface Identifier {
  /** Counted to one more than the bound's. */
  readonly length: number;
  readonly numeric: boolean;
  readonly zero: boolean;
  readonly compared: number;
}

const EMPTY: Identifier = { length: 0, numeric: true, zero: false, compared: 0 };
const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const isDigit = (character: string): boolean => /\d/.test(character);

export function semverTable(bound: Version): Table {
  const rank = new Comparer(bound);
  return explore<State>({
    start: rank.core(0, 0),
    alphabet: `0123456789${LETTERS}.-+`,
    lost: '-',
    label: (state) => rank.label(state),
    step: (state, character) => (/[0-9A-Za-z.+-]/.test(character) ? rank.step(state, character) : null),
  });
}

class Comparer {
  readonly #bound: Version;

  constructor(bound: Version) {
    this.#bound = bound;
  }

  core(part: number, order: number): State {
    return { phase: 'core', part, order, digits: 0, zero: false, compared: 0 };
  }

  step(state: State, character: string): State | null {
    switch (state.phase) {
      case 'core': return this.#inCore(state, character);
      case 'pre': return this.#inPre(state, character);
      case 'build': {
        if (character === '+') return null;
        if (character === '.') return state.empty ? null : { ...state, empty: true };
        return { ...state, empty: false };
      }
    }
  }

  #inCore(state: State & { readonly phase: 'core' }, character: string): State | null {
    if (isDigit(character)) {
      if (state.zero) return null;
      const text = this.#bound.core[state.part] ?? '';
      const compared = state.compared === 0 && state.digits < text.length ? order(character, text[state.digits] ?? '') : state.compared;
      return { ...state, digits: Math.min(state.digits + 1, text.length + 1), zero: state.digits === 0 && character === '0', compared };
    }
    if (state.digits === 0) return null;
    const settled = this.#settleCore(state);
    if (character === '.') return state.part < 2 ? this.core(state.part + 1, settled) : null;
    if (state.part < 2) return null;
    if (character === '+') return { phase: 'build', order: this.#withoutPre(settled), empty: true };
    // A pre-release comes before its release.
    return character === '-' ? { phase: 'pre', part: 0, order: settled === 0 && this.#bound.pre.length === 0 ? -1 : settled, identifier: EMPTY } : null;
  }

  #settleCore(state: State & { readonly phase: 'core' }): number {
    if (state.order !== 0) return state.order;
    const { length } = this.#bound.core[state.part] ?? '';
    return state.digits === length ? state.compared : Math.sign(state.digits - length);
  }

  #withoutPre(settled: number): number {
    return settled === 0 && this.#bound.pre.length > 0 ? 1 : settled;
  }

  #inPre(state: State & { readonly phase: 'pre' }, character: string): State | null {
    const { identifier } = state;
    if (character !== '.' && character !== '+') return { ...state, identifier: this.#extend(identifier, this.#bound.pre[state.part] ?? '', character) };
    const settled = this.#settlePre(state);
    if (settled === null) return null;
    if (character === '.') return { phase: 'pre', part: Math.min(state.part + 1, this.#bound.pre.length), order: settled, identifier: EMPTY };
    return { phase: 'build', order: this.#endPre(state.part, settled), empty: true };
  }

  #extend(identifier: Identifier, text: string, character: string): Identifier {
    const compared = identifier.compared === 0 && identifier.length < text.length ? order(character, text[identifier.length] ?? '') : identifier.compared;
    // Two characters are enough to see a leading zero.
    return {
      length: Math.min(identifier.length + 1, Math.max(text.length + 1, 2)), numeric: identifier.numeric && isDigit(character),
      zero: identifier.length === 0 ? character === '0' : identifier.zero, compared,
    };
  }

  /** Null when the identifier is none. */
  #settlePre(state: State & { readonly phase: 'pre' }): number | null {
    const { length, numeric, zero, compared } = state.identifier;
    if (length === 0 || (numeric && zero && length > 1)) return null;
    if (state.order !== 0) return state.order;
    const text = this.#bound.pre[state.part];
    // More identifiers come after fewer.
    if (text === undefined) return 1;
    const boundNumeric = /^\d+$/.test(text);
    if (numeric !== boundNumeric) return numeric ? -1 : 1;
    const longer = Math.sign(length - text.length);
    return numeric && longer !== 0 ? longer : compared === 0 ? longer : compared;
  }

  #endPre(part: number, settled: number): number {
    return settled === 0 && part + 1 < this.#bound.pre.length ? -1 : settled;
  }

  label(state: State): string {
    const settled = this.#end(state);
    return settled === null ? '-' : settled === 0 ? '=' : settled < 0 ? '<' : '>';
  }

  #end(state: State): number | null {
    switch (state.phase) {
      case 'core': return state.part === 2 && state.digits > 0 ? this.#withoutPre(this.#settleCore(state)) : null;
      case 'pre': {
        const settled = this.#settlePre(state);
        return settled === null ? null : this.#endPre(state.part, settled);
      }
      case 'build': return state.empty ? null : state.order;
    }
  }
}

function order(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
