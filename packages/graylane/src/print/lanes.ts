// The matrix of services and lanes. Pure text.

import type { StrategyDocument } from '@graylane/rules';
import { audienceText } from './audience.ts';
import { table } from './table.ts';

export interface LaneRow {
  /** Null is stable. */
  readonly lane: string | null;
  readonly priority: number | null;
  /** Service to version. */
  readonly versions: Readonly<Record<string, string>>;
  readonly audience: string;
}

/** Lanes in the order in which a request is tried, stable last. */
export function lanesOf({ services, releases = [] }: StrategyDocument): readonly LaneRow[] {
  const stable = Object.fromEntries(Object.entries(services).map(([name, spec]) => [name, spec.stable]));
  const ordered = [...releases].sort((a, b) => (a.priority ?? 0) - (b.priority ?? 0));
  return [
    ...ordered.map((release): LaneRow => ({ lane: release.name, priority: release.priority ?? 0, versions: { ...stable, ...release.versions }, audience: audienceText(release) })),
    { lane: null, priority: null, versions: stable, audience: 'everybody else' },
  ];
}

/** What a lane shares with stable is in brackets: there it has no version of its own. */
export function lanesText(document: StrategyDocument, columns: number): string {
  const services = Object.keys(document.services);
  const rows = lanesOf(document).map(({ lane, priority, versions, audience }) => [
    lane ?? 'stable', priority === null ? '' : String(priority),
    ...services.map((service) => cell(versions[service] ?? '', lane === null ? null : document.services[service]?.stable ?? null)),
    audience,
  ]);
  return table([['lane', 'priority', ...services, 'for'], ...rows], columns);
}

function cell(version: string, stable: string | null): string {
  return version === stable ? `(${version})` : version;
}
