// A whole document becomes the strategy: checked, its pools started, then committed and published; or nothing happens at all.

import type { ReleaseSpec, Strategy, StrategyDocument } from '@graylane/rules';
import type { Api } from '@graylane/wire';
import { ControlError } from '../problem.ts';
import { effectiveDocument, reconcileStates } from '../release/effective.ts';
import { isLive, isOver, stepOf } from '../release/state.ts';
import type { ReleaseState } from '../release/state.ts';
import { briefly } from '../strategy/brief.ts';
import { changesBetween, sameDocument } from '../strategy/changes.ts';
import type { Change } from '../strategy/changes.ts';
import { analysed, parsedStrategy } from '../strategy/check.ts';
import { refusePlaces } from '../strategy/places.ts';
import type { Analyse, Finding } from '../strategy/check.ts';
import type { Handover } from '../strategy/record.ts';
import { change, currentView } from './change.ts';
import type { Changed, Plane } from './change.ts';
import type { Draft, LedgerView } from './ledger.ts';
import { idOf, newPools, poolsFor, startPools } from './pools.ts';
import { own } from '../own.ts';

export interface ApplyRequest {
  readonly document: unknown;
  /** The revision that the caller has seen; null takes whatever stands. */
  readonly expectedRevision: number | null;
  readonly dryRun: boolean;
  /** Lets through findings that are merely unwise. */
  readonly force: boolean;
  readonly who: string;
  readonly why: string;
}

export type Applied = Api<'Applied'>;

export async function apply(plane: Plane, request: ApplyRequest): Promise<Applied> {
  const given = parsedStrategy(request.document, { runnable: plane.runnable });
  refusePlaces(given.document, plane.places);
  const outcome: { prepared: Prepared | null } = { prepared: null };
  const once: Plane = { ...plane, analyse: analysedOnce(plane.analyse) };
  const { record, publication } = await change(plane, async (view) => {
    expectRevision(view, request.expectedRevision, given.document);
    const prepared = await prepare(once, view, given, request);
    outcome.prepared = prepared;
    if (request.dryRun || prepared.draft === null) return null;
    await startMissing(plane, view, prepared.document, prepared.states);
    return prepared.draft;
  });
  const { changes, findings, notes } = outcome.prepared ?? NOTHING;
  return {
    revision: record.revision, generation: record.generation, dryRun: request.dryRun, changes, findings, notes: [...notes],
    acked: publication?.acked.length ?? 0, stale: publication?.stale ?? [], tookMs: publication?.tookMs ?? 0,
  };
}

/** What was done, or would be: the places of the document that change, and what becomes of releases. */
export function appliedOf({ before, record, publication, draft }: Changed, isDry: boolean): Applied {
  const moves = (draft?.events ?? []).map(({ subject, from, to }) => `${subject}: ${from === '' ? to : `${from} → ${to}`}`);
  const isDone = draft === null && publication === null;
  return {
    revision: record.revision, generation: record.generation, dryRun: isDry, findings: [],
    changes: isDry && draft?.document !== undefined ? changesBetween(before.record.document, draft.document) : [],
    notes: isDone ? ['nothing to do: it is so already'] : isDry ? moves : [],
    acked: publication?.acked.length ?? 0, stale: publication?.stale ?? [], tookMs: publication?.tookMs ?? 0,
  };
}

/** When somebody else wrote meanwhile the same document is looked at again, and need not be searched again. */
function analysedOnce(analyse: Analyse): Analyse {
  let known: { readonly document: StrategyDocument; readonly findings: readonly Finding[] } | null = null;
  return async (strategy) => {
    if (known === null || !sameDocument(known.document, strategy.document)) known = { document: strategy.document, findings: await analyse(strategy) };
    return known.findings;
  };
}

const NOTHING: Pick<Prepared, 'changes' | 'findings' | 'notes'> = { changes: [], findings: [], notes: [] };

interface Prepared {
  readonly document: StrategyDocument;
  readonly states: ReadonlyMap<string, ReleaseState>;
  readonly changes: readonly Change[];
  readonly findings: readonly Finding[];
  readonly notes: readonly string[];
  /** Null when nothing changes. */
  readonly draft: Draft | null;
}

/** Throws GL3003, with what stands against what was sent. */
export function expectRevision(view: LedgerView, expected: number | null, given: StrategyDocument | null): void {
  if (expected === null || expected === view.record.revision) return;
  throw new ControlError('GL3003', {
    detail: `the strategy is at revision ${view.record.revision}, you have seen ${expected}`,
    cause: `${view.record.who} changed it: ${view.record.why}`,
    fix: 'look at the difference (graylane diff), then try again',
    revision: view.record.revision,
    ...(given === null ? {} : { changes: changesBetween(given, view.record.document) }),
  });
}

async function prepare(plane: Plane, view: LedgerView, given: Strategy, { force, who, why }: ApplyRequest): Promise<Prepared> {
  const { document, notes: kept } = keepControllersPercent(given.document, view);
  const { states: changed, notes } = reconcileStates(document, view.releases, plane.clock.now(), why);
  const states = merged(view.releases, changed);
  // What was sent is checked; what a plan has changed in it is checked again.
  const strategy = document === given.document ? given : parsedStrategy(document, { runnable: plane.runnable });
  const findings = await analysed(strategy, plane.analyse, force);
  const changes = changesBetween(view.record.document, document);
  const base = { document, states, changes, findings, notes: [...kept, ...notes] };
  if (changes.length === 0 && changed.size === 0) return { ...base, draft: null };
  const handover = handoverTo(view, document);
  const draft: Draft = {
    document, releases: changed, applied: document, publish: true, who, why,
    ...(handover === null ? {} : { handover }),
    events: [
      { kind: 'strategy', subject: 'strategy', from: `revision ${view.record.revision}`, to: `revision ${view.record.revision + 1}`, who, why, evidence: briefly(changes) },
      ...[...changed].map(([name, state]) => ({ kind: 'release' as const, subject: name, from: view.releases.get(name)?.standing.phase ?? '', to: state?.standing.phase ?? 'removed', who, why })).slice(0, EVENT_RELEASES),
    ],
  };
  return { ...base, draft };
}

/** Releases of one apply with an event each; more are told by the strategy's. */
const EVENT_RELEASES = 100;

/** The percentage of a release on its way along a plan belongs to the plan, not to the file that the plan came from. */
function keepControllersPercent(given: StrategyDocument, view: LedgerView): { readonly document: StrategyDocument; readonly notes: readonly string[] } {
  const notes: string[] = [];
  const before = new Map(view.record.document.releases?.map((spec) => [spec.name, spec]));
  const releases = given.releases?.map((spec): ReleaseSpec => {
    const state = view.releases.get(spec.name);
    const standing = before.get(spec.name);
    const steered = state !== undefined && !isOver(state) && isLive(state) && (spec.steps?.length ?? 0) > 0;
    if (!steered || standing?.percent === undefined || standing.percent === spec.percent) return spec;
    notes.push(`the release '${spec.name}' keeps its ${standing.percent} %: its plan is at step ${stepOf(state) + 1}`);
    return { ...spec, percent: standing.percent };
  });
  return { document: releases === undefined || notes.length === 0 ? given : { ...given, releases }, notes };
}

function merged(states: ReadonlyMap<string, ReleaseState>, changed: ReadonlyMap<string, ReleaseState | null>): ReadonlyMap<string, ReleaseState> {
  const all = new Map(states);
  for (const [name, state] of changed) {
    if (state === null) all.delete(name);
    else all.set(name, state);
  }
  return all;
}

/** Services that are new, gone, or get another stable version. Null when there are none. */
function handoverTo(view: LedgerView, document: StrategyDocument): Handover | null {
  const before = view.record.document.services;
  const names = new Set([...Object.keys(before), ...Object.keys(document.services)]);
  const services = [...names].map((service) => ({ service, from: own(before, service)?.stable ?? null, to: own(document.services, service)?.stable ?? null })).filter(({ from, to }) => from !== to);
  if (services.length === 0) return null;
  if (view.handover !== null) {
    throw new ControlError('GL3006', { detail: 'a stable version is on its way to the public sockets already', fix: 'wait until it has arrived: graylane status --wait' });
  }
  return { services, release: null };
}

/** Starts what the new strategy needs beyond the present one; on failure ends what was started, puts back what was changed, and throws the first. */
export async function startMissing(plane: Plane, view: LedgerView, document: StrategyDocument, states: ReadonlyMap<string, ReleaseState>): Promise<void> {
  const before = poolsFor(effectiveDocument(view.record.document, view.releases));
  const wanted = newPools(before, poolsFor(effectiveDocument(document, states)));
  const failed = await startPools(plane.effects, wanted);
  const [first] = failed;
  if (first === undefined) return;
  const known = new Set(before.map(idOf));
  const touched = new Set(wanted.map(idOf));
  await startPools(plane.effects, before.filter((wish) => touched.has(idOf(wish))));
  const added = wanted.filter((wish) => !known.has(idOf(wish)));
  await Promise.allSettled(added.map(({ service, version, role }) => (role === 'stable' ? plane.effects.retireStable(service, version) : plane.effects.retireVersion(service, version))));
  throw first.error;
}

/** What `document` would change, and what has changed live since a whole document was last applied. */
export async function difference(plane: Plane, document: unknown): Promise<{ readonly revision: number; readonly changes: readonly Change[]; readonly live: readonly Change[] }> {
  const given = parsedStrategy(document, { runnable: false }).document;
  const { record, applied } = await currentView(plane);
  return { revision: record.revision, changes: changesBetween(record.document, given), live: sameDocument(applied, record.document) ? [] : changesBetween(applied, record.document) };
}
