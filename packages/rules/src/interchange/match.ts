// One match as the route resources of Kubernetes write it: conditions that must all hold. It knows neither strategies nor resources.

import { runDfa } from '../language/regex/dfa.ts';
import { compileRegex } from '../language/regex/regex.ts';

export interface PlainCondition { readonly kind: 'exact' | 'prefix' | 'regex'; readonly value: string }

export type TextCondition =
  | PlainCondition
  /** The first cookie of a name, in the Cookie header. */
  | { readonly kind: 'cookie'; readonly name: string; readonly value: PlainCondition };

/** `prefix` is by segments: `/api` is `/api` and `/api/…`. */
export interface PathCondition { readonly kind: 'exact' | 'prefix'; readonly value: string }

export interface Match {
  readonly path: PathCondition | null;
  readonly method: string | null;
  /** By name in lower case. */
  readonly headers: ReadonlyMap<string, TextCondition>;
  readonly query: ReadonlyMap<string, TextCondition>;
}

export const EVERYTHING: Match = { path: null, method: null, headers: new Map(), query: new Map() };

/** Both hold: null when nothing can meet both, undefined when one condition cannot say it. */
export type Meeting<T> = T | null | undefined;

export function meet(a: Match, b: Match): Meeting<Match> {
  const path = meetPaths(a.path, b.path);
  const method = a.method === null ? b.method : b.method === null || a.method === b.method ? a.method : undefined;
  const headers = meetAll(a.headers, b.headers);
  const query = meetAll(a.query, b.query);
  // Nothing meets both as soon as one dimension is empty, whatever the others cannot say.
  if (path === false || method === undefined || headers === null || query === null) return null;
  return headers === undefined || query === undefined ? undefined : { path, method, headers, query };
}

function meetPaths(a: PathCondition | null, b: PathCondition | null): PathCondition | null | false {
  if (a === null || b === null) return a ?? b;
  if (covers(a, b)) return b;
  return covers(b, a) ? a : false;
}

function covers(wide: PathCondition, narrow: PathCondition): boolean {
  if (wide.kind === 'exact') return narrow.kind === 'exact' && narrow.value === wide.value;
  return narrow.value === wide.value || narrow.value.startsWith(`${wide.value}/`);
}

function meetAll(a: ReadonlyMap<string, TextCondition>, b: ReadonlyMap<string, TextCondition>): Meeting<ReadonlyMap<string, TextCondition>> {
  const both = new Map(a);
  let sayable = true;
  for (const [name, condition] of b) {
    const own = a.get(name);
    const met = own === undefined ? condition : meetTexts(own, condition);
    if (met === null) return null;
    if (met === undefined) sayable = false;
    else both.set(name, met);
  }
  return sayable ? both : undefined;
}

function meetTexts(a: TextCondition, b: TextCondition): Meeting<TextCondition> {
  if (a.kind === 'cookie' || b.kind === 'cookie') {
    if (a.kind !== 'cookie' || b.kind !== 'cookie' || a.name !== b.name) return undefined;
    const value = meetPlain(a.value, b.value);
    return value === null || value === undefined ? value : { kind: 'cookie', name: a.name, value };
  }
  return meetPlain(a, b);
}

function meetPlain(a: PlainCondition, b: PlainCondition): Meeting<PlainCondition> {
  if (a.kind === b.kind && a.value === b.value) return a;
  if (a.kind === 'exact') return holdsFor(b, a.value) ? a : null;
  if (b.kind === 'exact') return holdsFor(a, b.value) ? b : null;
  if (a.kind === 'regex' && a.value === '.*') return b;
  if (b.kind === 'regex' && b.value === '.*') return a;
  if (a.kind === 'regex' || b.kind === 'regex') return undefined;
  return a.value.startsWith(b.value) ? a : b.value.startsWith(a.value) ? b : null;
}

function holdsFor({ kind, value }: PlainCondition, text: string): boolean {
  if (kind === 'exact') return text === value;
  if (kind === 'prefix') return text.startsWith(value);
  const compiled = compileRegex(value);
  return compiled.ok && runDfa(compiled.dfa, text);
}

/** Whether everything that `narrow` matches is matched by `wide` too. */
export function contains(wide: Match, narrow: Match): boolean {
  const met = meet(wide, narrow);
  return met !== null && met !== undefined && matchKey(met) === matchKey(narrow);
}

/** Equal for equal matches. */
export function matchKey({ path, method, headers, query }: Match): string {
  const sorted = (map: ReadonlyMap<string, TextCondition>): unknown => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([path, method, sorted(headers), sorted(query)]);
}
