// Opens the embedded store of one machine, whatever has become of it: as it is, made again from its spare when it is gone,
// or the spare alone and without writing when it is damaged. It must not know what is run by it.

import { existsSync, rmSync } from 'node:fs';
import type { Clock } from '../clock.ts';
import { keys } from '../strategy/record.ts';
import { StoreError } from './errors.ts';
import { readSpare, refusingWrites, withSpare } from './spare.ts';
import { openSqliteStore } from './sqlite/sqlite-store.ts';
import type { Store } from './store.ts';

export interface Opened {
  readonly store: Store;
  readonly condition: StoreCondition;
}

export type StoreCondition =
  | { readonly kind: 'well' }
  /** The file was gone; what is in it now comes from the spare. Events and verdicts of before are lost. */
  | { readonly kind: 'made-again' }
  /** Nothing can be written until a person has restored it. */
  | { readonly kind: 'spare-only'; readonly failure: StoreError };

/** Beside the file: its write-ahead log, and the mark of the last acknowledged revision. */
const LEFTOVERS = ['-wal', '.revision'] as const;

export interface RescueOptions {
  readonly file: string;
  readonly clock: Clock;
  readonly onFault: (what: string, error: unknown) => void;
}

/** Rejects with a StoreError when another process holds the store, or when there is no spare to go on with either. */
export async function openWithSpare({ file, clock, onFault }: RescueOptions): Promise<Opened> {
  const spare = spareFile(file);
  try {
    const wasThere = existsSync(file);
    // What is left of one that is gone says nothing about the one that is made.
    if (!wasThere && readSpare(spare) !== null) for (const suffix of LEFTOVERS) rmSync(file + suffix, { force: true });
    const store = await openSqliteStore({ file, clock });
    const kept = wasThere || (await store.get(keys.strategy)) !== null ? null : readSpare(spare);
    if (kept !== null) await store.commit([], kept);
    return { store: withSpare(store, { file: spare, clock, onFault }), condition: { kind: kept === null ? 'well' : 'made-again' } };
  } catch (error) {
    const kept = error instanceof StoreError && error.failure !== 'busy' ? readSpare(spare) : null;
    if (!(error instanceof StoreError) || kept === null) throw error;
    const memory = await openSqliteStore({ file: ':memory:', clock });
    await memory.commit([], kept);
    return { store: refusingWrites(memory, error), condition: { kind: 'spare-only', failure: error } };
  }
}

export function spareFile(file: string): string {
  return `${file}.spare`;
}
