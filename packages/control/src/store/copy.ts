// Everything that lasts, from one store to another, whatever both are made of. What hangs on a lease is not copied:
// offices and announcements belong to processes that run.

import { renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock } from '../clock.ts';
import { StoreError } from './errors.ts';
import { openSqliteStore } from './sqlite/sqlite-store.ts';
import { LIST_LIMIT } from './store.ts';
import type { Entry, Store } from './store.ts';
import { synced } from './synced.ts';

/** Keys under these prefixes live with a process. */
const PASSING_PREFIXES: readonly string[] = ['election/', 'live/'];
/** Written last: a copy that was cut short has no strategy, and is taken for an empty store. */
const LAST_KEY = 'strategy';
/** What etcd takes in one request with its default limits. */
const BATCH_WRITES = 64;
const BATCH_BYTES: number = 512 * 1024;
/** A store that changes all the time cannot be read at one moment; five quiet reads are not asked of it. */
const ATTEMPTS = 5;

export interface Copied {
  readonly entries: number;
  readonly strategy: boolean;
}

/** Throws `busy` when the target has a strategy already, or the source does not hold still. */
export async function copyStore(from: Store, to: Store): Promise<Copied> {
  if ((await to.get(LAST_KEY)) !== null) throw new StoreError('busy', 'there is a strategy in the target already; a copy goes into an empty one (another cluster name, another file)');
  const entries = await entriesAtOneMoment(from);
  const strategy = entries.find(({ key }) => key === LAST_KEY);
  for (const batch of batchesOf(entries.filter((entry) => entry !== strategy))) await to.commit([], batch.map(({ key, value }) => ({ key, value })));
  if (strategy !== undefined) {
    const { ok } = await to.commit([{ key: LAST_KEY, revision: 0 }], [{ key: LAST_KEY, value: strategy.value }]);
    if (!ok) throw new StoreError('busy', 'somebody else wrote a strategy into the target meanwhile');
  }
  return { entries: entries.length, strategy: strategy !== undefined };
}

/** A copy as an embedded store in a file, which appears only when it is complete and on disk. */
export async function writeCopy(from: Store, target: string, clock: Clock): Promise<void> {
  const draft = `${target}.part`;
  const files = [draft, `${draft}-wal`, `${draft}.revision`];
  for (const file of files) rmSync(file, { force: true });
  const store = await openSqliteStore({ file: draft, clock });
  try {
    await copyStore(from, store);
  } finally {
    await store.close();
  }
  synced(draft);
  renameSync(draft, target);
  for (const file of files) rmSync(file, { force: true });
  synced(dirname(target));
}

/** Read twice and the same: what is copied stood together at one moment. */
async function entriesAtOneMoment(store: Store): Promise<readonly Entry[]> {
  let before = await lasting(store);
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const again = await lasting(store);
    if (sameEntries(before, again)) return again;
    before = again;
  }
  throw new StoreError('busy', `the store changed ${ATTEMPTS} times while it was read; stop who writes it, or freeze the releases, and try again`);
}

async function lasting(store: Store): Promise<readonly Entry[]> {
  const all: Entry[] = [];
  for (;;) {
    const last = all.at(-1);
    const page = await store.list('', last === undefined ? {} : { after: last.key });
    all.push(...page);
    if (page.length < LIST_LIMIT) return all.filter(({ key }) => !PASSING_PREFIXES.some((prefix) => key.startsWith(prefix)));
  }
}

function sameEntries(one: readonly Entry[], other: readonly Entry[]): boolean {
  return one.length === other.length && one.every(({ key, revision }, index) => other[index]?.key === key && other[index].revision === revision);
}

function batchesOf(entries: readonly Entry[]): Entry[][] {
  const batches: Entry[][] = [];
  let bytes = Infinity;
  for (const entry of entries) {
    const size = entry.key.length + entry.value.length;
    if (bytes + size > BATCH_BYTES || (batches.at(-1)?.length ?? 0) >= BATCH_WRITES) {
      batches.push([]);
      bytes = 0;
    }
    batches.at(-1)?.push(entry);
    bytes += size;
  }
  return batches;
}
