// HTTPRoutes of the Kubernetes Gateway API as a strategy; what has no counterpart is said, never dropped.

import { isPlain } from '../document/shape.ts';
import type { Imported } from './easemesh.ts';
import { precedence } from './gateway-api.ts';
import type { Match, PathCondition, TextCondition } from './match.ts';
import { list, part, readExpression, text, unknownKeys } from './read-conditions.ts';
import type { ReadRoute } from './read-routes.ts';
import { documentOf } from './read-routes.ts';

/** `resources` are parsed YAML documents; others than HTTPRoute are passed over. The route's name becomes the service's. */
export function importGatewayApi(resources: readonly unknown[]): Imported {
  return documentOf(resources.filter(isPlain).filter(({ kind }) => kind === 'HTTPRoute').map((resource) => {
    const service = text(part(resource, 'metadata'), 'name') ?? '';
    const problems: string[] = [];
    const spec = part(resource, 'spec');
    if (list(spec, 'hostnames').length > 0) problems.push('it has `hostnames`: hosts of a service are not conditions here; add `host` to the clauses');
    const routes = list(spec, 'rules').flatMap((rule) => readRule(rule, service, problems));
    // The order in which the API asks; sorting keeps the order of equals.
    return { service, routes: [...routes].sort((a, b) => precedence(b.match, a.match)), problems };
  }));
}

function readRule(rule: unknown, service: string, problems: string[]): readonly ReadRoute[] {
  for (const key of unknownKeys(rule, ['name', 'matches', 'backendRefs'])) problems.push(`a rule has \`${key}\`, which has no counterpart here`);
  const versions = list(rule, 'backendRefs').map((ref): [string, number] => [versionOf(text(ref, 'name') ?? '', service), weightOf(ref)]);
  const matches = list(rule, 'matches');
  return (matches.length === 0 ? [{}] : matches).flatMap((match) => {
    const read = readMatch(match, problems);
    return read === null ? [] : [{ match: read, versions }];
  });
}

/** `web-v2` is the version v2 of web. */
function versionOf(backend: string, service: string): string {
  return backend.startsWith(`${service}-`) ? backend.slice(service.length + 1) : backend;
}

function weightOf(ref: unknown): number {
  const weight = isPlain(ref) && Object.hasOwn(ref, 'weight') ? ref['weight'] : 1;
  return typeof weight === 'number' ? weight : 1;
}

function readMatch(match: unknown, problems: string[]): Match | null {
  const before = problems.length;
  const path = readPath(part(match, 'path'), problems);
  const named = (key: string): ReadonlyMap<string, TextCondition> => new Map(list(match, key).flatMap((condition): [string, TextCondition][] => {
    const name = key === 'headers' ? (text(condition, 'name') ?? '').toLowerCase() : text(condition, 'name') ?? '';
    const value = text(condition, 'value') ?? '';
    const read: TextCondition | null = text(condition, 'type') === 'RegularExpression' ? readExpression(name, value, problems) : { kind: 'exact', value };
    return read === null ? [] : [[name, read]];
  }));
  const read = { path, method: text(match, 'method'), headers: named('headers'), query: named('queryParams') };
  return problems.length > before ? null : read;
}

function readPath(path: Readonly<Record<string, unknown>>, problems: string[]): PathCondition | null {
  const value = text(path, 'value') ?? '/';
  switch (text(path, 'type') ?? 'PathPrefix') {
    case 'Exact': return { kind: 'exact', value };
    // A slash at the end means nothing there.
    case 'PathPrefix': return value === '/' ? null : { kind: 'prefix', value: value.replace(/\/+$/, '') };
    default:
      problems.push(`the path is matched by ${text(path, 'type') ?? ''}, which each implementation ranks as it likes`);
      return null;
  }
}
