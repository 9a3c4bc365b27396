// A condition on one cookie as an expression over the whole Cookie header, for targets that know headers only.

import type { PlainCondition } from './match.ts';

const SPACE = '[ \\t]*';

/** `text` as an expression that matches it and nothing else. */
export function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** The first cookie called `name` has the value: all pairs before it have other names. */
export function cookieExpression(name: string, value: PlainCondition): string {
  return `(?:${otherPair(name)};)*${SPACE}${literal(name)}${SPACE}=${SPACE}${valueExpression(value)}${SPACE}(?:;.*)?`;
}

function valueExpression({ kind, value }: PlainCondition): string {
  if (kind === 'exact') return literal(value);
  return kind === 'prefix' ? `${literal(value)}[^;]*` : `(?:${value})`;
}

/** A pair without `=`, or with another name: it leaves the name at some letter, or goes on after it. */
function otherPair(name: string): string {
  const ways = Array.from({ length: name.length }, (_, i) => `${literal(name.slice(0, i))}(?:[^${classOf(name.charAt(i))};${i === 0 ? ' \\t' : ''}][^;]*)?`);
  return `${SPACE}(?:${[...ways, `${literal(name)}${SPACE}(?:[^=; \\t][^;]*)?`].join('|')})`;
}

function classOf(character: string): string {
  return /[\^\]\\-]/.test(character) ? `\\${character}` : character;
}

/** The name and value of an expression made by {@link cookieExpression}, or null. */
export function readCookieExpression(expression: string): { readonly name: string; readonly value: PlainCondition } | null {
  const tail = `;)*${SPACE}`;
  const at = expression.indexOf(tail);
  const body = at === -1 ? '' : expression.slice(at + tail.length);
  const equals = body.indexOf(`${SPACE}=${SPACE}`);
  const end = `${SPACE}(?:;.*)?`;
  if (equals === -1 || !body.endsWith(end)) return null;
  const name = unescaped(body.slice(0, equals));
  const value = readValue(body.slice(equals + 2 * SPACE.length + 1, -end.length));
  return name !== null && value !== null && cookieExpression(name, value) === expression ? { name, value } : null;
}

function readValue(source: string): PlainCondition | null {
  const group = /^\(\?:(.*)\)$/s.exec(source);
  if (group !== null) return { kind: 'regex', value: group[1] ?? '' };
  const prefix = source.endsWith('[^;]*') ? unescaped(source.slice(0, -5)) : null;
  if (prefix !== null) return { kind: 'prefix', value: prefix };
  const value = unescaped(source);
  return value === null ? null : { kind: 'exact', value };
}

/** The text of an expression without operators, or null. */
function unescaped(source: string): string | null {
  const text = source.replace(/\\([.*+?^${}()|[\]\\])/g, '$1');
  return literal(text) === source ? text : null;
}
