// The embedded store: one file of node:sqlite, one writer, every acknowledged commit on disk. It must not know what is stored.

import type { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../../clock.ts';
import { StoreError } from '../errors.ts';
import { checkSizes } from '../sizes.ts';
import { LIST_LIMIT } from '../store.ts';
import type { Change, CommitResult, Condition, Entry, Lease, ListOptions, Store, Write } from '../store.ts';
import { IN_MEMORY, copyDatabase, inTransaction, openDatabase } from './database.ts';
import { damaged, fromSqlite } from './failure.ts';
import { metaNumber } from './layout.ts';
import { LeaseTable } from './leases.ts';
import { RevisionMark } from './mark.ts';
import { LAST_KEY, changeOf, entryOf, prefixEnd, rowSum } from './rows.ts';
import { StandingFile } from './standing.ts';
import { prepareStatements, type Statements } from './statements.ts';
import { Watchers } from './watchers.ts';

export interface SqliteOptions {
  /** `:memory:` keeps nothing. */
  readonly file: string;
  readonly clock: Clock;
  /** How long to wait for another process that holds the file: a supervisor that is being replaced. */
  readonly holdWaitMs?: number;
  /** How many revisions a watcher may be behind before it has to read anew. */
  readonly historyRevisions?: number;
}

const HOLD_WAIT_MS = 5_000;
const HOLD_POLL_MS = 50;
/** Some minutes of changes at the highest rate, so that a watcher that was away catches up without reading all. */
const HISTORY_REVISIONS = 5_000;
/** History is a convenience: it never holds more than this, however large the values. */
const HISTORY_LIMIT_BYTES: number = 128 * 1024 * 1024;
/** Compacting is amortised over so many commits. */
const COMPACT_EVERY = 256;
/** One read of a watcher; what it has not taken yet stays on disk. */
const WATCH_BATCH = 64;

/** Opens or creates the store. Rejects with a StoreError: `busy`, `damaged`, `newer`, `read-only`, `full` or `io`. */
export async function openSqliteStore(options: SqliteOptions): Promise<Store> {
  const deadline = options.clock.monotonic() + (options.holdWaitMs ?? HOLD_WAIT_MS);
  for (;;) {
    try {
      return new SqliteStore(openDatabase(options.file), options);
    } catch (error) {
      const failure = fromSqlite(error, options.file);
      const held = failure instanceof StoreError && failure.failure === 'busy';
      if (!held || options.clock.monotonic() >= deadline) throw held ? heldByAnother(options.file, failure) : failure;
      await new Promise<void>((resolve) => options.clock.after(HOLD_POLL_MS, resolve));
    }
  }
}

function heldByAnother(file: string, cause: StoreError): StoreError {
  return new StoreError('busy', `${file} is held by another process. Only one control plane writes a store: stop the other one, or name another folder.`, { cause });
}

class SqliteStore implements Store {
  readonly #db: DatabaseSync;
  readonly #file: string;
  readonly #historyRevisions: number;
  readonly #mark: RevisionMark;
  readonly #standing: StandingFile;
  readonly #watchers: Watchers;
  readonly #leases: LeaseTable;
  readonly #statements: Statements;
  #revision: number;
  #compacted: number;
  #closed = false;

  constructor(db: DatabaseSync, options: SqliteOptions) {
    this.#db = db;
    this.#file = options.file;
    this.#historyRevisions = options.historyRevisions ?? HISTORY_REVISIONS;
    this.#revision = metaNumber(db, 'revision', options.file);
    this.#compacted = metaNumber(db, 'compacted', options.file);
    this.#mark = new RevisionMark(options.file === IN_MEMORY ? null : `${options.file}.revision`);
    this.#standing = new StandingFile(options.file === IN_MEMORY ? null : options.file);
    const marked = this.#mark.read();
    if (marked > this.#revision) {
      db.close();
      throw damaged(options.file, `it ends at revision ${this.#revision}, but revision ${marked} had been acknowledged`);
    }
    this.#statements = prepareStatements(db);
    this.#watchers = new Watchers();
    this.#leases = new LeaseTable(db, options.clock, (id) => this.#expire(id));
  }

  revision(): Promise<number> {
    return this.#run(() => this.#revision);
  }

  get(key: string): Promise<Entry | null> {
    return this.#run(() => this.#read(key));
  }

  list(prefix: string, options: ListOptions = {}): Promise<readonly Entry[]> {
    return this.#run(() => {
      const end = prefixEnd(prefix);
      const limit = Math.max(0, Math.min(options.limit ?? LIST_LIMIT, LIST_LIMIT));
      const rows = options.reverse === true
        ? this.#statements.listDown.all(prefix, options.after === undefined || options.after > end ? end : options.after, limit)
        : this.#statements.listUp.all(prefix, options.after ?? '', end, limit);
      return rows.map((row) => entryOf(row, this.#file));
    });
  }

  commit(conditions: readonly Condition[], writes: readonly Write[]): Promise<CommitResult> {
    return this.#run(() => {
      checkSizes(writes);
      const found = conditions
        .map(({ key, revision }) => ({ key, revision, entry: this.#read(key) }))
        .filter(({ revision, entry }) => (entry?.revision ?? 0) !== revision)
        .map(({ key, entry }) => ({ key, entry }));
      if (found.length > 0) return { ok: false, revision: this.#revision, found };
      const effective = writes.filter(({ key, value }) => value !== null || this.#read(key) !== null);
      if (effective.length > 0) this.#write(effective);
      return { ok: true, revision: this.#revision };
    });
  }

  async *watch(prefix: string, after: number, signal: AbortSignal): AsyncIterable<Change> {
    const end = prefixEnd(prefix);
    const place = this.#watchers.enter();
    let seen = after;
    let seenKey = LAST_KEY;
    try {
      while (!signal.aborted) {
        const upTo = this.#revisionNow();
        if (seen < this.#compacted) throw new StoreError('compacted', `revisions up to ${this.#compacted} are no longer kept; read anew and watch from there`);
        const changes = await this.#run(() => this.#statements.changes.all(seen, seenKey, prefix, end, WATCH_BATCH).map((row) => changeOf(row, this.#file)));
        for (const change of changes) {
          if (isAborted(signal)) return;
          yield change;
          seen = change.revision;
          seenKey = change.key;
        }
        if (changes.length > 0) continue;
        if (upTo > seen) {
          seen = upTo;
          seenKey = LAST_KEY;
        }
        if (!(await place.next(seen, signal))) return;
      }
    } finally {
      place.leave();
    }
  }

  grant(ttlMs: number): Promise<Lease> {
    return this.#run(() => this.#leases.grant(ttlMs));
  }

  renew(id: string): Promise<boolean> {
    return this.#run(() => this.#leases.renew(id));
  }

  revoke(id: string): Promise<void> {
    return this.#run(() => {
      if (this.#leases.has(id)) this.#expire(id);
    });
  }

  backup(target: string): Promise<void> {
    return this.#run(() => copyDatabase(this.#db, target));
  }

  close(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#closed = true;
    this.#leases.close();
    this.#watchers.close();
    this.#mark.close();
    this.#db.close();
    return Promise.resolve();
  }

  /** Makes a promise of what is synchronous here, so that callers are ready for a store that is not. */
  #run<T>(body: () => T): Promise<T> {
    try {
      this.#revisionNow();
      return Promise.resolve(body());
    } catch (error) {
      return Promise.reject(fromSqlite(error, this.#file));
    }
  }

  #revisionNow(): number {
    if (this.#closed) throw new StoreError('closed', `${this.#file} is closed`);
    return this.#revision;
  }

  #write(writes: readonly Write[]): void {
    this.#standing.check();
    const revision = this.#revision + 1;
    const compactTo = revision % COMPACT_EVERY === 0 ? this.#compactionPoint(revision) : this.#compacted;
    inTransaction(this.#db, () => {
      for (const { key, value, lease } of writes) this.#writeOne(revision, key, value, lease ?? null);
      this.#statements.setMeta.run(revision, 'revision');
      if (compactTo > this.#compacted) {
        this.#statements.forget.run(compactTo);
        this.#statements.setMeta.run(compactTo, 'compacted');
      }
    });
    this.#revision = revision;
    this.#compacted = compactTo;
    this.#markWritten(revision);
    this.#watchers.announce(revision);
  }

  /** The commit is on disk: a mark that cannot be written weakens a later check and fails nothing. */
  #markWritten(revision: number): void {
    try {
      this.#mark.write(revision);
    } catch {
      this.#mark.close();
    }
  }

  #writeOne(revision: number, key: string, value: string | null, lease: string | null): void {
    if (lease !== null && !this.#leases.has(lease)) throw new StoreError('too-large', `lease '${lease}' is gone`);
    const sum = rowSum(key, value, revision);
    if (value === null) this.#statements.remove.run(key);
    else this.#statements.put.run(key, value, revision, revision, lease, sum);
    this.#statements.log.run(revision, key, value, sum);
  }

  #compactionPoint(revision: number): number {
    const byCount = revision - this.#historyRevisions;
    const byBytes = this.#statements.overBytes.get(HISTORY_LIMIT_BYTES)?.['revision'];
    return Math.max(this.#compacted, byCount, typeof byBytes === 'number' ? byBytes : 0);
  }

  #expire(id: string): void {
    const keys = this.#statements.byLease.all(id).map((row) => ({ key: String(row['key']), value: null }));
    // Keys first: a crash in between leaves a lease that expires again, never keys that nobody removes.
    if (keys.length > 0) this.#write(keys);
    this.#leases.forget(id);
  }

  #read(key: string): Entry | null {
    const row = this.#statements.get.get(key);
    return row === undefined ? null : entryOf(row, this.#file);
  }
}

/** In a function, so that the compiler does not take the flag for settled across a yield. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
