// Sets of texts in the language of SMT-LIB strings: what a matcher says of a value, written down once more without automata.

import type { BoundsSpec, Matcher } from '@graylane/rules';

/** Expressions of the fuzzed vocabulary, by hand: a translator would be one more thing that could be wrong. */
const EXPRESSIONS: Readonly<Record<string, string>> = {
  'a*': '(re.* (str.to_re "a"))',
  '[ab]+': '(re.+ (re.union (str.to_re "a") (str.to_re "b")))',
  '[a-z]b[a-z]*': '(re.++ (re.range "a" "z") (str.to_re "b") (re.* (re.range "a" "z")))',
};

/** `(and …)` and `(or …)` want two terms at least. */
export const and = (...terms: readonly string[]): string => (terms.length === 0 ? 'true' : terms.length === 1 ? terms.join('') : `(and ${terms.join(' ')})`);
export const or = (...terms: readonly string[]): string => (terms.length === 0 ? 'false' : terms.length === 1 ? terms.join('') : `(or ${terms.join(' ')})`);
export const not = (term: string): string => `(not ${term})`;

/** Whether `matcher` holds for the text `value` where `present` says that there is one. */
export function holds(matcher: Matcher, value: string, present: string): string {
  if (typeof matcher === 'string') return and(present, `(= ${value} "${matcher}")`);
  if (matcher instanceof Array) return and(present, or(...matcher.map((text) => `(= ${value} "${text}")`)));
  if ('not' in matcher) return not(holds(matcher.not, value, present));
  if ('any' in matcher) return or(...matcher.any.map((member) => holds(member, value, present)));
  if ('present' in matcher) return matcher.present ? present : not(present);
  if ('prefix' in matcher) return and(present, `(str.prefixof "${matcher.prefix}" ${value})`);
  if ('suffix' in matcher) return and(present, `(str.suffixof "${matcher.suffix}" ${value})`);
  if ('regex' in matcher) return and(present, `(str.in_re ${value} ${expression(matcher.regex)})`);
  if ('semver' in matcher) return and(present, ...matcher.semver.split(' ').map((comparator) => `(str.in_re ${value} ${versions(comparator)})`));
  return and(present, `(str.in_re ${value} ${DECIMAL})`, ...bounds(matcher, value));
}

function expression(source: string): string {
  const known = EXPRESSIONS[source];
  if (known === undefined) throw new RangeError(`no translation of ${source}`);
  return known;
}

const DIGIT = '(re.range "0" "9")';
const DIGITS = `(re.* ${DIGIT})`;
const NUMBER = `(re.union (str.to_re "0") (re.++ (re.range "1" "9") ${DIGITS}))`;
const text = (literal: string): string => `(str.to_re "${literal}")`;
const sequence = (...parts: readonly string[]): string => (parts.length === 1 ? parts.join('') : `(re.++ ${parts.join(' ')})`);
const union = (...parts: readonly string[]): string => (parts.length === 0 ? 're.none' : parts.length === 1 ? parts.join('') : `(re.union ${parts.join(' ')})`);
const ZEROS = `(re.* ${text('0')})`;
const FRACTION = `(re.opt ${sequence(text('.'), `(re.+ ${DIGIT})`)})`;
const DECIMAL = sequence(`(re.opt ${text('-')})`, `(re.+ ${DIGIT})`, FRACTION);

/** Numbers without leading zeros over `bound`, a whole number. */
function above(bound: string): string {
  const longer = sequence('(re.range "1" "9")', ...Array.from({ length: bound.length }, () => DIGIT), DIGITS);
  const digits = Array.from(bound);
  const greater = digits.flatMap((digit, i) => (digit === '9' ? [] : [sequence(...digits.slice(0, i).map(text), `(re.range "${Number(digit) + 1}" "9")`, ...Array.from({ length: bound.length - i - 1 }, () => DIGIT))]));
  return union(longer, ...greater);
}

/** Decimals over, and those at, a whole number ≥ 0. */
const over = (bound: string): string => union(
  sequence(ZEROS, above(bound), FRACTION),
  // A fraction that is not nothing.
  sequence(ZEROS, bound === '0' ? text('0') : text(bound), text('.'), DIGITS, '(re.range "1" "9")', DIGITS),
);
const at = (bound: string): string => union(
  sequence(ZEROS, text(bound), `(re.opt ${sequence(text('.'), `(re.+ ${text('0')})`)})`),
  ...(bound === '0' ? [sequence(text('-'), `(re.+ ${text('0')})`, `(re.opt ${sequence(text('.'), `(re.+ ${text('0')})`)})`)] : []),
);

function bounds(spec: BoundsSpec, value: string): readonly string[] {
  const member = (set: string): string => `(str.in_re ${value} ${set})`;
  return [
    ...(spec.gte === undefined ? [] : [or(member(over(String(spec.gte))), member(at(String(spec.gte))))]),
    ...(spec.gt === undefined ? [] : [member(over(String(spec.gt)))]),
    ...(spec.lte === undefined ? [] : [not(member(over(String(spec.lte))))]),
    ...(spec.lt === undefined ? [] : [not(or(member(over(String(spec.lt))), member(at(String(spec.lt)))))]),
  ];
}

const IDENTIFIER = `(re.union ${NUMBER} (re.++ ${DIGITS} (re.union (re.range "a" "z") (re.range "A" "Z") ${text('-')}) (re.* (re.union ${DIGIT} (re.range "a" "z") (re.range "A" "Z") ${text('-')}))))`;
const PRE = sequence(text('-'), IDENTIFIER, `(re.* ${sequence(text('.'), IDENTIFIER)})`);
const BUILD_PART = `(re.+ (re.union ${DIGIT} (re.range "a" "z") (re.range "A" "Z") ${text('-')}))`;
const BUILD = `(re.opt ${sequence(text('+'), BUILD_PART, `(re.* ${sequence(text('.'), BUILD_PART)})`)})`;
const dotted = (...parts: readonly string[]): string => sequence(...parts.flatMap((part, i) => (i === 0 ? [part] : [text('.'), part])));

/** Versions that satisfy one comparator with a bound that is a release: `>=2.1`, `<3`. */
function versions(comparator: string): string {
  const [, op = '', rest = ''] = /^(>=|<)([\d.]+)$/.exec(comparator) ?? [];
  const [major = '0', minor = '0', patch = '0'] = rest.split('.');
  const greater = union(dotted(above(major), NUMBER, NUMBER), dotted(text(major), above(minor), NUMBER), dotted(text(major), text(minor), above(patch)));
  const equal = dotted(text(major), text(minor), text(patch));
  const atLeast = union(sequence(greater, `(re.opt ${PRE})`, BUILD), sequence(equal, BUILD));
  const any = sequence(dotted(NUMBER, NUMBER, NUMBER), `(re.opt ${PRE})`, BUILD);
  if (op === '>=') return atLeast;
  if (op === '<') return `(re.diff ${any} ${atLeast})`;
  throw new RangeError(`no translation of ${comparator}`);
}
