// From a config file and a store to the strategy that is in force: the file is the seed, and never silently overwrites
// what was changed live since.

import { withoutStarts } from '../effects.ts';
import { reconcileStates } from '../release/effective.ts';
import type { ReleaseState } from '../release/state.ts';
import { ControlError } from '../problem.ts';
import { StoreError } from '../store/errors.ts';
import { changesBetween } from '../strategy/changes.ts';
import type { Change } from '../strategy/changes.ts';
import { analysed, parsedStrategy } from '../strategy/check.ts';
import { refusePlaces } from '../strategy/places.ts';
import { apply } from './apply.ts';
import type { Plane } from './change.ts';
import type { LedgerView } from './ledger.ts';

export type Origin =
  /** The store was empty: the file is revision 1. */
  | { readonly kind: 'seeded' }
  /** The store goes on; the file says what it said before, or there is none. */
  | { readonly kind: 'continued'; readonly live: readonly Change[] }
  /** The file has changed and nothing was changed live: the file counts. */
  | { readonly kind: 'file-applied'; readonly changes: readonly Change[]; readonly notes: readonly string[] }
  /** Both have changed: the store goes on, and a person has to say what counts. */
  | { readonly kind: 'file-differs'; readonly file: readonly Change[]; readonly live: readonly Change[] }
  /** Workers of an earlier process run, and the changed file cannot be put in force: they go on under what is stored. */
  | { readonly kind: 'file-refused'; readonly error: ControlError };

/**
 * `floor` is the newest generation that a running worker has: what is published next is later than that.
 * `unstored` hears of what could not be written down: what is stored is in force all the same.
 * Throws GL3001, GL3002 for the file, GL3020 when there is neither a file nor a stored strategy.
 */
export async function settleOrigin(plane: Plane, file: unknown, floor: number, unstored: (error: unknown) => void): Promise<Origin> {
  const view = await plane.ledger.view();
  if (view === null) return seed(plane, file, floor);
  if (floor > view.record.generation) await orUnstored(plane.ledger.raiseGeneration(view, floor + 1), unstored);
  const live = changesBetween(view.applied, view.record.document);
  if (file === null) return { kind: 'continued', live };
  const given = parsedStrategy(file, { runnable: plane.runnable }).document;
  const changed = changesBetween(view.applied, given);
  if (changed.length === 0) return { kind: 'continued', live };
  if (live.length > 0) return { kind: 'file-differs', file: changed, live };
  if (plane.effects.workers().length > 0) return orRefused(orUnstored(adopt(plane, file, view), unstored), { kind: 'file-differs', file: changed, live });
  return (await orUnstored(adopt(plane, file, view), unstored)) ?? { kind: 'file-differs', file: changed, live };
}

/** What is stored goes on where nothing can be written; null then. */
async function orUnstored<T>(writing: Promise<T>, unstored: (error: unknown) => void): Promise<T | null> {
  try {
    return await writing;
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    unstored(error);
    return null;
  }
}

/** A version that does not start is no reason to end the one that serves. */
async function orRefused(adopting: Promise<Origin | null>, unwritten: Origin): Promise<Origin> {
  try {
    return (await adopting) ?? unwritten;
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    return { kind: 'file-refused', error };
  }
}

async function seed(plane: Plane, file: unknown, floor: number): Promise<Origin> {
  const strategy = parsedStrategy(file ?? {}, { runnable: plane.runnable });
  refusePlaces(strategy.document, plane.places);
  await analysed(strategy, plane.analyse, false);
  const { states } = reconcileStates(strategy.document, new Map(), plane.clock.now(), 'in the first strategy');
  const stored = new Map([...states].filter((entry): entry is [string, ReleaseState] => entry[1] !== null));
  await plane.ledger.seed(strategy.document, stored, floor + 1, 'graylane up');
  return { kind: 'seeded' };
}

/** Where nothing runs yet, pools are started by the boot itself, which puts up with a canary that does not come up. */
async function adopt(plane: Plane, file: unknown, view: LedgerView): Promise<Origin> {
  const starting = plane.effects.workers().length === 0 ? { ...plane, effects: withoutStarts(plane.effects) } : plane;
  const { changes, notes } = await apply(starting, { document: file, expectedRevision: view.record.revision, dryRun: false, force: false, who: 'graylane up', why: 'the config file changed while nothing ran' });
  return { kind: 'file-applied', changes, notes };
}
