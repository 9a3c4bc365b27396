// What people and the controller say to one release: a command goes through the machine, its outcome is committed and published.

import type { ReleaseSpec, VersionSpec } from '@graylane/rules';
import { ControlError } from '../problem.ts';
import { isLive } from '../release/state.ts';
import type { ReleaseState } from '../release/state.ts';
import { transition } from '../release/transition.ts';
import type { Command } from '../release/transition.ts';
import { analysed, parsedStrategy } from '../strategy/check.ts';
import type { Finding } from '../strategy/check.ts';
import { refusePlaces } from '../strategy/places.ts';
import { releaseOf, stableOf, withPercent, withRelease, withVersion } from '../strategy/edit.ts';
import { percentFrom } from '../strategy/percent.ts';
import { expectRevision, startMissing } from './apply.ts';
import { change } from './change.ts';
import type { Changed, Plane } from './change.ts';
import type { Draft, LedgerView, NewEvent } from './ledger.ts';
import { isWayBack, publishUnstored } from './way-back.ts';
import { own } from '../own.ts';

/** On what a command is given. */
export interface Ground {
  /** Stored with the event. */
  readonly evidence?: unknown;
  /** The turn of the release that the caller has seen; null is any. */
  readonly seenTurn?: number | null;
}

/**
 * Resolves with what was committed; a command that had been done before changes nothing. Throws GL3005, GL3006 or GL3010.
 * A way back is in force even if the store cannot take it down now.
 */
export async function command(plane: Plane, name: string, order: Command, who: string, ground: Ground = {}): Promise<Changed> {
  if (plane.isDry === true) return storedCommand(plane, name, order, who, ground);
  try {
    const waiting = plane.unstored.of(name);
    // What is said now is about a release that has been rolled back already.
    if (waiting !== null && !isWayBack(order)) await storedCommand(plane, name, waiting.order, waiting.who, { evidence: waiting.evidence });
    const changed = await storedCommand(plane, name, order, who, ground);
    plane.unstored.settle(name);
    return changed;
  } catch (error) {
    if (!isWayBack(order) || plane.shared) throw error;
    return publishUnstored(plane, { name, order, who, evidence: ground.evidence }, error);
  }
}

function storedCommand(plane: Plane, name: string, order: Command, who: string, { evidence, seenTurn = null }: Ground): Promise<Changed> {
  return change(plane, async (view) => {
    const state = stateOf(view, name);
    if (seenTurn !== null && seenTurn !== state.turn) throw movedOn(state, seenTurn);
    const outcome = transition(state, order, factsOf(plane, view, state));
    if (outcome.kind === 'already') return null;
    if (outcome.kind === 'refused') throw new ControlError('GL3006', { detail: outcome.detail, fix: outcome.fix });
    const draft = draftOf(view, state, outcome.state, outcome.percent, who, evidence);
    // Only entering a lane needs workers. A way back never waits for one.
    if (isLive(outcome.state) && !isLive(state)) await startMissing(plane, view, draft.document ?? view.record.document, new Map([...view.releases, [name, outcome.state]]));
    return isWayBack(order) ? { ...draft, isUrgent: true } : draft;
  });
}

function movedOn(state: ReleaseState, seenTurn: number): ControlError {
  const detail = `the release '${state.name}' is at turn ${state.turn}, you have seen ${seenTurn}: it is ${standingText(state)} now`;
  return new ControlError('GL3003', { detail, cause: state.why, fix: 'look at it again: graylane status', revision: state.turn });
}

/** Sets or changes the share of the audience that is in: `10%`, `+10%`. */
export function split(plane: Plane, name: string, text: string, expectedRevision: number | null, who: string): Promise<Changed> {
  return change(plane, async (view): Promise<Draft | null> => {
    await expectSeen(plane, view, expectedRevision);
    const state = stateOf(view, name);
    const spec = releaseOf(view.record.document, name);
    if (spec === null || !isLive(state)) throw new ControlError('GL3006', { detail: `the release '${name}' is ${state.standing.phase}: nobody can enter it`, fix: `start it first: graylane start ${name}` });
    const current = spec.percent ?? 100;
    const percent = percentFrom(text, current);
    if (percent === current) return null;
    const why = `split ${text.trim()}`;
    return { document: withPercent(view.record.document, name, percent), publish: true, who, why, events: [{ kind: 'release', subject: name, from: `${current} %`, to: `${percent} %`, who, why }] };
  });
}

export interface NewCanary {
  readonly service: string;
  readonly version: string;
  readonly spec: VersionSpec;
  /** Absent: the release is named as the version, and takes everybody's share. */
  readonly release?: { readonly name?: string; readonly when?: ReleaseSpec['when']; readonly percent?: number; readonly stickyBy?: readonly string[] };
  readonly who: string;
  /** The revision that the caller has seen; null or absent is any. */
  readonly expectedRevision?: number | null;
}

const CANARY_PERCENT = 5;

/** Adds a version and its release at run time; rejects, and leaves everything as it was, when it does not become ready. */
export async function addCanary(plane: Plane, canary: NewCanary): Promise<Changed & { readonly release: string; readonly findings: readonly Finding[] }> {
  const name = canary.release?.name ?? canary.version;
  let findings: readonly Finding[] = [];
  const changed = await change(plane, async (view) => {
    await expectSeen(plane, view, canary.expectedRevision ?? null);
    const { document } = view.record;
    const service = own(document.services, canary.service);
    if (service === undefined) throw new ControlError('GL3008', { detail: `there is no service '${canary.service}'`, fix: `name one of: ${Object.keys(document.services).join(', ')}` });
    if (own(service.versions, canary.version) !== undefined) throw taken('version', canary.version);
    if (releaseOf(document, name) !== null) throw taken('release', name);
    const percent = canary.release?.percent ?? CANARY_PERCENT;
    const stickyBy = canary.release?.stickyBy;
    const release: ReleaseSpec = { name, when: canary.release?.when ?? [{}], percent, versions: { [canary.service]: canary.version }, ...(stickyBy === undefined ? {} : { stickyBy }) };
    const next = parsedStrategy(withRelease(withVersion(document, canary.service, canary.version, canary.spec), release), { runnable: plane.runnable });
    refusePlaces(next.document, plane.places);
    findings = await analysed(next, plane.analyse, false);
    const states = new Map(view.releases);
    // A former release of this name is history; this one is in force by being in the document.
    states.delete(name);
    const fresh: ReleaseState = { name, spec: release, turn: (view.releases.get(name)?.turn ?? -1) + 1, attempt: (view.releases.get(name)?.attempt ?? 0) + 1, since: plane.clock.now(), why: 'added', standing: { phase: 'progressing', step: 0 } };
    await startMissing(plane, view, next.document, new Map([...states, [name, fresh]]));
    const why = `canary ${canary.version} of ${canary.service} at ${percent} %`;
    const event: NewEvent = { kind: 'release', subject: name, from: '', to: 'progressing', who: canary.who, why };
    return { document: next.document, publish: true, releases: new Map([[name, view.releases.has(name) ? fresh : null]]), who: canary.who, why, events: [event] };
  });
  return { ...changed, release: name, findings };
}

/** Throws GL3003. There is no document of the caller's to compare with what stands: the one that was seen is. */
async function expectSeen(plane: Plane, view: LedgerView, expected: number | null): Promise<void> {
  const seen = expected === null || expected === view.record.revision ? null : await plane.ledger.revision(expected);
  expectRevision(view, expected, seen?.document ?? null);
}

function taken(what: string, name: string): ControlError {
  return new ControlError('GL3009', { detail: `there is a ${what} '${name}' already`, fix: 'choose another name' });
}

function stateOf(view: LedgerView, name: string): ReleaseState {
  const state = view.releases.get(name);
  if (state !== undefined) return state;
  const known = [...view.releases.keys()].slice(0, 10);
  throw new ControlError('GL3005', { detail: `there is no release '${name}'`, fix: known.length === 0 ? 'add one: graylane canary DIR' : `name one of: ${known.join(', ')}` });
}

function factsOf(plane: Plane, view: LedgerView, state: ReleaseState): Parameters<typeof transition>[2] {
  const spec = releaseOf(view.record.document, state.name);
  return { now: plane.clock.now(), spec, stable: stableOf(view.record.document, (spec ?? state.spec).versions) };
}

function draftOf(view: LedgerView, before: ReleaseState, after: ReleaseState, percent: number | null, who: string, evidence: unknown): Draft {
  const { name, why } = after;
  const current = releaseOf(view.record.document, name)?.percent ?? 100;
  const moves = percent !== null && percent !== current;
  const event: NewEvent = {
    kind: 'release', subject: name, from: standingText(before), to: moves && isLive(after) ? `${standingText(after)} at ${percent} %` : standingText(after), who, why,
    ...(evidence === undefined ? {} : { evidence }),
  };
  return {
    ...(moves ? { document: withPercent(view.record.document, name, percent) } : {}),
    publish: moves || isLive(before) !== isLive(after), releases: new Map([[name, after]]), who, why: `${name}: ${why}`, events: [event],
  };
}

/** Phase and step as events name them. */
export function standingText({ standing, spec }: ReleaseState): string {
  const steps = spec.steps?.length ?? 0;
  switch (standing.phase) {
    case 'progressing': case 'paused':
      return steps === 0 ? standing.phase : `${standing.phase} at step ${standing.step + 1}/${steps}`;
    case 'promoting': case 'rolling-back':
      return `${standing.phase} (${standing.stage})`;
    case 'pending': case 'succeeded': case 'rolled-back':
      return standing.phase;
  }
}
