// What the releases' states and the strategy document together put in force. Pure.

import type { ReleaseSpec, StrategyDocument } from '@graylane/rules';
import { firstState } from './transition.ts';
import { isLive, isOver } from './state.ts';
import type { ReleaseState } from './state.ts';
import { own } from '../own.ts';

/**
 * All states: those that are stored, and for releases that nothing has happened to, the one that follows from having no plan.
 * So ten thousand plain releases need no ten thousand entries.
 */
export function allStates(document: StrategyDocument, stored: readonly ReleaseState[], at: number): ReadonlyMap<string, ReleaseState> {
  const states = new Map(stored.map((state) => [state.name, state]));
  for (const spec of document.releases ?? []) {
    if (!states.has(spec.name)) states.set(spec.name, { ...firstState(spec, at, IN_FORCE), turn: 0 });
  }
  return states;
}

const IN_FORCE = 'in force since it was applied';

/** The document with only those releases that requests can enter: this is what is compiled and published. */
export function effectiveDocument(document: StrategyDocument, states: ReadonlyMap<string, ReleaseState>): StrategyDocument {
  const releases = (document.releases ?? []).filter((spec) => {
    const state = states.get(spec.name);
    return state === undefined ? !hasPlan(spec) : isLive(state);
  });
  return { ...document, releases };
}

export interface Reconciled {
  /** New or changed states; null drops one. */
  readonly states: ReadonlyMap<string, ReleaseState | null>;
  readonly notes: readonly string[];
}

/** The states that follow when `document` becomes the strategy. */
export function reconcileStates(document: StrategyDocument, states: ReadonlyMap<string, ReleaseState>, now: number, why: string): Reconciled {
  const changed = new Map<string, ReleaseState | null>();
  const notes: string[] = [];
  for (const spec of document.releases ?? []) {
    const state = states.get(spec.name);
    const next = state === undefined ? planned(spec, now, why) : follow(state, spec, now, why);
    if (next !== null) changed.set(spec.name, next);
    if (next?.standing.phase === 'pending') notes.push(`the release '${spec.name}' waits for its start: graylane start ${spec.name}`);
    if (next === null && state?.standing.phase === 'rolled-back') notes.push(`the release '${spec.name}' was rolled back and stays so: graylane start ${spec.name} to try again`);
  }
  const named = new Set((document.releases ?? []).map(({ name }) => name));
  for (const state of states.values()) {
    // A release that is over has left the document or may leave it; its history stays.
    const busy = state.standing.phase === 'promoting' || state.standing.phase === 'rolling-back';
    if (!named.has(state.name) && !isOver(state) && !busy) changed.set(state.name, null);
  }
  return { states: changed, notes };
}

/** Null for a release without plan: it is in force by being there. */
function planned(spec: ReleaseSpec, now: number, why: string): ReleaseState | null {
  return hasPlan(spec) ? firstState(spec, now, why) : null;
}

function hasPlan(spec: ReleaseSpec): boolean {
  return (spec.steps?.length ?? 0) > 0;
}

/** Null when nothing changes for the release. */
function follow(state: ReleaseState, spec: ReleaseSpec, now: number, why: string): ReleaseState | null {
  if (!sameVersions(state.spec.versions, spec.versions)) return { ...firstState(spec, now, why), turn: state.turn + 1, attempt: state.attempt + 1 };
  if (isOver(state) || state.turn === 0) return null;
  return JSON.stringify(state.spec) === JSON.stringify(spec) ? null : { ...state, spec };
}

function sameVersions(one: Readonly<Record<string, string>>, other: Readonly<Record<string, string>>): boolean {
  const services = Object.keys(one);
  return services.length === Object.keys(other).length && services.every((service) => own(one, service) === own(other, service));
}
