// What `graylane up` says when everything is ready: where it listens, who runs, what to try next.

import type { StrategyDocument } from '@graylane/rules';
import { nextPercent, type WorkerFacts } from '@graylane/control';
import type { Place } from '@graylane/pool';
import { audienceText } from './audience.ts';
import { urlOf } from './entry.ts';
import { table } from './table.ts';

export interface BannerFacts {
  readonly document: StrategyDocument;
  readonly workers: readonly WorkerFacts[];
  /** The public places of a service, declared or found out from its code. */
  readonly places: (service: string) => readonly Place[];
  /** Milliseconds from the command to ready. */
  readonly tookMs: number;
  /** How the command is called here. */
  readonly command: string;
  readonly columns: number;
}

export function bannerText({ document, places, workers, tookMs, command, columns }: BannerFacts): string {
  const urls = Object.keys(document.services).map((name) => `${name} on ${places(name).map(urlOf).join(', ') || 'no port'}`);
  return [
    `graylane: ${urls.join(', ')} · ready in ${(tookMs / 1000).toFixed(1)} s`,
    table(poolRows(workers), columns),
    ...(document.releases ?? []).map((release) => `  release ${release.name}: ${audienceText(release)}`),
    '',
    'try',
    ...triesFor({ document, places, workers, command }).map((line) => `  ${line}`),
  ].join('\n');
}

function poolRows(workers: readonly WorkerFacts[]): string[][] {
  const sorted = [...workers].sort((a, b) => (a.service + b.role < b.service + a.role ? -1 : 1));
  const pools = Map.groupBy(sorted, (worker) => `${worker.service} ${worker.version} ${worker.role}`);
  return [...pools.values()].flatMap((members) => {
    const [first] = members;
    if (first === undefined) return [];
    return [[`  ${first.service}`, first.version, first.role, `${members.filter((worker) => worker.ready).length}/${members.length} ready`]];
  });
}

/** Real commands for this very strategy. */
function triesFor({ document, places, workers, command }: Pick<BannerFacts, 'document' | 'places' | 'workers' | 'command'>): string[] {
  const [place] = Object.keys(document.services).flatMap(places);
  const url = place === undefined ? null : `${urlOf(place)}/`;
  const [release] = document.releases ?? [];
  const tries = url === null ? [] : [`curl -i ${url}`];
  const cookie = Object.entries(release?.when.find((clause) => clause.cookie !== undefined)?.cookie ?? {})[0];
  const header = Object.entries(release?.when.find((clause) => clause.header !== undefined)?.header ?? {})[0];
  if (url !== null && cookie !== undefined) tries.push(`curl -i ${url} -b '${cookie[0]}=${exampleOf(cookie[1])}'`);
  if (url !== null && header !== undefined) tries.push(`curl -i ${url} -H '${header[0]}: ${exampleOf(header[1])}'`);
  tries.push(`${command} status`);
  const share = release?.percent ?? 100;
  const isUp = release !== undefined && Object.entries(release.versions).every(([service, version]) => workers.some((worker) => worker.service === service && worker.version === version && worker.ready));
  // Where no rule lets somebody in, a look at the canary would be a matter of luck.
  if (isUp && cookie === undefined && header === undefined && share < 100) tries.push(`${command} override ${release.name}`);
  if (isUp && share < 100) tries.push(`${command} split ${release.name} ${nextPercent(share)}%`);
  if (release !== undefined) tries.push(`${command} rollback ${release.name}`);
  if (cookie !== undefined) tries.push(`${command} explain 'GET /' -b '${cookie[0]}=${exampleOf(cookie[1])}'`);
  return [...tries, `${command} down`];
}

function exampleOf(matcher: unknown): string {
  if (typeof matcher === 'string') return matcher;
  return Array.isArray(matcher) && typeof matcher[0] === 'string' ? matcher[0] : '…';
}
