// Want and got in one view: what the strategy asks for, what workers run, what requests got. It must not change anything.

import type { ReleaseSpec, StrategyDocument } from '@graylane/rules';
import type { Api } from '@graylane/wire';
import type { WorkerFacts } from '../effects.ts';
import { laneKey, versionKey } from '../exposure/recent.ts';
import type { Recent } from '../exposure/recent.ts';
import { UNAVAILABLE } from '../exposure/tally.ts';
import type { Cell, Tally } from '../exposure/tally.ts';
import { isLive, stepOf } from '../release/state.ts';
import type { ReleaseState } from '../release/state.ts';
import type { VerdictView } from '../release/verdicts.ts';
import { windowAt } from '../release/window.ts';
import { releaseOf } from '../strategy/edit.ts';
import type { LedgerView } from './ledger.ts';
import { nextCommands } from './next.ts';
import type { Publication } from './publisher.ts';
import { own } from '../own.ts';

export interface StatusInput {
  readonly view: LedgerView;
  readonly workers: readonly WorkerFacts[];
  readonly tally: Tally;
  readonly recent: Recent;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly publication: Publication;
  /** By pool id: why it does not run. */
  readonly failures: ReadonlyMap<string, string>;
  readonly verdict: (state: ReleaseState) => VerdictView | null;
  readonly problems: readonly string[];
}

export function statusOf(input: StatusInput): Api<'Status'> {
  const { view, publication, workers } = input;
  const { revision, generation, document } = view.record;
  const releases = releaseViews(input);
  const services = Object.keys(document.services).map((name) => serviceView(name, input));
  const stale = workers.filter((worker) => worker.ready && worker.generation < publication.generation).map(({ id }) => id);
  const problems = [...input.problems, ...services.flatMap(({ name, versions }) => versions.flatMap(({ version, problem }) => (problem === null ? [] : [`${name} ${version}: ${problem}`])))];
  return { revision, generation, healthy: problems.length === 0 && stale.length === 0, problems, frozen: view.freeze, services, releases, stale, next: nextCommands(releases) };
}

/** All releases; what is looked up for each is looked up once for all, for there may be ten thousand. */
export function releaseViews(input: StatusInput): Api<'Release'>[] {
  const specs = new Map((input.view.record.document.releases ?? []).map((spec) => [spec.name, spec]));
  const cells = new Map(Object.keys(input.view.record.document.services).map((name) => [name, input.tally.since(name, input.view.record.generation)]));
  return [...input.view.releases.values()].map((state) => releaseView(state, specs.get(state.name) ?? state.spec, cells, input));
}

function releaseView(state: ReleaseState, spec: ReleaseSpec, cells: ReadonlyMap<string, readonly Cell[]>, input: StatusInput): Api<'Release'> {
  const lane = laneCounts(state.name, Object.keys(spec.versions), cells);
  const verdict = isLive(state) ? input.verdict(state) : null;
  const recent = input.recent.view(laneKey(state.name));
  const window = windowAt(spec, input.now);
  return {
    name: state.name, phase: state.standing.phase, turn: state.turn, step: stepOf(state), steps: (spec.steps ?? []).map((step) => ({ ...step })),
    percent: percentNow(state, spec.percent ?? 100), holdback: spec.holdback ?? 0, versions: spec.versions,
    since: iso(state.since), until: state.standing.phase === 'paused' && state.standing.resumeAt !== null ? iso(state.standing.resumeAt) : null,
    why: state.why, live: isLive(state), share: lane.share, requests: lane.requests, unavailable: lane.unavailable, hold: state.standing.phase === 'paused' ? state.standing.hold : null,
    ...(window === null ? {} : { window }), ...(recent === null ? {} : { recent }), ...(verdict === null ? {} : { verdict }),
  };
}

/** The share of the audience that gets the release's versions now, whatever the document keeps for another start. */
function percentNow(state: ReleaseState, percent: number): number {
  if (isLive(state)) return percent;
  const { phase } = state.standing;
  return phase === 'promoting' || phase === 'succeeded' || phase === 'rolling-back' ? 100 : 0;
}

interface LaneCounts {
  readonly requests: number;
  readonly unavailable: number;
  readonly share: number | null;
}

/** In the lane by its bucket, of all that the bucket decided; pinned ones are requests of the lane and no part of the share. */
function laneCounts(name: string, services: readonly string[], cells: ReadonlyMap<string, readonly Cell[]>): LaneCounts {
  let requests = 0;
  let unavailable = 0;
  let treated = 0;
  let control = 0;
  for (const service of services) {
    for (const cell of cells.get(service) ?? []) {
      if (cell.lane === name && cell.reason === UNAVAILABLE) unavailable += cell.requests;
      else if (cell.lane === name) requests += cell.requests;
      if (cell.lane === name && (cell.reason === 'bucket' || cell.reason === 'matched')) treated += cell.requests;
      if (cell.lane === null && cell.reason === 'out-by-bucket') control += cell.requests;
    }
  }
  return { requests, unavailable, share: treated + control === 0 ? null : (100 * treated) / (treated + control) };
}

function serviceView(name: string, input: StatusInput): Api<'ServiceStatus'> {
  const { document } = input.view.record;
  const stable = own(document.services, name)?.stable ?? '';
  const cells = input.tally.since(name, input.view.record.generation);
  const running = input.workers.filter((worker) => worker.service === name);
  const named = releasesByVersion(document, name, input.view.releases);
  const served = servedBy(cells, (lane) => own(releaseOf(document, lane)?.versions ?? {}, name) ?? stable, stable);
  const all = [...served.values()].reduce((sum, requests) => sum + requests, 0);
  const versions = Object.keys(own(document.services, name)?.versions ?? {}).map((version) => {
    const release = version === stable ? null : (named.get(version) ?? null);
    const role = version === stable ? 'stable' as const : release === null ? 'kept' as const : 'canary' as const;
    const workers = running.filter((worker) => worker.version === version);
    const ready = workers.filter((worker) => worker.ready).length;
    const requests = served.get(version) ?? 0;
    const failure = input.failures.get(`${name}/${version}/${role}`) ?? null;
    const recent = input.recent.view(versionKey(name, version));
    return { ...(recent === null ? {} : { recent }), version, role, release, workers: workers.length, ready, requests, share: all === 0 ? null : (100 * requests) / all, problem: failure ?? (role !== 'kept' && workers.length > 0 && ready === 0 ? 'no worker is ready' : null) };
  });
  return { name, stable, versions };
}

/** Requests by the version that served them; a lane whose version could not was served by stable. */
function servedBy(cells: readonly Cell[], versionOf: (lane: string) => string, stable: string): ReadonlyMap<string, number> {
  const served = new Map<string, number>();
  const add = (version: string, requests: number): void => void served.set(version, (served.get(version) ?? 0) + requests);
  for (const { lane, reason, requests } of cells) {
    const version = lane === null ? stable : versionOf(lane);
    if (reason === UNAVAILABLE) add(version, -requests);
    add(reason === UNAVAILABLE ? stable : version, requests);
  }
  return served;
}

/** By version of the service: the live release that sends requests to it. */
function releasesByVersion(document: StrategyDocument, service: string, states: ReadonlyMap<string, ReleaseState>): ReadonlyMap<string, string> {
  const named = new Map<string, string>();
  for (const release of document.releases ?? []) {
    const version = own(release.versions, service);
    const state = states.get(release.name);
    if (version !== undefined && state !== undefined && isLive(state)) named.set(version, release.name);
  }
  return named;
}

/** Vitals are for metrics; people see them in `graylane top`. */
export function workerView({ id, service, version, role, pid, state, ready, generation, startedAt, restarts, rss, inFlight, waiting }: WorkerFacts): Api<'Worker'> {
  return { id, service, version, role, pid, state, ready, generation, startedAt: iso(startedAt), restarts, rss, inFlight, waiting };
}

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}
