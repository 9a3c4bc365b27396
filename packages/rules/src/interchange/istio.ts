// Releases as an Istio VirtualService: rules in order, the first that matches wins, as here.

import type { Strategy } from '../document/strategy.ts';
import { cookieExpression } from './cookie-expression.ts';
import type { RouteExport } from './gateway-api.ts';
import { distinct } from './gateway-api.ts';
import type { Way } from './lanes.ts';
import { waysOf } from './lanes.ts';
import type { Match, TextCondition } from './match.ts';
import { EVERYTHING } from './match.ts';

export interface VirtualService {
  readonly apiVersion: 'networking.istio.io/v1';
  readonly kind: 'VirtualService';
  readonly metadata: { readonly name: string };
  readonly spec: { readonly hosts: readonly string[]; readonly http: readonly HttpRule[] };
}

export interface HttpRule {
  readonly name?: string;
  readonly match?: readonly RequestMatch[];
  readonly route: readonly { readonly destination: { readonly host: string; readonly subset: string }; readonly weight?: number }[];
}

export type StringMatch = { readonly exact: string } | { readonly prefix: string } | { readonly regex: string };

export interface RequestMatch {
  readonly uri?: StringMatch;
  readonly method?: StringMatch;
  readonly headers?: Readonly<Record<string, StringMatch>>;
  readonly queryParams?: Readonly<Record<string, StringMatch>>;
}

/** Subsets of a service by the label `version`: what the rules' destinations name. */
export interface DestinationRule {
  readonly apiVersion: 'networking.istio.io/v1';
  readonly kind: 'DestinationRule';
  readonly metadata: { readonly name: string };
  readonly spec: { readonly host: string; readonly subsets: readonly { readonly name: string; readonly labels: Readonly<Record<string, string>> }[] };
}

/** A VirtualService and a DestinationRule per service; nothing is exported for a service with a problem. */
export function exportIstio(strategy: Strategy): RouteExport<VirtualService | DestinationRule> {
  const services = Object.entries(strategy.document.services).map(([service, { stable, versions, hosts }]) => {
    const { ways, problems } = waysOf(strategy, service);
    const rules = [...ways, { release: '', versions: [[stable, 100]], matches: [EVERYTHING] } satisfies Way].filter(({ matches }) => matches.length > 0);
    const virtualService: VirtualService = { apiVersion: 'networking.istio.io/v1', kind: 'VirtualService', metadata: { name: service }, spec: { hosts: hosts ?? [service], http: rules.map((way) => ruleOf(way, service)) } };
    const subsets = Object.keys(versions).map((name) => ({ name, labels: { version: name } }));
    const destinationRule: DestinationRule = { apiVersion: 'networking.istio.io/v1', kind: 'DestinationRule', metadata: { name: service }, spec: { host: service, subsets } };
    return { problems, resources: problems.length > 0 ? [] : [virtualService, destinationRule] };
  });
  return { resources: services.flatMap(({ resources }) => resources), problems: distinct(services.flatMap(({ problems }) => problems)) };
}

function ruleOf({ release, versions, matches }: Way, service: string): HttpRule {
  const everybody = matches.some((match) => match.path === null && match.method === null && match.headers.size === 0 && match.query.size === 0);
  return {
    ...(release === '' ? {} : { name: release }),
    ...(everybody ? {} : { match: matches.flatMap(writeMatch) }),
    route: versions.map(([version, weight]) => ({ destination: { host: service, subset: version }, ...(versions.length === 1 ? {} : { weight }) })),
  };
}

/** A prefix there ends anywhere, here at a segment: two alternatives. */
function writeMatch({ path, method, headers, query }: Match): readonly RequestMatch[] {
  const named = (conditions: ReadonlyMap<string, TextCondition>): Readonly<Record<string, StringMatch>> => Object.fromEntries([...conditions].map(([name, condition]) => [name, writeText(condition)]));
  const rest: RequestMatch = {
    ...(method === null ? {} : { method: { exact: method } }),
    ...(headers.size === 0 ? {} : { headers: named(headers) }),
    ...(query.size === 0 ? {} : { queryParams: named(query) }),
  };
  if (path === null) return [rest];
  return path.kind === 'exact' ? [{ uri: { exact: path.value }, ...rest }] : [{ uri: { exact: path.value }, ...rest }, { uri: { prefix: `${path.value}/` }, ...rest }];
}

function writeText(condition: TextCondition): StringMatch {
  switch (condition.kind) {
    case 'exact': return { exact: condition.value };
    case 'prefix': return { prefix: condition.value };
    case 'regex': return { regex: condition.value };
    case 'cookie': return { regex: cookieExpression(condition.name, condition.value) };
  }
}
