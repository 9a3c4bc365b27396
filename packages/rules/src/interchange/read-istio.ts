// Istio VirtualServices as a strategy; what has no counterpart is said, never dropped.

import { isPlain } from '../document/shape.ts';
import type { Imported } from './easemesh.ts';
import type { Match, PathCondition, TextCondition } from './match.ts';
import type { Unknown } from './read-conditions.ts';
import { list, part, readExpression, text, unknownKeys } from './read-conditions.ts';
import type { ReadRoute } from './read-routes.ts';
import { documentOf } from './read-routes.ts';

/** `resources` are parsed YAML documents; others than VirtualService are passed over. Its name becomes the service's, a subset's name the version's. */
export function importIstio(resources: readonly unknown[]): Imported {
  return documentOf(resources.filter(isPlain).filter(({ kind }) => kind === 'VirtualService').map((resource) => {
    const problems: string[] = [];
    const routes = list(part(resource, 'spec'), 'http').flatMap((rule) => readRule(rule, problems));
    return { service: text(part(resource, 'metadata'), 'name') ?? '', routes, problems };
  }));
}

function readRule(rule: unknown, problems: string[]): readonly ReadRoute[] {
  for (const key of unknownKeys(rule, ['name', 'match', 'route'])) problems.push(`a rule has \`${key}\`, which has no counterpart here`);
  const versions = list(rule, 'route').map((route): [string, number] => {
    const destination = part(route, 'destination');
    return [text(destination, 'subset') ?? text(destination, 'host') ?? '', weightOf(route)];
  });
  const matches = list(rule, 'match');
  return (matches.length === 0 ? [{}] : joinPrefixes(matches)).flatMap((match) => {
    const read = readMatch(match, problems);
    return read === null ? [] : [{ match: read, versions }];
  });
}

/** A single destination has no weight; 0 is one. */
function weightOf(route: unknown): number {
  const weight = isPlain(route) && Object.hasOwn(route, 'weight') ? route['weight'] : 100;
  return typeof weight === 'number' ? weight : 100;
}

/** `/api` exactly, or anything that begins with `/api/`, with equal conditions beside: that is a prefix by segments. */
function joinPrefixes(matches: readonly unknown[]): readonly unknown[] {
  const joined: unknown[] = [];
  for (let i = 0; i < matches.length; i++) {
    const exact = text(part(matches[i], 'uri'), 'exact');
    const prefix = text(part(matches[i + 1], 'uri'), 'prefix');
    const together = exact !== null && prefix === `${exact}/` && JSON.stringify(withoutUri(matches[i])) === JSON.stringify(withoutUri(matches[i + 1]));
    joined.push(together ? { ...withoutUri(matches[i]), uri: { segments: exact } } : matches[i]);
    if (together) i += 1;
  }
  return joined;
}

function withoutUri(match: unknown): Unknown {
  return Object.fromEntries(Object.entries(isPlain(match) ? match : {}).filter(([key]) => key !== 'uri'));
}

function readMatch(match: unknown, problems: string[]): Match | null {
  const before = problems.length;
  for (const key of unknownKeys(match, ['name', 'uri', 'method', 'headers', 'queryParams'])) problems.push(`a match has \`${key}\`, which has no counterpart here`);
  const named = (key: string): ReadonlyMap<string, TextCondition> => new Map(Object.entries(part(match, key)).flatMap(([name, condition]): [string, TextCondition][] => {
    const read = readText(key === 'headers' ? name.toLowerCase() : name, condition, problems);
    return read === null ? [] : [[key === 'headers' ? name.toLowerCase() : name, read]];
  }));
  const method = text(part(match, 'method'), 'exact');
  if (method === null && Object.keys(part(match, 'method')).length > 0) problems.push('the method is not matched by exact text');
  const read = { path: readPath(part(match, 'uri'), problems), method, headers: named('headers'), query: named('queryParams') };
  return problems.length > before ? null : read;
}

function readText(name: string, condition: unknown, problems: string[]): TextCondition | null {
  const [exact, prefix, regex] = [text(condition, 'exact'), text(condition, 'prefix'), text(condition, 'regex')];
  if (exact !== null) return { kind: 'exact', value: exact };
  if (prefix !== null) return prefix === '' ? { kind: 'regex', value: '.*' } : { kind: 'prefix', value: prefix };
  // An empty condition asks for presence.
  return regex === null ? { kind: 'regex', value: '.*' } : readExpression(name, regex, problems);
}

function readPath(uri: Unknown, problems: string[]): PathCondition | null {
  const [exact, segments] = [text(uri, 'exact'), text(uri, 'segments')];
  if (exact !== null) return { kind: 'exact', value: exact };
  if (segments !== null) return { kind: 'prefix', value: segments };
  if (Object.keys(uri).length > 0 && text(uri, 'prefix') !== '/') problems.push('the path is matched by a prefix of characters or an expression: write it as `path` by hand');
  return null;
}
