// From a checked document to a snapshot: names become numbers, percentages thresholds, texts bytes. Makes no decisions.

import { instantMs } from '../document/release.ts';
import type { Strategy } from '../document/strategy.ts';
import type { ClauseSpec, Matcher, ReleaseSpec, ServiceSpec, StrategyDocument } from '../document/types.ts';
import { toBytes } from '../language/utf8.ts';
import { chooseAnchors } from './anchors.ts';
import { ANONYMOUS_COOKIE, FieldTable } from './fields.ts';
import { compileLimits } from './limits.ts';
import { compileMatcher } from './matcher.ts';
import { pack } from './pack.ts';
import type { ClausePlan, ConditionPlan, Program, ReleasePlan } from './program.ts';
import type { ServicePlan, SettingsPlan, Snapshot, StickyPlan, TagPlan } from './snapshot.ts';
import { threshold } from './threshold.ts';

/** Enough for a change every few seconds while a request goes through a chain of services. */
const DEFAULT_GENERATIONS = 8;

export function compile(strategy: Strategy): Snapshot {
  return pack(program(strategy));
}

/** Everything resolved, before it is laid out. */
export function program(strategy: Strategy): Program {
  const { document } = strategy;
  const fields = new FieldTable(document);
  const ordered = (document.releases ?? []).map((spec, index) => ({ spec, index })).sort((a, b) => (a.spec.priority ?? 0) - (b.spec.priority ?? 0) || a.index - b.index);
  const clauses = ordered.flatMap(({ spec }, place) => compileClauses(spec, place, fields));
  const anchors = chooseAnchors(clauses.map(({ conditions }) => conditions));
  return {
    releases: ordered.map(({ spec, index }) => compileRelease(spec, index, fields)),
    clauses: clauses.map((clause, rank): ClausePlan => ({ ...clause, anchor: anchors[rank] ?? -1 })),
    settings: compileSettings(document),
    consent: compileConsent(document, fields),
    tags: Object.keys(document.services).length < 2 ? [] : Object.keys(document.tags ?? {}).map((name): TagPlan => ({ name, field: fields.tag(name) })),
    services: Object.entries(document.services).map(([name, spec]) => compileService(name, spec)),
    fields: fields.plans,
  };
}

function compileService(name: string, { stable, hosts = [], trust = 'edge', listen = [], versions, limits }: ServiceSpec): ServicePlan {
  const places = typeof listen === 'object' ? listen : [listen];
  return {
    name, stable, trust,
    hosts: hosts.map((host) => host.toLowerCase()),
    listen: places.map(String),
    versions: Object.fromEntries(Object.entries(versions).map(([version, { upstreams = [] }]) => [version, upstreams])),
    ...(limits === undefined ? {} : { limits: compileLimits(limits) }),
  };
}

function compileClauses(spec: ReleaseSpec, release: number, fields: FieldTable): readonly Omit<ClausePlan, 'anchor'>[] {
  return spec.when
    .map((clause, index): Omit<ClausePlan, 'anchor'> => ({
      release,
      clause: index,
      pinned: clause.pinned === true,
      threshold: threshold(spec.percent ?? 100, spec.holdback ?? 0, clause.percent ?? 100),
      conditions: compileConditions(clause, fields),
    }))
    .sort((a, b) => Number(b.pinned) - Number(a.pinned) || b.threshold - a.threshold || a.clause - b.clause);
}

function compileConditions(clause: ClauseSpec, fields: FieldTable): readonly ConditionPlan[] {
  return [
    ...named(clause.header, (name) => fields.header(name)),
    ...named(clause.cookie, (name) => fields.cookie(name)),
    ...named(clause.query, (name) => fields.query(name)),
    ...named(clause.tag, (name) => fields.tag(name)),
    ...whole(clause.path, 'path', fields),
    ...whole(clause.method, 'method', fields),
    ...whole(clause.host, 'host', fields),
  ];
}

function named(matchers: Readonly<Record<string, Matcher>> | undefined, place: (name: string) => number): readonly ConditionPlan[] {
  return Object.entries(matchers ?? {}).map(([name, matcher]) => ({ field: place(name), test: compileMatcher(matcher, 'other') }));
}

function whole(matcher: Matcher | undefined, kind: 'path' | 'method' | 'host', fields: FieldTable): readonly ConditionPlan[] {
  return matcher === undefined ? [] : [{ field: fields.whole(kind), test: compileMatcher(matcher, kind === 'path' ? 'path' : 'other') }];
}

function compileRelease(spec: ReleaseSpec, index: number, fields: FieldTable): ReleasePlan {
  return {
    name: spec.name,
    index,
    priority: spec.priority ?? 0,
    salt: toBytes(spec.salt ?? spec.name),
    stickyBy: (spec.stickyBy ?? ['anonymous']).map((key) => compileSticky(key, fields)),
    versions: Object.entries(spec.versions),
    onUnavailable: spec.onUnavailable ?? 'stable',
    cache: spec.cache ?? 'private',
    vary: spec.cache === 'vary' ? varyOn(spec, fields) : [],
    from: spec.from === undefined ? null : instantMs(spec.from),
    until: spec.until === undefined ? null : instantMs(spec.until),
  };
}

function compileSticky(key: string, fields: FieldTable): StickyPlan {
  if (key === 'request') return { kind: 'request' };
  if (key === 'anonymous') return { kind: 'anonymous', field: fields.cookie(ANONYMOUS_COOKIE) };
  const name = key.slice(key.indexOf(':') + 1);
  if (key.startsWith('tag:')) return { kind: 'field', field: fields.tag(name), label: key };
  return { kind: 'field', field: key.startsWith('cookie:') ? fields.cookie(name) : fields.header(name), label: key };
}

/** The headers by which this release tells requests apart, its keys included. */
function varyOn(spec: ReleaseSpec, fields: FieldTable): readonly string[] {
  const conditions = spec.when.flatMap((clause) => compileConditions(clause, fields));
  const keys = (spec.stickyBy ?? ['anonymous']).map((key) => compileSticky(key, fields)).flatMap((key) => (key.kind === 'request' ? [] : [key.field]));
  const names = new Set([...conditions.map(({ field }) => field), ...keys].flatMap((field) => headersOf(field, fields)));
  return [...names].sort();
}

function headersOf(field: number, fields: FieldTable): readonly string[] {
  const plan = fields.plans[field];
  if (plan === undefined) return [];
  switch (plan.kind) {
    case 'header': return [plan.name];
    case 'cookie': return ['cookie'];
    // Part of every cache's key already.
    case 'query': case 'path': case 'method': case 'host': return [];
    case 'tag': return plan.sources.flatMap((source) => {
      switch (source.kind) {
        case 'field': return headersOf(source.field, fields);
        case 'userAgent': return ['sec-ch-ua', 'sec-ch-ua-mobile', 'sec-ch-ua-platform', 'user-agent'];
        case 'jwt': return [source.header ?? 'cookie'];
        case 'ip': return ['*'];
      }
    });
  }
}

function compileSettings(document: StrategyDocument): SettingsPlan {
  return {
    exposeRoute: document.exposeRoute ?? false,
    serverTiming: document.serverTiming ?? false,
    mint: document.mint ?? 'navigation',
    propagateHeaders: (document.propagate?.headers ?? []).map((header) => header.toLowerCase()),
    propagateHosts: (document.propagate?.hosts ?? []).map((host) => host.toLowerCase()),
    jwt: document.jwt === undefined ? null : { keys: document.jwt.keys, issuer: document.jwt.issuer ?? null, audience: document.jwt.audience ?? null },
    keepGenerations: document.keep?.generations ?? DEFAULT_GENERATIONS,
  };
}

/** A cookie that only has to be there must have a value too. */
function compileConsent(document: StrategyDocument, fields: FieldTable): readonly ConditionPlan[] {
  const consent = document.consent?.cookie;
  if (typeof consent !== 'string') return named(consent, (name) => fields.cookie(name));
  return [{ field: fields.cookie(consent), test: { op: 'not', of: { op: 'any', of: [{ op: 'absent' }, { op: 'exact', values: [''] }] } } }];
}
