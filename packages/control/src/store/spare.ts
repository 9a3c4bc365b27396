// The last good state beside the store, in a plain file of its own: a store that is damaged or gone is no reason to forget
// which version is stable. Without history and verdicts: what is needed to go on, not what is nice to know.

import { readFileSync, renameSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Cancel, Clock } from '../clock.ts';
import { KEYS_KEY } from '../access/fleet-keys.ts';
import { keys } from '../strategy/record.ts';
import { StoreError } from './errors.ts';
import { LIST_LIMIT } from './store.ts';
import type { CommitResult, Condition, Entry, Store, Write } from './store.ts';
import { synced } from './synced.ts';

export interface SpareOptions {
  readonly file: string;
  readonly clock: Clock;
  /** A spare that cannot be written weakens a later rescue and fails nothing. */
  readonly onFault: (what: string, error: unknown) => void;
}

/** Strategy, what live changes are told against, releases, who may ask, who is told, and what stamps are sealed with. */
const SINGLE: readonly string[] = [keys.strategy, keys.applied, keys.handover, keys.freeze, KEYS_KEY];
const PREFIXES: readonly string[] = [keys.releases, 'token/', 'webhook/'];
/** Many changes in a row are one writing. */
const SETTLE_MS = 1_000;

/** The same store; each change that matters is in the spare about a second later, and before the store is closed. */
export function withSpare(store: Store, { file, clock, onFault }: SpareOptions): Store {
  let cancel: Cancel | null = null;
  let writing: Promise<void> = Promise.resolve();
  const write = (): void => {
    cancel = null;
    writing = writing.then(async () => writeSpare(file, await lasting(store))).catch((error: unknown) => onFault('keep a spare of the strategy', error));
  };
  // The one that is there may be of another store: of before a restore, or of none at all.
  cancel = clock.after(SETTLE_MS, write);
  return {
    ...delegated(store),
    commit: async (conditions: readonly Condition[], writes: readonly Write[]): Promise<CommitResult> => {
      const result = await store.commit(conditions, writes);
      if (result.ok && writes.some(({ key }) => isKept(key))) cancel ??= clock.after(SETTLE_MS, write);
      return result;
    },
    close: async () => {
      if (cancel !== null) {
        cancel();
        write();
      }
      await writing;
      await store.close();
    },
  };
}

/** What a spare holds, as writes into an empty store; null when there is none that can be believed. */
export function readSpare(file: string): readonly Write[] | null {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return null;
  }
  const end = text.indexOf('\n');
  const body = text.slice(end + 1);
  if (end === -1 || text.slice(0, end) !== sumText(body)) return null;
  return (JSON.parse(body) as readonly (readonly [string, string])[]).map(([key, value]) => ({ key, value }));
}

/** Reads go on; each write is refused with `failure`. */
export function refusingWrites(store: Store, failure: StoreError): Store {
  const refuse = (): Promise<never> => Promise.reject(failure);
  return { ...delegated(store), commit: refuse, grant: refuse, renew: refuse, backup: refuse };
}

function delegated(store: Store): Store {
  return {
    revision: () => store.revision(), get: (key) => store.get(key), list: (prefix, options) => store.list(prefix, options),
    commit: (conditions, writes) => store.commit(conditions, writes), watch: (prefix, after, signal) => store.watch(prefix, after, signal),
    grant: (ttlMs) => store.grant(ttlMs), renew: (id) => store.renew(id), revoke: (id) => store.revoke(id), backup: (target) => store.backup(target), close: () => store.close(),
  };
}

function isKept(key: string): boolean {
  return SINGLE.includes(key) || PREFIXES.some((prefix) => key.startsWith(prefix));
}

/** The newest event too: numbers of events go on where they were. */
async function lasting(store: Store): Promise<readonly Entry[]> {
  const singles = await Promise.all(SINGLE.map((key) => store.get(key)));
  const [newest] = await store.list(keys.events, { reverse: true, limit: 1 });
  const lists = await Promise.all(PREFIXES.map((prefix) => all(store, prefix)));
  return [...singles, newest ?? null, ...lists.flat()].filter((entry) => entry !== null);
}

async function all(store: Store, prefix: string): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  for (;;) {
    const last = entries.at(-1);
    const page = await store.list(prefix, last === undefined ? {} : { after: last.key });
    entries.push(...page);
    if (page.length < LIST_LIMIT) return entries;
  }
}

/** Nothing to keep is no reason to forget what is kept. */
async function writeSpare(file: string, entries: readonly Entry[]): Promise<void> {
  if (!entries.some(({ key }) => key === keys.strategy)) return;
  const body = JSON.stringify(entries.map(({ key, value }) => [key, value]));
  const draft = `${file}.part`;
  try {
    const handle = await open(draft, 'w', 0o600);
    try {
      await handle.writeFile(`${sumText(body)}\n${body}`);
      await handle.sync();
    } finally {
      await handle.close();
    }
    renameSync(draft, file);
    synced(dirname(file));
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

function sumText(body: string): string {
  return crc32(body).toString(16).padStart(8, '0');
}
