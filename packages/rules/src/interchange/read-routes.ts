// From ordered matches with destinations back to releases: one per version, in an order that keeps who wins. The common ground of imports.

import type { ClauseSpec, Matcher, ReleaseSpec, ServiceSpec, StrategyDocument } from '../document/types.ts';
import type { Imported, ImportProblem } from './easemesh.ts';
import type { Match, PlainCondition, TextCondition } from './match.ts';
import { contains, meet } from './match.ts';

/** One match as it is asked: earlier ones win. */
export interface ReadRoute {
  readonly match: Match;
  readonly versions: readonly (readonly [version: string, weight: number])[];
}

export interface ReadService {
  readonly service: string;
  readonly routes: readonly ReadRoute[];
  readonly problems: readonly string[];
}

const STEP = 10;

export function documentOf(services: readonly ReadService[]): Imported {
  const read = services.map(readService);
  const releases = read.flatMap(({ releases: own }) => own);
  return {
    document: { services: Object.fromEntries(read.map(({ service, spec }) => [service, spec])), releases: releases.map((release, i) => ({ ...release, priority: (i + 1) * STEP })) } satisfies StrategyDocument,
    problems: read.flatMap(({ service, problems }) => problems.map((problem): ImportProblem => ({ resource: service, problem }))),
  };
}

interface Group { readonly key: string; readonly routes: { readonly route: ReadRoute; readonly place: number }[] }

function readService({ service, routes, problems }: ReadService): { readonly service: string; readonly spec: ServiceSpec; readonly releases: readonly ReleaseSpec[]; readonly problems: readonly string[] } {
  const said = [...problems];
  const last = routes.findIndex(({ match }) => isEverything(match));
  const everybody = routes[last]?.versions ?? [];
  // Which of several is called stable decides nothing: shares stay what they are.
  const [stable] = everybody.reduce((most, version) => (version[1] > most[1] ? version : most), ['stable', 0]);
  if (service === '') said.push('it has no name, which would be the name of the service');
  if (last === -1) said.push('no rule is for everybody: what matches none is answered with 404 there, and goes to stable here');
  const shared = everybody.filter(([, weight]) => weight > 0).length > 1;
  const live = last === -1 ? routes : routes.slice(0, shared ? last + 1 : last);
  const groups = new Map<string, Group>();
  live.forEach((route, place) => {
    const key = JSON.stringify(route.versions);
    const group = groups.get(key) ?? { key, routes: [] };
    groups.set(key, group);
    group.routes.push({ route, place });
  });
  const ordered = orderOf([...groups.values()], live, said);
  const versions = new Set([stable, ...routes.flatMap((route) => route.versions.map(([version]) => version))]);
  return {
    service, spec: { stable, versions: Object.fromEntries([...versions].map((version) => [version, {}])) },
    releases: ordered.flatMap((group) => releaseOf(group, service, stable, said)), problems: said,
  };
}

/** Before goes who wins somewhere, unless a rule of the other's own has taken that place already. */
function orderOf(groups: readonly Group[], routes: readonly ReadRoute[], problems: string[]): readonly Group[] {
  const keyAt = (place: number): string => JSON.stringify(routes[place]?.versions);
  const goesBefore = (first: Group, second: Group): boolean => first.routes.some((winner) => second.routes.some((loser) => {
    if (winner.place > loser.place) return false;
    const met = meet(winner.route.match, loser.route.match);
    if (met === null) return false;
    return met === undefined || !routes.slice(0, winner.place).some((earlier, place) => keyAt(place) === second.key && contains(earlier.match, met));
  }));
  const left = [...groups];
  const ordered: Group[] = [];
  while (left.length > 0) {
    const at = left.findIndex((group) => !left.some((other) => other !== group && goesBefore(other, group)));
    if (at === -1) problems.push('two versions win over each other in different places: one release per version cannot say that, so the order of the first rules was kept');
    ordered.push(...left.splice(Math.max(0, at), 1));
  }
  return ordered;
}

function releaseOf({ routes }: Group, service: string, stable: string, problems: string[]): readonly ReleaseSpec[] {
  const versions = routes[0]?.route.versions ?? [];
  const canaries = versions.filter(([version, weight]) => version !== stable && weight > 0);
  const total = versions.reduce((sum, [, weight]) => sum + weight, 0);
  const [canary] = canaries;
  if (canaries.length > 1) problems.push(`a rule has weights for ${canaries.map(([version]) => version).join(' and ')}: a release has one version`);
  if (canary === undefined) {
    problems.push('a rule before others leads to stable: no release may be for stable, so write its condition as `not` into the releases behind it');
    return [];
  }
  const [version, weight] = canary;
  const share = Math.round(weight / total * 1_000_000) / 10_000;
  return [{
    name: `${service}-${version}`, when: routes.map(({ route }) => clauseOf(route.match)).filter((clause, i, all) => all.findIndex((other) => JSON.stringify(other) === JSON.stringify(clause)) === i),
    ...(share === 100 ? {} : { percent: share, stickyBy: ['request'] }), versions: { [service]: version },
  }];
}

function isEverything({ path, method, headers, query }: Match): boolean {
  return path === null && method === null && headers.size === 0 && query.size === 0;
}

function clauseOf({ path, method, headers, query }: Match): ClauseSpec {
  const plain = [...headers].flatMap(([name, condition]): [string, Matcher][] => (condition.kind === 'cookie' ? [] : [[name, matcherOf(condition)]]));
  const cookies = [...headers].flatMap(([, condition]): [string, Matcher][] => (condition.kind === 'cookie' ? [[condition.name, matcherOf(condition.value)]] : []));
  return {
    ...(plain.length === 0 ? {} : { header: Object.fromEntries(plain) }),
    ...(cookies.length === 0 ? {} : { cookie: Object.fromEntries(cookies) }),
    ...(query.size === 0 ? {} : { query: Object.fromEntries([...query].map(([name, condition]) => [name, matcherOf(asPlain(condition))])) }),
    ...(path === null ? {} : { path: path.kind === 'exact' ? path.value : { prefix: path.value } }),
    ...(method === null ? {} : { method }),
  };
}

function asPlain(condition: TextCondition): PlainCondition {
  return condition.kind === 'cookie' ? condition.value : condition;
}

function matcherOf({ kind, value }: PlainCondition): Matcher {
  if (kind === 'exact') return value;
  if (kind === 'prefix') return value === '' ? { present: true } : { prefix: value };
  return value === '.*' ? { present: true } : { regex: value };
}
