// Everything that a change is built on, as it stood at one commit. Each commit writes the strategy's key: while the revision of that
// one stays, all of this does. It must not know how it is read or written.

import type { StrategyDocument } from '@graylane/rules';
import { allStates } from '../release/effective.ts';
import type { ReleaseState } from '../release/state.ts';
import { keys } from '../strategy/record.ts';
import type { Handover, StrategyRecord } from '../strategy/record.ts';

/** Everything at one moment; a change is built on it and fails if it moved meanwhile. */
export interface LedgerView {
  readonly record: StrategyRecord;
  readonly releases: ReadonlyMap<string, ReleaseState>;
  readonly applied: StrategyDocument;
  readonly handover: Handover | null;
  readonly freeze: string | null;
  /** What it was made of. */
  readonly contents: Contents;
}

export interface Held {
  readonly revision: number;
  /** Of the type that goes with the key; nobody but the ledger writes there. */
  readonly value: unknown;
}

export interface Contents {
  readonly values: ReadonlyMap<string, Held>;
  /** Its number; 0 when there is none. */
  readonly newestEvent: number;
}

export interface Put {
  readonly key: string;
  /** Null takes it away. */
  readonly value: unknown;
}

/** Read one by one, beside all releases. */
export const SINGLE_KEYS: readonly string[] = [keys.applied, keys.handover, keys.freeze];

/** Null before the first strategy. */
export function viewOf(contents: Contents): LedgerView | null {
  const { values } = contents;
  const record = valueAt(values, keys.strategy) as StrategyRecord | null;
  if (record === null) return null;
  return {
    record,
    releases: allStates(record.document, storedReleases(values), record.at),
    applied: (valueAt(values, keys.applied) as StrategyDocument | null) ?? record.document,
    handover: valueAt(values, keys.handover) as Handover | null,
    freeze: valueAt(values, keys.freeze) as string | null,
    contents,
  };
}

/** The store's revision of a key; 0 when it is not there. */
export function revisionAt({ values }: Contents, key: string): number {
  return values.get(key)?.revision ?? 0;
}

/** Those that have a state of their own, in the order of their names. */
export function storedReleases(values: ReadonlyMap<string, Held>): readonly ReleaseState[] {
  return [...values].filter(([key]) => key.startsWith(keys.releases)).sort(([one], [other]) => (one < other ? -1 : 1)).map(([, { value }]) => value as ReleaseState);
}

/** What is there once `puts` are committed on top. */
export function contentsAfter(before: Contents, puts: readonly Put[], revision: number): Contents {
  const values = new Map(before.values);
  let { newestEvent } = before;
  for (const { key, value } of puts) {
    if (key.startsWith(keys.events)) {
      if (value !== null) newestEvent = Math.max(newestEvent, Number(key.slice(keys.events.length)));
    } else if (value === null) {
      values.delete(key);
    } else if (key === keys.strategy || key.startsWith(keys.releases) || SINGLE_KEYS.includes(key)) {
      values.set(key, { revision, value });
    }
  }
  return { values, newestEvent };
}

function valueAt(values: ReadonlyMap<string, Held>, key: string): unknown {
  return values.get(key)?.value ?? null;
}
