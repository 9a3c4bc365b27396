// Checks a matcher: one condition on one value of a request.

import { compileRegex } from '../language/regex/regex.ts';
import { semverFault } from '../language/semver-range.ts';
import { isWellFormed } from '../language/utf8.ts';
import type { Report } from './report.ts';
import { keyName, nameOf, quote, step } from './report.ts';
import { checkText, TEXT_LIMIT } from './scalars.ts';
import type { JsonSchema, Shape } from './shape.ts';
import { isPlain, shape, wrongType } from './shape.ts';
import { didYouMean } from './suggest.ts';
import type { Matcher } from './types.ts';

/** Nobody reads a condition nested deeper, and checks recurse. */
const MATCHER_DEPTH_LIMIT = 32;
/** All texts of one list; a longer list belongs into a tag that the app sets. */
const ALTERNATIVES_LIMIT = 2_000_000;
/** Digits of a bound: more than any version, id or time stamp has. */
const BOUND_LENGTH_LIMIT = 64;
const BOUND_PATTERN = '^-?\\d+(\\.\\d+)?$';
const BOUND = new RegExp(BOUND_PATTERN);

const BOUND_KEYS: readonly string[] = ['gte', 'gt', 'lte', 'lt'];
const KEYS: readonly string[] = ['prefix', 'suffix', 'regex', ...BOUND_KEYS, 'semver', 'present', 'not', 'any'];
const FORMS = `text, a list of texts, or an object with one of: ${KEYS.join(', ')}`;

const self: JsonSchema = { $ref: '#/$defs/matcher' };
const one = (key: string, value: JsonSchema): JsonSchema => ({ type: 'object', additionalProperties: false, required: [key], properties: { [key]: value } });
const bound: JsonSchema = { anyOf: [{ type: 'number' }, { type: 'string', pattern: BOUND_PATTERN }] };

/** Stands once in the schema's `$defs`; everywhere else it is a reference. */
export const matcherSchema: JsonSchema = {
  description: 'exact text, any of several texts, or one condition',
  anyOf: [
    { type: 'string' },
    { type: 'array', items: { type: 'string' }, minItems: 1 },
    one('prefix', { type: 'string' }), one('suffix', { type: 'string' }), one('regex', { type: 'string' }),
    { type: 'object', additionalProperties: false, minProperties: 1, properties: Object.fromEntries(BOUND_KEYS.map((key) => [key, bound])) },
    one('semver', { type: 'string' }), one('present', { type: 'boolean' }), one('not', self),
    one('any', { type: 'array', items: self, minItems: 1 }),
  ],
};

export const matcher: Shape<Matcher> = shape(self, (value, pointer, report) => checkMatcher(value, pointer, report, 0));

function checkMatcher(value: unknown, pointer: string, report: Report, depth: number): boolean {
  if (depth > MATCHER_DEPTH_LIMIT) return report.add('GL1006', pointer, `conditions are nested more than ${MATCHER_DEPTH_LIMIT} deep`, 'write the condition flatter: two `not` cancel out, an `any` inside an `any` is one `any`');
  if (typeof value === 'string') return checkText(value, pointer, report);
  if (Array.isArray(value)) return checkAlternatives(value, pointer, report);
  if (typeof value === 'number' || typeof value === 'boolean') return report.add('GL1002', pointer, `${nameOf(value)} is not a matcher`, `put it in quotes: "${String(value)}"`);
  if (!isPlain(value)) return wrongType(value, pointer, report, FORMS);
  return checkCondition(value, pointer, report, depth);
}

function checkAlternatives(list: readonly unknown[], pointer: string, report: Report): boolean {
  if (list.length === 0) return report.add('GL1004', pointer, 'an empty list matches nothing', 'name at least one text, or leave the condition out');
  if (list.length > ALTERNATIVES_LIMIT) return report.add('GL1007', pointer, `${list.length} alternatives are more than ${ALTERNATIVES_LIMIT}`, 'let the application set a tag instead of listing the users');
  let ok = true;
  for (let i = 0; i < list.length; i++) {
    const item = list[i];
    // The pointer of a good item is never built: there may be a million of them.
    if (typeof item !== 'string' || item.length > TEXT_LIMIT || !isWellFormed(item)) ok = checkText(item, step(pointer, i), report) && ok;
  }
  return ok;
}

function checkCondition(value: Readonly<Record<string, unknown>>, pointer: string, report: Report, depth: number): boolean {
  const keys = Object.keys(value).filter((key) => value[key] !== undefined);
  let ok = true;
  for (const key of keys) {
    if (!KEYS.includes(key)) ok = report.add('GL1003', step(pointer, key), `${keyName(key)} is not a condition`, didYouMean(key, KEYS) || `use ${FORMS}`);
  }
  const known = keys.filter((key) => KEYS.includes(key));
  if (known.length === 0 && ok) return report.add('GL1001', pointer, 'this condition is empty', `use ${FORMS}`);
  if (known.length > 1 && !known.every((key) => BOUND_KEYS.includes(key))) {
    ok = report.add('GL1009', pointer, `${known.join(' and ')} stand in one matcher`, 'keep one key per matcher; only gte, gt, lte and lt go together');
  }
  for (const key of known) ok = checkMember(key, value[key], step(pointer, key), report, depth) && ok;
  return ok;
}

function checkMember(key: string, value: unknown, pointer: string, report: Report, depth: number): boolean {
  switch (key) {
    case 'prefix': case 'suffix': return checkText(value, pointer, report);
    case 'regex': return checkRegex(value, pointer, report);
    case 'semver': return checkSemver(value, pointer, report);
    case 'present': return typeof value === 'boolean' || wrongType(value, pointer, report, 'true or false');
    case 'not': return checkMatcher(value, pointer, report, depth + 1);
    case 'any': return checkAny(value, pointer, report, depth);
    default: return checkBound(value, pointer, report);
  }
}

function checkAny(value: unknown, pointer: string, report: Report, depth: number): boolean {
  if (!Array.isArray(value)) return wrongType(value, pointer, report, 'a list of matchers');
  const list: readonly unknown[] = value;
  if (list.length === 0) return report.add('GL1004', pointer, 'an empty `any` matches nothing', 'name at least one matcher, or leave the condition out');
  if (list.length > ALTERNATIVES_LIMIT) return report.add('GL1007', pointer, `${list.length} alternatives are more than ${ALTERNATIVES_LIMIT}`, 'let the application set a tag instead of listing the users');
  let ok = true;
  for (let i = 0; i < list.length; i++) {
    if (!checkMatcher(list[i], step(pointer, i), report, depth + 1)) ok = false;
  }
  return ok;
}

function checkBound(value: unknown, pointer: string, report: Report): boolean {
  if (typeof value !== 'number' && typeof value !== 'string') return wrongType(value, pointer, report, 'a decimal number');
  const digits = String(value);
  if (digits.length <= BOUND_LENGTH_LIMIT && BOUND.test(digits)) return true;
  return report.add('GL1004', pointer, `${typeof value === 'string' ? quote(value) : digits} is not a plain decimal number`, `write digits such as 12 or "12.50", at most ${BOUND_LENGTH_LIMIT}, without exponent`);
}

function checkRegex(value: unknown, pointer: string, report: Report): boolean {
  if (typeof value !== 'string') return checkText(value, pointer, report);
  if (!checkText(value, pointer, report)) return false;
  const compiled = compileRegex(value);
  return compiled.ok || report.add('GL1013', pointer, `${quote(value)}: ${compiled.fault.problem}`, compiled.fault.fix, `at character ${compiled.fault.at + 1} of the expression`);
}

function checkSemver(value: unknown, pointer: string, report: Report): boolean {
  if (typeof value !== 'string') return checkText(value, pointer, report);
  const fault = semverFault(value);
  return fault === null || report.add('GL1014', pointer, `${quote(value)}: ${fault}`, "write comparators such as '>=2.1 <3' (>=, >, <=, <, =), all of which must hold");
}
