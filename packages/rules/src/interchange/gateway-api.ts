// Releases as a HTTPRoute of the Kubernetes Gateway API. The most specific match wins there, whatever the order: so wherever a
// more specific match of a later release would win over an earlier one, their intersection is written out too.

import type { Strategy } from '../document/strategy.ts';
import { cookieExpression } from './cookie-expression.ts';
import { literal } from './cookie-expression.ts';
import type { ExportProblem, Way } from './lanes.ts';
import { waysOf } from './lanes.ts';
import type { Match, TextCondition } from './match.ts';
import { EVERYTHING, matchKey, meet } from './match.ts';

export interface HttpRoute {
  readonly apiVersion: 'gateway.networking.k8s.io/v1';
  readonly kind: 'HTTPRoute';
  readonly metadata: { readonly name: string };
  readonly spec: { readonly parentRefs: readonly { readonly name: string }[]; readonly rules: readonly HttpRouteRule[] };
}

export interface HttpRouteRule {
  /** The release that the rule is of; implementations ignore it. */
  readonly name?: string;
  readonly matches: readonly HttpRouteMatch[];
  readonly backendRefs: readonly BackendRef[];
}

export interface HttpRouteMatch {
  readonly path?: { readonly type: 'Exact' | 'PathPrefix'; readonly value: string };
  readonly method?: string;
  readonly headers?: readonly NamedMatch[];
  readonly queryParams?: readonly NamedMatch[];
}

export interface NamedMatch { readonly type: 'Exact' | 'RegularExpression'; readonly name: string; readonly value: string }
export interface BackendRef { readonly name: string; readonly port: number; readonly weight?: number }

export interface RouteExport<T> { readonly resources: readonly T[]; readonly problems: readonly ExportProblem[] }

export interface RouteExportOptions {
  /** The gateway that the routes hang on. */
  readonly gateway?: string;
  /** Of every backend. */
  readonly port?: number;
}

/** Rules beyond this are more than an implementation takes (the API allows 16 rules of 128 matches). */
const RULES_LIMIT = 16;
const MATCHES_LIMIT = 128;
/** Intersections can be as many as there are sets of releases. */
const CLOSURE_LIMIT = 4_096;

/** One HTTPRoute per service; nothing is exported for a service with a problem. */
export function exportGatewayApi(strategy: Strategy, options: RouteExportOptions = {}): RouteExport<HttpRoute> {
  const services = Object.entries(strategy.document.services);
  const routes = services.map(([service, { stable }]) => routeOf(strategy, service, stable, options));
  return { resources: routes.flatMap(({ route }) => route ?? []), problems: distinct(routes.flatMap(({ problems }) => problems)) };
}

/** Each service would say the same again. */
export function distinct(problems: readonly ExportProblem[]): readonly ExportProblem[] {
  return [...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values()];
}

function routeOf(strategy: Strategy, service: string, stable: string, { gateway = 'gateway', port = 80 }: RouteExportOptions): { readonly route: HttpRoute | null; readonly problems: readonly ExportProblem[] } {
  const { ways, problems } = waysOf(strategy, service);
  if (problems.length > 0) return { route: null, problems };
  const closed = closure([...ways, { release: '', versions: [[stable, 100]], matches: [EVERYTHING] }]);
  if ('problem' in closed) return { route: null, problems: [closed.problem] };
  const rules = rulesOf(closed.places, service, port);
  const large = rules.length > RULES_LIMIT || rules.some(({ matches }) => matches.length > MATCHES_LIMIT);
  if (large) return { route: null, problems: [{ pointer: '/releases', problem: `${rules.length} rules with up to ${Math.max(...rules.map(({ matches }) => matches.length))} matches are needed`, why: `a HTTPRoute has ${RULES_LIMIT} rules of ${MATCHES_LIMIT} matches at most` }] };
  return { route: { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute', metadata: { name: service }, spec: { parentRefs: [{ name: gateway }], rules } }, problems: [] };
}

/** A match, and the place of the way that has to win it. */
export interface Placed { readonly match: Match; readonly way: Way; readonly place: number }

/** Precedence of one match over another by the API: path, method, headers, query; above 0 when `a` goes first. */
export function precedence(a: Match, b: Match): number {
  const rank = ({ path, method, headers, query }: Match): readonly number[] => [path?.kind === 'exact' ? 1 : 0, path?.value.length ?? 1, method === null ? 0 : 1, headers.size, query.size];
  const [left, right] = [rank(a), rank(b)];
  const at = left.findIndex((value, i) => value !== right[i]);
  return at === -1 ? 0 : (left[at] ?? 0) - (right[at] ?? 0);
}

/** Adds intersections until no more specific match of a later way wins what an earlier one has to win. */
function closure(ways: readonly Way[]): { readonly places: readonly Placed[] } | { readonly problem: ExportProblem } {
  const known = new Map<string, Placed>();
  const open: Placed[] = [];
  const add = (placed: Placed): void => {
    const key = matchKey(placed.match);
    const before = known.get(key);
    if (before !== undefined && before.place <= placed.place) return;
    known.set(key, placed);
    open.push(placed);
  };
  ways.forEach((way, place) => {
    for (const match of way.matches) add({ match, way, place });
  });
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const other of [...known.values()]) {
      const [first, second] = next.place < other.place ? [next, other] : [other, next];
      if (first.place === second.place || precedence(second.match, first.match) <= 0) continue;
      const met = meet(first.match, second.match);
      if (met === null) continue;
      if (met === undefined) return { problem: { pointer: '/releases', problem: `one request can match '${first.way.release}' and '${second.way.release}', and the rule for it would need two conditions on one header`, why: 'the more specific match wins there, so what both match has to be a rule of its own' } };
      add({ match: met, way: first.way, place: first.place });
    }
    if (known.size > CLOSURE_LIMIT) return { problem: { pointer: '/releases', problem: `the overlaps of the releases need more than ${CLOSURE_LIMIT} rules`, why: 'the most specific match wins there, so each overlap becomes a rule of its own' } };
  }
  return { places: [...known.values()] };
}

/** Where two matches are equally specific the first rule wins: ways stand in their order. */
function rulesOf(places: readonly Placed[], service: string, port: number): readonly HttpRouteRule[] {
  const byPlace = new Map<number, Placed[]>();
  for (const placed of places) byPlace.set(placed.place, [...byPlace.get(placed.place) ?? [], placed]);
  return [...byPlace].sort(([a], [b]) => a - b).map(([, group]) => {
    const [{ way }] = group as [Placed];
    return {
      ...(way.release === '' ? {} : { name: ruleName(way.release) }),
      matches: group.map(({ match }) => writeMatch(match)),
      backendRefs: way.versions.map(([version, weight]) => ({ name: `${service}-${version}`, port, ...(way.versions.length === 1 ? {} : { weight }) })),
    };
  });
}

/** A name of a rule is a DNS label of RFC 1123. */
function ruleName(release: string): string {
  return release.toLowerCase().replace(/[^a-z0-9-]+/g, '-').replace(/^-+|-+$/g, '') || 'release';
}

function writeMatch({ path, method, headers, query }: Match): HttpRouteMatch {
  const named = (conditions: ReadonlyMap<string, TextCondition>): readonly NamedMatch[] => [...conditions].map(([name, condition]) => ({ name, ...writeText(condition) }));
  return {
    path: path === null ? { type: 'PathPrefix', value: '/' } : { type: path.kind === 'exact' ? 'Exact' : 'PathPrefix', value: path.value },
    ...(method === null ? {} : { method }),
    ...(headers.size === 0 ? {} : { headers: named(headers) }),
    ...(query.size === 0 ? {} : { queryParams: named(query) }),
  };
}

function writeText(condition: TextCondition): Omit<NamedMatch, 'name'> {
  switch (condition.kind) {
    case 'exact': return { type: 'Exact', value: condition.value };
    case 'prefix': return { type: 'RegularExpression', value: `${literal(condition.value)}.*` };
    case 'regex': return { type: 'RegularExpression', value: condition.value };
    case 'cookie': return { type: 'RegularExpression', value: cookieExpression(condition.name, condition.value) };
  }
}
