// Which lanes a strategy allows for a request: slow and obvious, straight from docs/routing.md, sharing no code with packages/rules.

import { bucketOf } from './bucket.ts';
import type { Clause, Document, Matchers, Release, WireRequest } from './document.ts';
import { matches, matchesPath } from './matcher.ts';
import { cookieValue, headerValue, hostValue, pathValue, queryValue, tagValue } from './values.ts';
import type { Value } from './values.ts';

/** A release's name, or null for stable. */
export type Lane = string | null;

/** The bucket of a request that has no key of `stickyBy`: in at 100 % only. */
const NO_KEY_BUCKET = 999_999;
const BUCKETS = 1_000_000;

/**
 * The lanes that the request may get: exactly one where the request fixes its buckets, more where a fresh draw decides.
 * `minted` is the anonymous id that this very response set, if any; it then decides in place of the draw.
 */
export function lanesOf(document: Document, request: WireRequest, minted: string | null = null): readonly Lane[] {
  const releases = (document.releases ?? []).toSorted((a, b) => (a.priority ?? 0) - (b.priority ?? 0));
  const possible: Lane[] = [];
  for (const release of releases) {
    const answer = entry(document, release, request, minted);
    if (answer !== 'out') possible.push(release.name);
    if (answer === 'in') return possible;
  }
  return [...possible, null];
}

/** The version of `service` in `lane`. */
export function versionOf(document: Document, service: string, lane: Lane): string {
  const release = document.releases?.find((one) => one.name === lane);
  const stable = document.services[service]?.stable;
  if (stable === undefined) throw new Error(`no service "${service}" in the document`);
  return release?.versions[service] ?? stable;
}

function entry(document: Document, release: Release, request: WireRequest, minted: string | null): 'in' | 'out' | 'drawn' {
  const matching = release.when.filter((clause) => holds(document, clause, request));
  if (matching.some((clause) => clause.pinned === true)) return 'in';
  const threshold = Math.max(0, ...matching.map((clause) => thresholdOf(release, clause)));
  if (threshold === 0) return 'out';
  if (threshold === BUCKETS) return 'in';
  const bucket = bucketIn(document, release, request, minted);
  if (bucket === null) return 'drawn';
  return bucket < threshold ? 'in' : 'out';
}

function holds(document: Document, clause: Clause, request: WireRequest): boolean {
  const all = (matchers: Matchers | undefined, valueOf: (name: string) => Value): boolean =>
    Object.entries(matchers ?? {}).every(([name, matcher]) => matches(matcher, valueOf(name)));
  return (
    all(clause.header, (name) => headerValue(request, name)) &&
    all(clause.cookie, (name) => cookieValue(request, name)) &&
    all(clause.query, (name) => queryValue(request, name)) &&
    all(clause.tag, (name) => tag(document, request, name)) &&
    (clause.method === undefined || matches(clause.method, request.method)) &&
    (clause.host === undefined || matches(clause.host, hostValue(request))) &&
    (clause.path === undefined || matchesPath(clause.path, pathValue(request)))
  );
}

function tag(document: Document, request: WireRequest, name: string): Value {
  const source = document.tags?.[name];
  if (source === undefined) throw new Error(`no tag "${name}" in the document`);
  return tagValue(request, source);
}

/** round(10,000 × min(release.percent, 100 − holdback) × clause.percent / 100), in whole ten-thousandths of a percent throughout. */
function thresholdOf(release: Release, clause: Clause): number {
  const share = Math.min(units(release.percent ?? 100), units(100) - units(release.holdback ?? 0));
  return Math.floor((share * units(clause.percent ?? 100) + BUCKETS / 2) / BUCKETS);
}

function units(percent: number): number {
  return Math.round(percent * 10_000);
}

/** Null where only a fresh draw decides. */
function bucketIn(document: Document, release: Release, request: WireRequest, minted: string | null): number | null {
  const salt = release.salt ?? release.name;
  for (const source of release.stickyBy ?? ['anonymous']) {
    if (source === 'request') return null;
    const key = keyOf(document, request, source);
    if (key !== null && key !== '') return bucketOf(salt, key);
    if (source === 'anonymous') return minted === null ? null : bucketOf(salt, minted);
  }
  return NO_KEY_BUCKET;
}

function keyOf(document: Document, request: WireRequest, source: string): Value {
  if (source === 'anonymous') return cookieValue(request, 'graylane-id');
  const colon = source.indexOf(':');
  const name = source.slice(colon + 1);
  switch (source.slice(0, colon)) {
    case 'tag': return tag(document, request, name);
    case 'cookie': return cookieValue(request, name);
    case 'header': return headerValue(request, name);
    default: throw new Error(`the independent evaluator does not know the key "${source}"`);
  }
}
