// Reads conditions of route resources, whatever wrote them: unknown keys and expressions that are not understood are said.

import { isPlain } from '../document/shape.ts';
import { compileRegex } from '../language/regex/regex.ts';
import { literal, readCookieExpression } from './cookie-expression.ts';
import type { PlainCondition, TextCondition } from './match.ts';

export type Unknown = Readonly<Record<string, unknown>>;

/** The member when it is an object, else an empty one. */
export function part(value: unknown, key: string): Unknown {
  const found = member(value, key);
  return isPlain(found) ? found : {};
}

export function list(value: unknown, key: string): readonly unknown[] {
  const found = member(value, key);
  return Array.isArray(found) ? found : [];
}

export function text(value: unknown, key: string): string | null {
  const found = member(value, key);
  return typeof found === 'string' ? found : null;
}

function member(value: unknown, key: string): unknown {
  return isPlain(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

/** Names of keys that the reader does not understand. */
export function unknownKeys(value: unknown, known: readonly string[]): readonly string[] {
  return isPlain(value) ? Object.keys(value).filter((key) => !known.includes(key)) : [];
}

/** An expression over the whole value; one over the Cookie header only in the form that exports write. Null, and said, when it is not understood. */
export function readExpression(name: string, source: string, problems: string[]): TextCondition | null {
  if (name === 'cookie') {
    const cookie = readCookieExpression(source);
    if (cookie === null) problems.push(`the expression /${source}/ on the Cookie header is not one on a single cookie: write it as a condition on that cookie`);
    return cookie === null ? null : { kind: 'cookie', ...cookie };
  }
  const prefix = prefixOf(source);
  if (prefix !== null) return prefix;
  const compiled = compileRegex(source);
  if (compiled.ok) return { kind: 'regex', value: source };
  problems.push(`the expression /${source}/ has ${compiled.fault.problem}; ${compiled.fault.fix}`);
  return null;
}

/** `abc.*` is a prefix, `.*` any value. */
function prefixOf(source: string): PlainCondition | null {
  if (source === '.*') return { kind: 'regex', value: '.*' };
  const value = source.endsWith('.*') ? source.slice(0, -2).replace(/\\([.*+?^${}()|[\]\\])/g, '$1') : null;
  return value !== null && `${literal(value)}.*` === source ? { kind: 'prefix', value } : null;
}
