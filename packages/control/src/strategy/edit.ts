// Changes of a strategy document as pure functions: a document in, a document out. It must not check or store them.

import type { ReleaseSpec, ServiceSpec, StrategyDocument, VersionSpec } from '@graylane/rules';
import { own } from '../own.ts';

/** Room for a release in between, later. */
const PRIORITY_STEP = 10;

export function releaseOf(document: StrategyDocument, name: string): ReleaseSpec | null {
  return document.releases?.find((release) => release.name === name) ?? null;
}

export function withPercent(document: StrategyDocument, name: string, percent: number): StrategyDocument {
  return { ...document, releases: (document.releases ?? []).map((release) => (release.name === name ? { ...release, percent } : release)) };
}

export function withoutRelease(document: StrategyDocument, name: string): StrategyDocument {
  return { ...document, releases: (document.releases ?? []).filter((release) => release.name !== name) };
}

/** Adds a release after all others: nobody who is in one of them is taken away by it. */
export function withRelease(document: StrategyDocument, release: Omit<ReleaseSpec, 'priority'>): StrategyDocument {
  const others = document.releases ?? [];
  if (others.length === 0) return { ...document, releases: [release] };
  // A release that was alone needed no priority; beside another one it does.
  const numbered = others.map((other) => ({ ...other, priority: other.priority ?? PRIORITY_STEP }));
  const last = Math.max(...numbered.map(({ priority }) => priority));
  return { ...document, releases: [...numbered, { ...release, priority: last + PRIORITY_STEP }] };
}

export function withVersion(document: StrategyDocument, service: string, version: string, spec: VersionSpec): StrategyDocument {
  const found = own(document.services, service);
  if (found === undefined) return document;
  return { ...document, services: { ...document.services, [service]: { ...found, versions: { ...found.versions, [version]: spec } } } };
}

/** Each service named in `stable` gets that version as its stable one, with as many workers as the former had unless it says. */
export function withStable(document: StrategyDocument, stable: Readonly<Record<string, string>>): StrategyDocument {
  const services = Object.entries(document.services).map(([name, service]) => {
    const next = own(stable, name);
    return [name, next === undefined ? service : succeeded(service, next)] as const;
  });
  return { ...document, services: Object.fromEntries(services) };
}

function succeeded(service: ServiceSpec, stable: string): ServiceSpec {
  const workers = own(service.versions, service.stable)?.workers;
  const next = own(service.versions, stable);
  if (next === undefined || next.workers !== undefined || workers === undefined) return { ...service, stable };
  return { ...service, stable, versions: { ...service.versions, [stable]: { ...next, workers } } };
}

/** The stable version of each service that `versions` names. */
export function stableOf(document: StrategyDocument, versions: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.keys(versions).flatMap((service) => {
    const stable = own(document.services, service)?.stable;
    return stable === undefined ? [] : [[service, stable] as const];
  }));
}
