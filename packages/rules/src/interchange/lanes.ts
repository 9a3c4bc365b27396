// A strategy as an ordered list of matches, each with where it leads: the common ground of all exports. What has no counterpart is said.

import { step } from '../document/report.ts';
import type { Strategy } from '../document/strategy.ts';
import type { ClauseSpec, Matcher, ReleaseSpec, StrategyDocument, TagSource } from '../document/types.ts';
import { literal } from './cookie-expression.ts';
import type { Match, PathCondition, PlainCondition, TextCondition } from './match.ts';
import { EVERYTHING, meet } from './match.ts';

export interface ExportProblem {
  readonly pointer: string;
  readonly problem: string;
  readonly why: string;
}

/** Matches of one release, at one service. */
export interface Way {
  readonly release: string;
  /** Version to weight; weights of one way add up to 100. */
  readonly versions: readonly (readonly [version: string, weight: number])[];
  readonly matches: readonly Match[];
}

/** Alternatives multiply; nobody reads more rules than this. */
const MATCHES_LIMIT = 2_000;

export interface Ways { readonly ways: readonly Way[]; readonly problems: readonly ExportProblem[] }

/** By ascending priority, for one service. A lane without a version there leads to stable, and keeps later ones from it. */
export function waysOf({ document }: Strategy, service: string): Ways {
  const problems: ExportProblem[] = [];
  const stable = document.services[service]?.stable ?? '';
  const ordered = (document.releases ?? []).map((spec, index) => ({ spec, index })).sort((a, b) => (a.spec.priority ?? 0) - (b.spec.priority ?? 0) || a.index - b.index);
  const ways = ordered.flatMap(({ spec, index }): Way[] => {
    const pointer = step('/releases', index);
    const share = shareOf(spec, pointer, problems);
    if (share === null || share === 0) return [];
    const version = Object.hasOwn(spec.versions, service) ? spec.versions[service] ?? stable : stable;
    const matches = spec.when.flatMap((clause, c) => (clause.percent === 0 ? [] : matchesOf(document, clause, step(step(pointer, 'when'), c), problems)));
    return [{ release: spec.name, versions: share === 100 || version === stable ? [[version, 100]] : [[version, share], [stable, 100 - share]], matches }];
  });
  return { ways, problems: [...problems, ...lateShares(ways, ordered.map(({ index }) => index))] };
}

/** Null when it cannot be said. */
function shareOf(spec: ReleaseSpec, pointer: string, problems: ExportProblem[]): number | null {
  if (spec.from !== undefined || spec.until !== undefined) problems.push({ pointer: step(pointer, spec.from === undefined ? 'until' : 'from'), problem: `'${spec.name}' has a time window`, why: 'routes there hold at any time' });
  if ((spec.steps ?? []).length > 0) problems.push({ pointer: step(pointer, 'steps'), problem: `'${spec.name}' has a plan`, why: 'routes there do not change by themselves; export it at the percentage that it has' });
  const share = Math.min(spec.percent ?? 100, 100 - (spec.holdback ?? 0));
  const live = spec.when.filter((clause) => clause.percent !== 0);
  if (live.every((clause) => clause.pinned === true)) return 100;
  const uneven = live.some((clause) => clause.pinned === true || (clause.percent ?? 100) !== 100);
  if (share === 0 && !uneven) return 0;
  if (share === 100 && live.every((clause) => (clause.percent ?? 100) === 100)) return 100;
  if (uneven) problems.push({ pointer, problem: `the clauses of '${spec.name}' have shares of their own`, why: 'one release becomes rules of one weight' });
  else if (spec.stickyBy?.[0] === 'request' && Number.isInteger(share)) return share;
  else problems.push({ pointer: step(pointer, 'percent'), problem: `${share} % of the users of '${spec.name}' are in`, why: 'weights there are whole percentages drawn for each request, so nobody would stay where he is; only `stickyBy: [request]` means that' });
  return null;
}

/** Whoever is not drawn goes on to later releases here, and to stable there. */
function lateShares(ways: readonly Way[], indexes: readonly number[]): readonly ExportProblem[] {
  return ways.flatMap((way, i) => {
    if (way.versions.length === 1) return [];
    const later = ways.slice(i + 1).find((other) => other.matches.some((match) => way.matches.some((own) => meet(own, match) !== null)));
    return later === undefined ? [] : [{ pointer: step(step('/releases', indexes[i] ?? 0), 'percent'), problem: `whoever is not drawn for '${way.release}' may be for '${later.release}'`, why: 'a weight there leads to one version or the other, never on to the next rule' }];
  });
}

type Alternatives<T> = readonly T[] | null;

/** One match per combination of alternatives. */
function matchesOf(document: StrategyDocument, clause: ClauseSpec, pointer: string, problems: ExportProblem[]): readonly Match[] {
  const before = problems.length;
  let all: readonly Match[] = [EVERYTHING];
  const combine = (at: string, alternatives: Alternatives<Match>): void => {
    if (alternatives === null) return;
    const met = all.flatMap((match) => alternatives.map((other) => meet(match, other)));
    if (met.some((match) => match === undefined)) problems.push({ pointer: at, problem: 'two conditions of this clause are on one header', why: 'a route there has one condition per header, and cookies are all in one' });
    all = met.filter((match): match is Match => match !== null && match !== undefined);
    if (all.length > MATCHES_LIMIT) problems.push({ pointer: at, problem: `its alternatives combine to more than ${MATCHES_LIMIT} rules`, why: 'each combination is a match of its own there' });
    all = all.slice(0, MATCHES_LIMIT);
  };
  for (const [field, at, matcher] of fieldsOf(clause, pointer)) combine(at, fieldMatches(document, field, matcher, at, problems));
  return problems.length > before ? [] : all;
}

type Field = { readonly kind: 'header' | 'cookie' | 'query' | 'tag'; readonly name: string } | { readonly kind: 'path' | 'method' | 'host' };

function fieldsOf(clause: ClauseSpec, pointer: string): readonly (readonly [Field, string, Matcher])[] {
  const named = (['header', 'cookie', 'query', 'tag'] as const).flatMap((kind) => Object.entries(clause[kind] ?? {}).map(([name, matcher]) => [{ kind, name }, step(step(pointer, kind), name), matcher] as const));
  const whole = (['path', 'method', 'host'] as const).flatMap((kind) => {
    const matcher = clause[kind];
    return matcher === undefined ? [] : [[{ kind }, step(pointer, kind), matcher] as const];
  });
  return [...named, ...whole];
}

function fieldMatches(document: StrategyDocument, field: Field, matcher: Matcher, at: string, problems: ExportProblem[]): Alternatives<Match> {
  const cannot = (problem: string, why: string): null => {
    problems.push({ pointer: at, problem, why });
    return null;
  };
  const texts = (make: (condition: PlainCondition) => Match): Alternatives<Match> => {
    const conditions = textConditions(matcher);
    return conditions === null ? cannot('this condition has no counterpart', 'routes there know exact text, prefixes and expressions; no absence, no `not`, no numbers and no versions') : conditions.map(make);
  };
  switch (field.kind) {
    case 'header': return texts((condition) => ({ ...EVERYTHING, headers: new Map([[field.name.toLowerCase(), condition]]) }));
    case 'cookie': {
      const conditions = textConditions(matcher)?.map(cookieCondition);
      if (conditions === undefined || conditions.some((condition) => condition === null)) return cannot('this condition on a cookie has no counterpart', 'it becomes an expression over the whole Cookie header, where `.` and negated classes would run on into the next cookie');
      return conditions.flatMap((value) => (value === null ? [] : [{ ...EVERYTHING, headers: new Map<string, TextCondition>([['cookie', { kind: 'cookie', name: field.name, value }]]) }]));
    }
    case 'query': return texts((condition) => ({ ...EVERYTHING, query: new Map([[field.name, condition]]) }));
    case 'method': return exactTexts(matcher)?.map((method) => ({ ...EVERYTHING, method })) ?? cannot('the method is not matched by exact text', 'a route there names one method');
    case 'path': return pathConditions(matcher)?.map((path) => ({ ...EVERYTHING, path })) ?? cannot('the path is matched by more than exact text and prefixes of whole segments', 'how an expression on the path ranks is left to each implementation there');
    case 'host': return cannot('the host is matched', 'hosts select whole routes there: write one strategy per host');
    case 'tag': {
      const source = sourceOf(document, field.name);
      return source === null ? cannot(`the tag '${field.name}' is derived`, 'routes there see headers, query parameters, paths and methods only') : fieldMatches(document, source, matcher, at, problems);
    }
  }
}

/** What a tag is, when it is one field. */
function sourceOf(document: StrategyDocument, tag: string): Field | null {
  const declared = Object.hasOwn(document.tags ?? {}, tag) ? document.tags?.[tag] : undefined;
  const sources: readonly TagSource[] = declared === undefined ? [] : 'length' in declared ? declared : [declared];
  const [source] = sources;
  if (source === undefined || sources.length > 1) return null;
  if (source.header !== undefined) return { kind: 'header', name: source.header };
  if (source.cookie !== undefined) return { kind: 'cookie', name: source.cookie };
  return source.query === undefined ? null : { kind: 'query', name: source.query };
}

/** Alternatives, or null when one of them has no counterpart. */
function textConditions(matcher: Matcher): Alternatives<PlainCondition> {
  if (typeof matcher === 'string') return [{ kind: 'exact', value: matcher }];
  if (isList(matcher)) return matcher.map((value) => ({ kind: 'exact', value }));
  if ('prefix' in matcher) return [matcher.prefix === '' ? PRESENT : { kind: 'prefix', value: matcher.prefix }];
  if ('suffix' in matcher) return [{ kind: 'regex', value: `.*${literal(matcher.suffix)}` }];
  if ('regex' in matcher) return [{ kind: 'regex', value: matcher.regex }];
  if ('present' in matcher) return matcher.present ? [PRESENT] : null;
  if (!('any' in matcher)) return null;
  const members = matcher.any.map(textConditions);
  return members.some((member) => member === null) ? null : members.flatMap((member) => member ?? []);
}

/** Null for expressions that could leave the cookie. */
function cookieCondition(condition: PlainCondition): PlainCondition | null {
  if (condition.kind !== 'regex') return condition.value.includes(';') ? null : condition;
  if (condition.value === PRESENT.value) return { kind: 'prefix', value: '' };
  return /\.|;|\[\^|\\[DWSx]/.test(condition.value.replace(/\\\./g, '')) ? null : condition;
}

const PRESENT: PlainCondition = { kind: 'regex', value: '.*' };

function exactTexts(matcher: Matcher): Alternatives<string> {
  const conditions = textConditions(matcher);
  return conditions === null || conditions.some(({ kind }) => kind !== 'exact') ? null : conditions.map(({ value }) => value);
}

function pathConditions(matcher: Matcher): Alternatives<PathCondition | null> {
  const conditions = textConditions(matcher);
  if (conditions === null || conditions.some(({ kind, value }) => (kind === 'prefix' ? value !== '/' && (value.endsWith('/') || !value.startsWith('/')) : kind !== 'exact'))) return null;
  return conditions.map(({ kind, value }) => (kind === 'prefix' ? (value === '/' ? null : { kind, value }) : { kind: 'exact', value }));
}

/** Array.isArray does not narrow a readonly list. */
function isList(matcher: Matcher): matcher is readonly string[] {
  return Array.isArray(matcher);
}

