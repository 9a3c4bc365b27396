// The text of `graylane status`: want and got of each release, the versions, what is wrong, what to do next.

import type { Api } from '@graylane/wire';
import { table } from './table.ts';

type Status = Api<'Status'>;
type Release = Api<'Release'>;

export function statusText(status: Status, columns: number): string {
  const blocks = [headline(status), servicesText(status, columns)];
  if (status.releases.length > 0) blocks.push(releasesText(status.releases, columns));
  if (status.problems.length > 0) blocks.push(['problems', ...status.problems.map((problem) => `  ✗ ${problem}`)].join('\n'));
  if (status.next.length > 0) blocks.push(['next', ...status.next.map((command) => `  ${command}`)].join('\n'));
  return blocks.join('\n\n');
}

function headline({ generation, revision, healthy, frozen, stale }: Status): string {
  const state = healthy ? '● healthy' : '✗ not healthy';
  const held = frozen === null ? '' : ` · frozen: ${frozen}`;
  const behind = stale.length === 0 ? '' : ` · ${stale.length} workers behind (${stale.join(', ')})`;
  return `${state} · generation ${generation} (revision ${revision})${held}${behind}`;
}

function servicesText(status: Status, columns: number): string {
  const rows = status.services.flatMap((service) =>
    service.versions.map((version) => [
      service.name, version.version, version.release === null ? version.role : `${version.role} of ${version.release}`,
      `${version.ready}/${version.workers} ready`, count(version.requests, 'request'), percentText(version.share), version.problem ?? '',
    ]));
  return table([['service', 'version', 'role', 'workers', 'got', 'share', ''], ...rows], columns);
}

function releasesText(releases: readonly Release[], columns: number): string {
  const rows = releases.map((release) => [
    release.name, release.phase, `${release.percent} %`, percentText(release.share), count(release.requests, 'request'), verdictText(release), release.why,
  ]);
  return table([['release', 'phase', 'want', 'got', 'in lane', 'verdict', ''], ...rows], columns);
}

function verdictText({ verdict }: Release): string {
  return verdict === undefined ? '–' : verdict.answer;
}

function percentText(share: number | null): string {
  return share === null ? '–' : `${Math.round(share * 100) / 100} %`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
