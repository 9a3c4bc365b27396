// Whether one value satisfies one matcher (docs/routing.md). Regex and semver are left out and refused by name.

import type { Matcher } from './document.ts';
import { utf8 } from './values.ts';
import type { Value } from './values.ts';

export function matches(matcher: Matcher, value: Value): boolean {
  if (typeof matcher === 'string') return value === utf8(matcher);
  if (isList(matcher)) return matcher.some((text) => value === utf8(text));
  if ('not' in matcher) return !matches(matcher.not, value);
  if ('any' in matcher) return matcher.any.some((one) => matches(one, value));
  if ('present' in matcher) return (value !== null) === matcher.present;
  if (value === null) return false;
  if ('prefix' in matcher) return value.startsWith(utf8(matcher.prefix));
  if ('suffix' in matcher) return value.endsWith(utf8(matcher.suffix));
  return withinBounds(matcher, value);
}

/** `{ prefix: '/api' }` of a path is `/api` or `/api/…`; all else as {@link matches}. A path with two readings matches nothing. */
export function matchesPath(matcher: Matcher, path: Value): boolean {
  return path !== null && pathMatches(matcher, path);
}

function pathMatches(matcher: Matcher, path: string): boolean {
  if (typeof matcher !== 'object' || isList(matcher)) return matches(matcher, path);
  if ('not' in matcher) return !pathMatches(matcher.not, path);
  if ('any' in matcher) return matcher.any.some((one) => pathMatches(one, path));
  if (!('prefix' in matcher)) return matches(matcher, path);
  const prefix = utf8(matcher.prefix);
  return prefix.endsWith('/') ? path.startsWith(prefix) : path === prefix || path.startsWith(`${prefix}/`);
}

/** Array.isArray does not narrow a readonly array. */
function isList(matcher: Matcher): matcher is readonly string[] {
  return Array.isArray(matcher);
}

const BOUNDS = ['gte', 'gt', 'lte', 'lt'] as const;

function withinBounds(matcher: Exclude<Matcher, string | readonly string[]>, value: string): boolean {
  const bounds = Object.entries(matcher) as [string, string][];
  const unknown = bounds.find(([kind]) => !BOUNDS.some((bound) => bound === kind));
  if (unknown !== undefined) throw new Error(`the independent evaluator does not know the matcher "${unknown[0]}"`);
  if (!DECIMAL.test(value)) return false;
  return bounds.every(([kind, bound]) => {
    const order = compareDecimals(value, bound);
    if (kind === 'gte') return order >= 0;
    if (kind === 'gt') return order > 0;
    return kind === 'lte' ? order <= 0 : order < 0;
  });
}

const DECIMAL = /^-?\d+(\.\d+)?$/;

/** Exactly, as scaled big integers. */
function compareDecimals(left: string, right: string): number {
  const digits = Math.max(...[left, right].map((text) => text.split('.')[1]?.length ?? 0));
  const scaled = (text: string): bigint => {
    const [whole = '', fraction = ''] = text.split('.');
    return BigInt(whole + fraction.padEnd(digits, '0'));
  };
  const difference = scaled(left) - scaled(right);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}
