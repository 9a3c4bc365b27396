// The one way by which anything changes: read, build a draft, compile, commit, publish; again when someone was faster.
// It must not know what is changed.

import type { Snapshot, StrategyDocument } from '@graylane/rules';
import type { Clock } from '../clock.ts';
import { withoutStarts } from '../effects.ts';
import type { Effects } from '../effects.ts';
import { ControlError } from '../problem.ts';
import { effectiveDocument } from '../release/effective.ts';
import type { ReleaseState } from '../release/state.ts';
import { StoreError } from '../store/errors.ts';
import type { Analyse } from '../strategy/check.ts';
import type { Places } from '../strategy/places.ts';
import type { StrategyRecord } from '../strategy/record.ts';
import type { Draft, Ledger, LedgerView } from './ledger.ts';
import { Publisher, snapshotOf } from './publisher.ts';
import type { Compile, Publication } from './publisher.ts';
import type { Unstored } from './unstored.ts';

/** What all parts of the control plane work with. */
export interface Plane {
  readonly ledger: Ledger;
  readonly effects: Effects;
  readonly clock: Clock;
  readonly publisher: Publisher;
  readonly analyse: Analyse;
  readonly compile: Compile;
  /** Where a strategy may not send anybody. */
  readonly places: Places;
  /** Whether versions need a script: true where pools are run. */
  readonly runnable: boolean;
  /** Ways back that are in force and could not be stored yet. */
  readonly unstored: Unstored;
  /** Other servers write to the same store: nothing is in force that is not in it. */
  readonly shared: boolean;
  /** A look ahead: everything is checked, and nothing started, written or published. */
  readonly isDry?: boolean;
  /** Told before data planes are, so that nothing is counted that nobody waits for. */
  readonly onPublish: (record: StrategyRecord, states: ReadonlyMap<string, ReleaseState>) => void;
}

export interface Changed {
  readonly before: LedgerView;
  readonly record: StrategyRecord;
  /** Null when data planes had nothing to learn. */
  readonly publication: Publication | null;
  /** What was written, or would be where the plane is dry; null when nothing changes. */
  readonly draft: Draft | null;
}

/** `plane`, for asking what a change would do. */
export function dry(plane: Plane): Plane {
  return { ...plane, effects: withoutStarts(plane.effects), isDry: true };
}

/** Two writers each lose at most a few times in a row; more is a loop. */
const ATTEMPTS = 20;

/**
 * Commits what `build` drafts on the newest view, and publishes it. A null draft changes nothing.
 * `build` runs again when someone else wrote meanwhile, so it must be idempotent.
 */
export async function change(plane: Plane, build: (view: LedgerView) => Promise<Draft | null> | Draft | null): Promise<Changed> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const before = await currentView(plane);
    const draft = await build(before);
    if (draft === null || plane.isDry === true) return { before, record: before.record, publication: null, draft };
    // Compiled before the commit: what is stored can be published.
    const states = plane.unstored.inForce(statesAfter(before, draft));
    const snapshot = draft.publish ? await compiled(plane, draft, effectiveDocument(draft.document ?? before.record.document, states)) : null;
    const written = await plane.ledger.write(before, draft, plane.publisher.generation);
    if (written === null) continue;
    if (snapshot !== null) plane.onPublish(written.record, states);
    const publication = snapshot === null ? null : await plane.publisher.publish(snapshot, written.record.generation, draft.isUrgent);
    return { before, record: written.record, publication, draft };
  }
  throw new ControlError('GL3003', { detail: `the strategy changed ${ATTEMPTS} times while this change was made`, fix: 'try again' });
}

function compiled(plane: Plane, { isUrgent }: Draft, effective: StrategyDocument): Promise<Snapshot> | Snapshot {
  return isUrgent === true ? snapshotOf(effective) : plane.compile(effective);
}

export async function currentView(plane: Plane): Promise<LedgerView> {
  const view = await plane.ledger.view();
  if (view === null) throw new ControlError('GL3020', { detail: 'there is no strategy yet', fix: 'start with a config file: graylane up' });
  return view;
}

/** The newest view, or the last one that could be read: what is in force does not end with the store. */
export async function lastView(plane: Plane): Promise<LedgerView> {
  try {
    return await currentView(plane);
  } catch (error) {
    const known = plane.ledger.known;
    if (!(error instanceof StoreError) || known === null) throw error;
    return known;
  }
}

/** A view of one moment: every commit writes the strategy's key, so that one read before and after says whether anything moved. */
export async function settledView(plane: Plane): Promise<LedgerView> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const view = await currentView(plane);
    if (await plane.ledger.stands(view)) return view;
  }
  throw new ControlError('GL3003', { detail: `the strategy changed ${ATTEMPTS} times while it was read`, fix: 'try again' });
}

/** Publishes what is stored, as after a restart: later than `floor`, the newest that a running worker has, also where that could not be stored. */
export async function republish(plane: Plane, view: LedgerView, floor = 0): Promise<Publication> {
  const states = plane.unstored.inForce(view.releases);
  plane.onPublish(view.record, states);
  return plane.publisher.publish(await plane.compile(effectiveDocument(view.record.document, states)), floor > view.record.generation ? floor + 1 : view.record.generation, view.record.isUrgent);
}

function statesAfter(before: LedgerView, draft: Draft): ReadonlyMap<string, ReleaseState> {
  const states = new Map(before.releases);
  for (const [name, state] of draft.releases ?? []) {
    if (state === null) states.delete(name);
    else states.set(name, state);
  }
  return states;
}
