// What a HTTPRoute and a VirtualService mean, written from their specifications: shares nothing with what exports them.

import type { HttpRoute, HttpRouteMatch, NamedMatch, RequestFields, RequestMatch, StringMatch, VirtualService } from '../src/index.ts';
import { headerValue } from './oracle.ts';

/** A request as a proxy sees it. */
function view(request: RequestFields): { readonly path: string; readonly query: URLSearchParams } {
  const [path = '', query = ''] = request.target.split('?');
  return { path, query: new URLSearchParams(query) };
}

const matchesWhole = (expression: string, value: string): boolean => new RegExp(`^(?:${expression})$`, 's').test(value);

/** Backend to weight, or null for 404: the most specific match, of equals the first. */
export function byHttpRoute(route: HttpRoute, request: RequestFields): readonly (readonly [string, number])[] | null {
  let best: { readonly rank: readonly number[]; readonly rule: HttpRoute['spec']['rules'][number] } | null = null;
  for (const rule of route.spec.rules) {
    for (const match of rule.matches) {
      if (!routeMatches(match, request)) continue;
      const rank = [match.path?.type === 'Exact' ? 1 : 0, match.path?.value.length ?? 1, match.method === undefined ? 0 : 1, match.headers?.length ?? 0, match.queryParams?.length ?? 0];
      if (best === null || later(best.rank, rank)) best = { rank, rule };
    }
  }
  return best === null ? null : best.rule.backendRefs.map(({ name, weight }) => [name, weight ?? 1]);
}

/** Whether `rank` is more specific than `than`. */
function later(than: readonly number[], rank: readonly number[]): boolean {
  const at = rank.findIndex((value, i) => value !== than[i]);
  return at !== -1 && (rank[at] ?? 0) > (than[at] ?? 0);
}

function routeMatches({ path, method, headers = [], queryParams = [] }: HttpRouteMatch, request: RequestFields): boolean {
  const { path: own, query } = view(request);
  const prefix = path?.value.replace(/\/+$/, '') ?? '';
  const pathHolds = path === undefined || (path.type === 'Exact' ? own === path.value : own === prefix || own.startsWith(`${prefix}/`));
  const holds = ({ type, value }: NamedMatch, given: string | null): boolean => given !== null && (type === 'Exact' ? given === value : matchesWhole(value, given));
  return pathHolds && (method === undefined || method === request.method)
    && headers.every((condition) => holds(condition, headerValue(request, condition.name))) && queryParams.every((condition) => holds(condition, query.get(condition.name)));
}

/** Subset to weight of the first rule that matches. */
export function byVirtualService({ spec }: VirtualService, request: RequestFields): readonly (readonly [string, number])[] | null {
  const rule = spec.http.find(({ match }) => match === undefined || match.some((one) => requestMatches(one, request)));
  return rule === undefined ? null : rule.route.map(({ destination, weight }) => [destination.subset, weight ?? 100]);
}

function requestMatches({ uri, method, headers = {}, queryParams = {} }: RequestMatch, request: RequestFields): boolean {
  const { path, query } = view(request);
  const holds = (condition: StringMatch, given: string | null): boolean => given !== null && ('exact' in condition ? given === condition.exact : 'prefix' in condition ? given.startsWith(condition.prefix) : matchesWhole(condition.regex, given));
  return (uri === undefined || holds(uri, path)) && (method === undefined || holds(method, request.method))
    && Object.entries(headers).every(([name, condition]) => holds(condition, headerValue(request, name))) && Object.entries(queryParams).every(([name, condition]) => holds(condition, query.get(name)));
}
