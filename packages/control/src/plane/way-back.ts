// A way back that the store cannot take down, on a full disk say, is in force all the same: it is published at once and
// stored as soon as that is possible. Nothing else is: what goes forward needs a store.

import { effectiveDocument } from '../release/effective.ts';
import { transition } from '../release/transition.ts';
import type { Command } from '../release/transition.ts';
import { StoreError } from '../store/errors.ts';
import { lastView } from './change.ts';
import type { Changed, Plane } from './change.ts';
import { snapshotOf } from './publisher.ts';
import type { UnstoredCommand } from './unstored.ts';

export function isWayBack(order: Command): order is UnstoredCommand['order'] {
  return order.verb === 'rollback' || order.verb === 'harm';
}

/** Publishes without storing, or throws `error` again when that would not help: no store failure, or no plain way back. */
export async function publishUnstored(plane: Plane, command: Omit<UnstoredCommand, 'turn'>, error: unknown): Promise<Changed> {
  if (!(error instanceof StoreError) || !(error.passing || error.failure === 'damaged')) throw error;
  const view = await lastView(plane);
  // In force already, and tried again now: nothing new to publish.
  if (plane.unstored.of(command.name) !== null) return { before: view, record: { ...view.record, generation: plane.publisher.generation }, publication: plane.publisher.last, draft: null };
  const state = view.releases.get(command.name);
  if (state === undefined) throw error;
  const outcome = transition(state, command.order, { now: plane.clock.now(), spec: null, stable: {} });
  // After a promotion the way back is a promotion too, and that has to be stored step by step.
  if (outcome.kind !== 'moved' || outcome.state.standing.phase !== 'rolled-back') throw error;
  const states = new Map(plane.unstored.inForce(view.releases)).set(state.name, outcome.state);
  // Compiled here and now, as every way back.
  const snapshot = snapshotOf(effectiveDocument(view.record.document, states));
  const publication = await plane.publisher.publish(snapshot, Math.max(view.record.generation, plane.publisher.generation) + 1, true);
  plane.unstored.add({ ...command, turn: state.turn });
  return { before: view, record: { ...view.record, generation: publication.generation }, publication, draft: null };
}
