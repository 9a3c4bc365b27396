// Where a decimal stands to a bound, as an automaton: '<', '=', '>', or '-' for what is no decimal.

import type { Table } from './table.ts';
import { explore } from './table.ts';

interface State {
  readonly phase: 'start' | 'sign' | 'whole' | 'point' | 'fraction';
  readonly negative: boolean;
  /** No digit but 0 so far. */
  readonly zero: boolean;
  /** Digits of the whole part after leading zeros, counted to one more than the bound has. */
  readonly count: number;
  /** Digits of the fraction, counted to as many as the bound has. */
  readonly place: number;
  /** How the digits so far stand to the bound's, as far as both go. */
  readonly order: number;
}

const LOST = '-';

/** `bound` is a decimal as in the document. */
export function decimalTable(bound: string): Table {
  const negative = bound.startsWith('-');
  const [digits = '', decimals = ''] = bound.replace('-', '').split('.');
  const whole = digits.replace(/^0+/, '');
  const fraction = decimals.replace(/0+$/, '');
  const boundSign = whole === '' && fraction === '' ? 0 : negative ? -1 : 1;

  /** The whole part has ended. */
  const settle = (state: State): number => (state.count === whole.length ? state.order : state.count - whole.length);

  const label = (state: State): string => {
    if (state.phase !== 'whole' && state.phase !== 'fraction') return LOST;
    const magnitude = state.phase === 'whole' ? settle(state) : state.order;
    const rest = magnitude === 0 && state.place < fraction.length ? -1 : magnitude;
    const sign = state.zero ? 0 : state.negative ? -1 : 1;
    const order = sign === boundSign ? sign * rest : sign - boundSign;
    return order === 0 ? '=' : order < 0 ? '<' : '>';
  };

  const digit = (state: State, value: number): State => {
    const zero = state.zero && value === 0;
    if (state.phase === 'point' || state.phase === 'fraction') {
      const order = state.order === 0 ? Math.sign(value - Number(fraction[state.place] ?? 0)) : state.order;
      return { ...state, phase: 'fraction', zero, order, place: Math.min(state.place + 1, fraction.length) };
    }
    if (state.count === 0 && value === 0) return { ...state, phase: 'whole', zero };
    const order = state.order === 0 && state.count < whole.length ? Math.sign(value - Number(whole[state.count])) : state.order;
    return { ...state, phase: 'whole', zero, order, count: Math.min(state.count + 1, whole.length + 1) };
  };

  return explore<State>({
    start: { phase: 'start', negative: false, zero: true, count: 0, place: 0, order: 0 },
    alphabet: '-.0123456789',
    lost: LOST,
    label,
    step: (state, character) => {
      if (character === '-') return state.phase === 'start' ? { ...state, phase: 'sign', negative: true } : null;
      if (character === '.') return state.phase === 'whole' ? { ...state, phase: 'point', order: Math.sign(settle(state)) } : null;
      return /\d/.test(character) ? digit(state, Number(character)) : null;
    },
  });
}
