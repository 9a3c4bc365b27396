// The text of `graylane status`: want and got of each release, the versions, what is wrong, what to do next.

import type { Api } from '@graylane/wire';
import { inertLine } from './failure.ts';
import { countText, durationText, percentText } from './number.ts';
import { table } from './table.ts';
import { verdictText } from './verdict.ts';

type Status = Api<'Status'>;
type Release = Api<'Release'>;
type Traffic = Api<'Traffic'>;

export function statusText(status: Status, columns: number): string {
  const blocks = [headline(status), servicesText(status, columns)];
  if (status.releases.length > 0) blocks.push(releasesText(status.releases, columns), reasonsText(status.releases));
  if (status.problems.length > 0) blocks.push(['problems', ...status.problems.map((problem) => `  ✗ ${inertLine(problem)}`)].join('\n'));
  if (status.next.length > 0) blocks.push(['next', ...status.next.map((command) => `  ${command}`)].join('\n'));
  return blocks.join('\n\n');
}

function headline({ generation, revision, healthy, frozen, stale }: Status): string {
  const state = healthy ? '● healthy' : '✗ not healthy';
  const held = frozen === null ? '' : ` · frozen: ${inertLine(frozen)}`;
  const behind = stale.length === 0 ? '' : ` · ${stale.length} workers behind (${stale.join(', ')})`;
  return `${state} · generation ${generation} (revision ${revision})${held}${behind}`;
}

function servicesText(status: Status, columns: number): string {
  const rows = status.services.flatMap((service) =>
    service.versions.map((version) => [
      service.name, version.version, version.release === null ? version.role : `${version.role} of ${version.release}`,
      `${version.ready}/${version.workers} ready`, percentText(version.share), countText(version.requests, 'request'), ...trafficCells(version.recent), problemCell(version.problem, status.problems),
    ]));
  return table([['service', 'version', 'role', 'workers', 'got', '', ...TRAFFIC_HEADS, ''], ...rows], columns);
}

/** What stands in full below the tables needs no second time in its row. */
function problemCell(problem: string | null, problems: readonly string[]): string {
  if (problem === null) return '';
  return problems.some((text) => text.includes(problem)) ? '✗ see problems' : inertLine(problem);
}

const TRAFFIC_HEADS = ['last minute', 'success', 'p50 · p95 · p99'] as const;

function trafficCells(recent: Traffic | undefined): readonly string[] {
  if (recent === undefined) return ['–', '–', '–'];
  return [`${Math.round(recent.rps * 10) / 10}/s`, percentText(recent.success), [recent.p50Ms, recent.p95Ms, recent.p99Ms].map(durationText).join(' · ')];
}

function releasesText(releases: readonly Release[], columns: number): string {
  const rows = releases.map((release) => [
    release.name, standingText(release), percentText(release.percent), percentText(release.share), countText(release.requests, 'request'), ...trafficCells(release.recent), verdictText(release.verdict),
  ]);
  return table([['release', 'phase', 'want', 'got', 'in lane', ...TRAFFIC_HEADS, 'verdict'], ...rows], columns);
}

/** Each on a line of its own: a reason is never cut. */
function reasonsText(releases: readonly Release[]): string {
  return releases.map((release) => `  ${release.name}: ${inertLine(release.why)}${releaseNotes(release).map((note) => ` · ${note}`).join('')}`).join('\n');
}

function releaseNotes({ until, window, verdict, unavailable }: Release): readonly string[] {
  return [
    ...(until === null ? [] : [`goes on at ${until.slice(0, 19).replace('T', ' ')} UTC`]),
    ...(window === 'before' ? ['its time window has not begun: nobody is in'] : window === 'over' ? ['its time window is over: nobody is in'] : []),
    ...(unavailable === 0 ? [] : [`✗ ${countText(unavailable, 'request')} served by stable: no worker of the release could`]),
    ...(verdict === undefined || verdict.reasons[0] === undefined ? [] : [inertLine(verdict.reasons[0])]),
  ];
}

/** `paused at step 2/5, held by a person` */
export function standingText({ phase, step, steps, hold }: Release): string {
  const onItsWay = phase === 'progressing' || phase === 'paused';
  const place = onItsWay && steps.length > 0 ? ` at step ${step + 1}/${steps.length}` : '';
  return `${phase}${place}${hold === null || hold === 'plan' ? '' : `, held by a ${hold}`}`;
}
