// The rules of the house that need no search: names that do not exist, versions claimed twice, fields that never arrive.

import type { Strategy } from '../document/strategy.ts';
import { step } from '../document/report.ts';
import { didYouMean } from '../document/suggest.ts';
import type { ReleaseSpec, StrategyDocument, TagSource } from '../document/types.ts';
import type { Finding } from './finding.ts';
import { makeFinding } from './finding.ts';

export function houseFindings({ document }: Strategy): readonly Finding[] {
  const releases = document.releases ?? [];
  return [
    ...releases.flatMap((release, i) => releaseFindings(document, release, step('/releases', i))),
    ...sharedVersions(releases),
    ...Object.entries(document.tags ?? {}).flatMap(([tag, sources]) => addressTag(tag, sources)),
  ];
}

function releaseFindings(document: StrategyDocument, release: ReleaseSpec, at: string): readonly Finding[] {
  const { name } = release;
  const claims = Object.entries(release.versions);
  const missing = claims.length > 0 ? [] : [makeFinding({ kind: 'no-version', release: name }, {
    places: [step(at, 'versions')], message: `the release '${name}' changes no service`, cause: '`versions` is empty', fix: 'name at least one service and its version',
  })];
  return [...missing, ...claims.flatMap(([service, version]) => claimFindings(document, name, service, version, step(at, 'versions'))), ...fieldFindings(document, release, at)];
}

function claimFindings(document: StrategyDocument, release: string, service: string, version: string, at: string): readonly Finding[] {
  const place = step(at, service);
  const spec = Object.hasOwn(document.services, service) ? document.services[service] : undefined;
  if (spec === undefined) {
    const names = Object.keys(document.services);
    return [makeFinding({ kind: 'unknown-service', release, service }, {
      places: [place], message: `the release '${release}' names the service '${service}', which does not exist`, cause: `services are: ${names.join(', ')}`, fix: didYouMean(service, names) || 'add the service, or remove the line',
    })];
  }
  if (version === spec.stable) {
    return [makeFinding({ kind: 'stable-in-release', release, service, version }, {
      places: [place, step(step('/services', service), 'stable')], message: `the release '${release}' names '${version}', the stable version of '${service}'`, cause: 'a service without an entry gets its stable version anyway', fix: `remove '${service}' from the release`,
    })];
  }
  if (Object.hasOwn(spec.versions, version)) return [];
  const names = Object.keys(spec.versions).filter((name) => name !== spec.stable);
  return [makeFinding({ kind: 'unknown-version', release, service, version }, {
    places: [place], message: `the release '${release}' names version '${version}' of '${service}', which does not exist`, cause: `versions of '${service}' are: ${Object.keys(spec.versions).join(', ')}`, fix: didYouMean(version, names) || `add '${version}' to the versions of '${service}'`,
  })];
}

function sharedVersions(releases: readonly ReleaseSpec[]): readonly Finding[] {
  const claims = new Map<string, { readonly service: string; readonly version: string; readonly by: { readonly name: string; readonly index: number }[] }>();
  releases.forEach(({ name, versions }, index) => {
    for (const [service, version] of Object.entries(versions)) {
      const key = JSON.stringify([service, version]);
      const known = claims.get(key);
      if (known === undefined) claims.set(key, { service, version, by: [{ name, index }] });
      else known.by.push({ name, index });
    }
  });
  return [...claims.values()].filter(({ by }) => by.length > 1).map(({ service, version, by }) => makeFinding(
    { kind: 'version-in-two-releases', service, version, releases: by.map(({ name }) => name).sort() },
    {
      places: by.map(({ index }) => step(step(step('/releases', index), 'versions'), service)), message: `version '${version}' of '${service}' is in ${by.length} releases`,
      cause: 'what a version does could not be told apart by release any more', fix: 'make it one release with several clauses, or give one of them a version of its own',
    }));
}

/** What the entry takes off every request before anybody else sees it. */
const STRIPPED = /^graylane-/i;

function fieldFindings(document: StrategyDocument, release: ReleaseSpec, at: string): readonly Finding[] {
  const known = Object.keys(document.tags ?? {});
  const unknown = new Map<string, string>();
  const note = (tag: string, place: string): void => {
    if (!known.includes(tag) && !unknown.has(tag)) unknown.set(tag, place);
  };
  const stripped = release.when.flatMap((clause, i) => {
    const place = step(step(at, 'when'), i);
    for (const tag of Object.keys(clause.tag ?? {})) note(tag, step(step(place, 'tag'), tag));
    const direct = Object.keys(clause.header ?? {}).map((header) => ({ header, place: step(step(place, 'header'), header) }));
    const tagged = Object.keys(clause.tag ?? {}).flatMap((tag) => sourcesOf(document, tag).flatMap(({ header }) => (header === undefined ? [] : [{ header, place: step(step(place, 'tag'), tag) }])));
    return [...direct, ...tagged].filter(({ header }) => STRIPPED.test(header)).map((found) => strippedHeader(release.name, i, found.header, found.place));
  });
  release.stickyBy?.forEach((key, i) => {
    if (key.startsWith('tag:')) note(key.slice('tag:'.length), step(step(at, 'stickyBy'), i));
  });
  return [...[...unknown].map(([tag, place]) => unknownTag(release.name, tag, place, known)), ...stripped];
}

function sourcesOf(document: StrategyDocument, tag: string): readonly TagSource[] {
  const sources = Object.hasOwn(document.tags ?? {}, tag) ? document.tags?.[tag] : undefined;
  if (sources === undefined) return [];
  return isList(sources) ? sources : [sources];
}

function isList(sources: TagSource | readonly TagSource[]): sources is readonly TagSource[] {
  return Array.isArray(sources);
}

function unknownTag(release: string, tag: string, place: string, known: readonly string[]): Finding {
  return makeFinding({ kind: 'unknown-tag', release, tag }, {
    places: [place], message: `the release '${release}' asks for the tag '${tag}', which is not defined`, cause: known.length === 0 ? 'the strategy has no `tags`' : `tags are: ${known.join(', ')}`, fix: didYouMean(tag, known) || `add '${tag}' to \`tags\``,
  });
}

function strippedHeader(release: string, clause: number, header: string, place: string): Finding {
  return makeFinding({ kind: 'stripped-header', release, clause, header }, {
    places: [place], message: `the header '${header}' is taken off at the entry`, cause: 'headers that begin with graylane- belong to graylane and are not believed from outside', fix: 'use a header of another name',
  });
}

function addressTag(tag: string, sources: TagSource | readonly TagSource[]): readonly Finding[] {
  if (![sources].flat().some((source) => 'ip' in source && source.ip)) return [];
  return [makeFinding({ kind: 'address-tag', tag }, {
    places: [step('/tags', tag)], message: `the tag '${tag}' comes from the client's address`, cause: 'many users share an address, and one user has several', fix: 'take it from a header, a cookie or a verified token',
  })];
}
