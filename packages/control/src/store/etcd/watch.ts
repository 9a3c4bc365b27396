// A watch that outlives its connections: after each end it goes on behind the last revision it has shown, or says that it cannot.

import type { Clock } from '../../clock.ts';
import { StoreError } from '../errors.ts';
import type { Change } from '../store.ts';
import { keyOf, keyText, prefixEnd, textOf } from './codec.ts';
import type { RawPair } from './codec.ts';
import type { EtcdConnection } from './connection.ts';

interface WatchLine {
  readonly result?: {
    readonly header?: { readonly revision?: string };
    readonly events?: readonly { readonly type?: 'DELETE'; readonly kv?: RawPair }[];
    readonly canceled?: boolean;
    readonly compact_revision?: string;
    readonly cancel_reason?: string;
  };
  readonly error?: { readonly message?: string };
}

export interface WatchPlan {
  readonly connection: EtcdConnection;
  readonly clock: Clock;
  readonly prefix: string;
  /** Under the prefix. */
  readonly keys: string;
  readonly after: number;
  readonly signal: AbortSignal;
}

/** Doubled after each failure up to the longest: a cluster that is away is looked for about once a second. */
const RETRY_MS = 100;
const LONGEST_RETRY_MS = 1_000;

export async function* watchEtcd(plan: WatchPlan): AsyncGenerator<Change> {
  let seen = plan.after;
  let wait = RETRY_MS;
  while (!plan.signal.aborted) {
    try {
      for await (const line of plan.connection.stream<WatchLine>('/v3/watch', requestOf(plan, seen), plan.signal)) {
        const { changes, revision } = read(line, plan.prefix);
        for (const change of changes) {
          if (isAborted(plan.signal)) return;
          if (change.revision > seen) yield change;
        }
        // A whole revision comes in one line: going on behind it leaves nothing out.
        seen = Math.max(seen, revision);
        wait = RETRY_MS;
      }
    } catch (error) {
      if (isAborted(plan.signal)) return;
      if (error instanceof StoreError && !error.passing) throw error;
    }
    await pause(plan, wait);
    wait = Math.min(LONGEST_RETRY_MS, wait * 2);
  }
}

function requestOf({ prefix, keys }: WatchPlan, seen: number): unknown {
  // From the last revision on and not behind it: a compaction at the very next one drops its deletes and tells nobody
  // who asks from there (etcd before 3.4.34 and 3.5.16), while who asks from before it is told.
  // With progress_notify, a quiet prefix is not taken for one that has missed what was compacted.
  return { create_request: { key: keyText(prefix + keys), range_end: prefixEnd(prefix + keys), start_revision: String(Math.max(1, seen)), progress_notify: true } };
}

function read({ result, error }: WatchLine, prefix: string): { readonly changes: readonly Change[]; readonly revision: number } {
  if (result?.canceled === true) {
    if (Number(result.compact_revision ?? 0) > 0) throw new StoreError('compacted', `etcd keeps no revisions before ${result.compact_revision ?? ''}; read anew and watch from there`);
    throw new StoreError('io', `etcd ended the watch: ${result.cancel_reason ?? 'no reason given'}`);
  }
  if (error !== undefined) throw new StoreError('io', `etcd ended the watch: ${error.message ?? 'no reason given'}`);
  const changes = (result?.events ?? []).map(({ type, kv = {} }): Change => ({ revision: Number(kv.mod_revision ?? 0), key: keyOf(kv, prefix), value: type === 'DELETE' ? null : textOf(kv.value) }));
  const last = changes.at(-1)?.revision;
  // The header of a line with events may be ahead of them; of one without, all before it was shown.
  return { changes, revision: last ?? (result?.events === undefined && !isCreated(result) ? Number(result?.header?.revision ?? 0) : 0) };
}

/** The first line says that the watch stands; its revision may be beyond what is still to be shown. */
function isCreated(result: WatchLine['result']): boolean {
  return result !== undefined && 'created' in result;
}

function pause({ clock, signal }: WatchPlan, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.after(ms, done);
    function done(): void {
      cancel();
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done, { once: true });
  });
}

/** In a function, so that the compiler does not take the flag for settled across a yield. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
