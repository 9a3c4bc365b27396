// The syntax tree of a regular expression, over code points.

/** Inclusive. */
export interface PointRange { readonly low: number; readonly high: number }

export type Regex =
  | { readonly kind: 'set'; readonly ranges: readonly PointRange[] }
  | { readonly kind: 'sequence'; readonly parts: readonly Regex[] }
  | { readonly kind: 'choice'; readonly options: readonly Regex[] }
  /** `max` null is without end. */
  | { readonly kind: 'repeat'; readonly of: Regex; readonly min: number; readonly max: number | null };

/** What of an expression is outside the language; `at` is the place in it, from 0. */
export interface RegexFault { readonly at: number; readonly problem: string; readonly fix: string }

export const LAST_POINT = 0x10ffff;

/** The scalar values (no surrogates) outside `ranges`. */
export function complement(ranges: readonly PointRange[]): readonly PointRange[] {
  const gaps: PointRange[] = [];
  let next = 0;
  for (const { low, high } of [...ranges, { low: 0xd800, high: 0xdfff }].sort((a, b) => a.low - b.low)) {
    if (low > next) gaps.push({ low: next, high: low - 1 });
    next = Math.max(next, high + 1);
  }
  if (next <= LAST_POINT) gaps.push({ low: next, high: LAST_POINT });
  return gaps;
}

const range = (low: number, high: number = low): PointRange => ({ low, high });

export const DIGITS: readonly PointRange[] = [range(0x30, 0x39)];
export const WORD: readonly PointRange[] = [range(0x30, 0x39), range(0x41, 0x5a), range(0x5f), range(0x61, 0x7a)];
/** White space and line ends of ECMA-262. */
export const SPACE: readonly PointRange[] = [
  range(0x09, 0x0d), range(0x20), range(0xa0), range(0x1680), range(0x2000, 0x200a), range(0x2028, 0x2029), range(0x202f), range(0x205f), range(0x3000), range(0xfeff),
];
/** All but line ends, as in ECMA-262 without flags. */
export const ANY: readonly PointRange[] = complement([range(0x0a), range(0x0d), range(0x2028, 0x2029)]);
