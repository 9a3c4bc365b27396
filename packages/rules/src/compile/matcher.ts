// From a matcher of the document to a compiled test.

import type { BoundsSpec, Matcher } from '../document/types.ts';
import { compileRegex } from '../language/regex/regex.ts';
import { toBytes } from '../language/utf8.ts';
import type { TestPlan } from './program.ts';

/** On a path `{ prefix: '/api' }` means `/api` and what lies below it. */
export type Dimension = 'path' | 'other';

export function compileMatcher(matcher: Matcher, dimension: Dimension): TestPlan {
  if (typeof matcher === 'string') return { op: 'exact', values: [toBytes(matcher)] };
  if (isList(matcher)) return { op: 'exact', values: [...new Set(matcher.map(toBytes))] };
  if ('prefix' in matcher) return prefix(toBytes(matcher.prefix), dimension);
  if ('suffix' in matcher) return { op: 'suffix', text: toBytes(matcher.suffix) };
  if ('regex' in matcher) return regex(matcher.regex);
  if ('semver' in matcher) return { op: 'semver', range: matcher.semver };
  if ('present' in matcher) return { op: matcher.present ? 'present' : 'absent' };
  if ('not' in matcher) return { op: 'not', of: compileMatcher(matcher.not, dimension) };
  if ('any' in matcher) return { op: 'any', of: matcher.any.map((member) => compileMatcher(member, dimension)) };
  return bounds(matcher);
}

function regex(pattern: string): TestPlan {
  const compiled = compileRegex(pattern);
  if (!compiled.ok) throw new TypeError(`not a checked expression: ${compiled.fault.problem}`);
  return { op: 'dfa', dfa: compiled.dfa };
}

/** Array.isArray does not narrow a readonly list. */
function isList(matcher: Matcher): matcher is readonly string[] {
  return Array.isArray(matcher);
}

function prefix(text: string, dimension: Dimension): TestPlan {
  if (dimension === 'other' || text === '' || text.endsWith('/')) return { op: 'prefix', text };
  return { op: 'any', of: [{ op: 'exact', values: [text] }, { op: 'prefix', text: `${text}/` }] };
}

function bounds(spec: BoundsSpec): TestPlan {
  return {
    op: 'decimal',
    ...(spec.gte === undefined ? {} : { gte: String(spec.gte) }),
    ...(spec.gt === undefined ? {} : { gt: String(spec.gt) }),
    ...(spec.lte === undefined ? {} : { lte: String(spec.lte) }),
    ...(spec.lt === undefined ? {} : { lt: String(spec.lt) }),
  };
}
