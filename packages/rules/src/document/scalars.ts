// The plain values of a strategy document: text, numbers, durations, sizes, names.

import { isWellFormed } from '../language/utf8.ts';
import type { Report } from './report.ts';
import { nameOf, quote } from './report.ts';
import type { JsonSchema, Shape } from './shape.ts';
import { shape, wrongType } from './shape.ts';
import { didYouMean } from './suggest.ts';
import type { Duration, Size } from './types.ts';

/** Names of releases, services, versions and tags. */
export const NAME_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$';
/** RFC 9110 §5.6.2. */
export const TOKEN_PATTERN = "^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$";
const NAME = new RegExp(NAME_PATTERN);
const TOKEN = new RegExp(TOKEN_PATTERN);

/** No value of a request is longer than a request's head may be. */
export const TEXT_LIMIT = 65_536;

export const text: Shape<string> = shape({ type: 'string', maxLength: TEXT_LIMIT }, checkText);

export function checkText(value: unknown, pointer: string, report: Report): boolean {
  if (typeof value !== 'string') {
    const quoted = typeof value === 'number' || typeof value === 'boolean' ? `put it in quotes: "${String(value)}"` : 'write text in quotes';
    return report.add('GL1002', pointer, `${nameOf(value)} stands where text belongs`, quoted);
  }
  if (value.length > TEXT_LIMIT) return report.add('GL1007', pointer, `text of ${value.length} characters is over ${TEXT_LIMIT}`, 'no request carries such a value: shorten it');
  if (!isWellFormed(value)) return report.add('GL1008', pointer, `the text ${quote(value)} has half a surrogate pair`, 'write whole characters: half a pair has no UTF-8 form, so no request can carry it');
  return true;
}

export const truth: Shape<boolean> = shape({ type: 'boolean' }, (value, pointer, report) =>
  typeof value === 'boolean' || wrongType(value, pointer, report, 'true or false'));

export function whole(min: number, max: number): Shape<number> {
  return shape({ type: 'integer', minimum: min, maximum: max }, (value, pointer, report) => {
    if (typeof value !== 'number') return wrongType(value, pointer, report, 'a whole number');
    if (Number.isInteger(value) && value >= min && value <= max) return true;
    return report.add('GL1004', pointer, `${value} is not a whole number from ${min} to ${max}`, `use a whole number from ${min} to ${max}`);
  });
}

export function oneOf<T extends string>(...allowed: readonly T[]): Shape<T> {
  const names: readonly string[] = allowed;
  return shape({ enum: allowed }, (value, pointer, report) => {
    if (typeof value === 'string' && names.includes(value)) return true;
    const fix = (typeof value === 'string' ? didYouMean(value, names) : '') || `use one of: ${names.join(', ')}`;
    return report.add('GL1004', pointer, `${nameOf(value)} is not one of ${names.join(', ')}`, fix);
  });
}

/** 0-100 with at most four decimals: the bucket's resolution is a millionth. */
export const percent: Shape<number> = shape({ type: 'number', minimum: 0, maximum: 100 }, (value, pointer, report) => {
  if (typeof value !== 'number') return wrongType(value, pointer, report, 'a percentage (a number from 0 to 100)');
  if (!(value >= 0 && value <= 100)) return report.add('GL1004', pointer, `${value} is not a percentage`, 'use a number from 0 to 100');
  if (!/^\d+(\.\d{1,4})?$/.test(decimalText(value))) return report.add('GL1004', pointer, `${value} has more than four decimals`, 'use at most four decimals: a release resolves a millionth of its audience');
  return true;
});

/** Without an exponent, so that decimals can be counted. */
function decimalText(value: number): string {
  return /e/.test(String(value)) ? value.toFixed(20) : String(value);
}

export const name: Shape<string> = shape({ type: 'string', pattern: NAME_PATTERN }, (value, pointer, report) => {
  if (typeof value !== 'string') return wrongType(value, pointer, report, 'a name');
  return checkName(value, pointer, report);
});

export function checkName(value: string, pointer: string, report: Report): boolean {
  if (NAME.test(value)) return true;
  return report.add('GL1005', pointer, `${quote(value)} cannot be a name`, 'use 1 to 63 of A-Z a-z 0-9 . _ - and begin with a letter or digit');
}

export const token: Shape<string> = shape({ type: 'string', pattern: TOKEN_PATTERN }, (value, pointer, report) => {
  if (typeof value !== 'string') return wrongType(value, pointer, report, 'the name of a header or cookie');
  return checkToken(value, pointer, report);
});

export function checkToken(value: string, pointer: string, report: Report): boolean {
  if (TOKEN.test(value)) return true;
  return report.add('GL1005', pointer, `${quote(value)} cannot be the name of a header or cookie`, 'use 1 to 128 letters, digits or - . _ (RFC 9110 token)');
}

const DURATION_UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const SIZE_UNITS: Readonly<Record<string, number>> = { B: 1, KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3, TB: 1024 ** 4 };

/** Milliseconds, or null when `value` is no duration. */
export function durationMs(value: Duration): number | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value : null;
  const match = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)$/.exec(value);
  return match === null ? null : Math.round(Number(match[1]) * (DURATION_UNITS[match[2] ?? ''] ?? 0));
}

/** Bytes, or null when `value` is no size. */
export function sizeBytes(value: Size): number | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value : null;
  const match = /^(\d{1,9}(?:\.\d{1,3})?) ?([KMGT]?)(?:i?B)?$/i.exec(value);
  return match === null ? null : Math.round(Number(match[1]) * (SIZE_UNITS[`${(match[2] ?? '').toUpperCase()}B`] ?? 0));
}

export const duration: Shape<Duration> = unit("a duration such as '500ms', '10s', '5m' or '2h'", durationMs);
export const size: Shape<Size> = unit("a size such as '512MB' or '1GB'", sizeBytes);

function unit(wanted: string, read: (value: number | string) => number | null): Shape<number | string> {
  const schema: JsonSchema = { type: ['number', 'string'], description: wanted };
  return shape(schema, (value, pointer, report) => {
    if (typeof value !== 'number' && typeof value !== 'string') return wrongType(value, pointer, report, wanted);
    return read(value) !== null || report.add('GL1004', pointer, `${nameOf(value)} is not ${wanted}`, `write ${wanted}`);
  });
}
