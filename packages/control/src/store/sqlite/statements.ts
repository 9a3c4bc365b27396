// Every statement of the embedded store, prepared once. It must not know when they run.

import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** One row as SQLite gives it: nothing of it is believed before it was looked at. */
export type Row = ReturnType<StatementSync['all']>[number];

export type Statements = Readonly<Record<'get' | 'listUp' | 'listDown' | 'put' | 'remove' | 'log' | 'setMeta' | 'changes' | 'forget' | 'byLease' | 'overBytes', StatementSync>>;

export function prepareStatements(db: DatabaseSync): Statements {
  return {
    get: db.prepare('SELECT key, value, revision, created, sum FROM entries WHERE key = ?'),
    listUp: db.prepare('SELECT key, value, revision, created, sum FROM entries WHERE key >= ? AND key > ? AND key < ? ORDER BY key LIMIT ?'),
    listDown: db.prepare('SELECT key, value, revision, created, sum FROM entries WHERE key >= ? AND key < ? ORDER BY key DESC LIMIT ?'),
    put: db.prepare(`INSERT INTO entries (key, value, revision, created, lease, sum) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (key) DO UPDATE SET value = excluded.value, revision = excluded.revision, lease = excluded.lease, sum = excluded.sum`),
    remove: db.prepare('DELETE FROM entries WHERE key = ?'),
    log: db.prepare('INSERT INTO changes (revision, key, value, sum) VALUES (?, ?, ?, ?)'),
    setMeta: db.prepare('UPDATE meta SET value = ? WHERE name = ?'),
    changes: db.prepare('SELECT key, value, revision, sum FROM changes WHERE (revision, key) > (?, ?) AND key >= ? AND key < ? ORDER BY revision, key LIMIT ?'),
    forget: db.prepare('DELETE FROM changes WHERE revision <= ?'),
    byLease: db.prepare('SELECT key FROM entries WHERE lease = ?'),
    overBytes: db.prepare(`SELECT max(revision) AS revision FROM
      (SELECT revision, sum(length(value)) OVER (ORDER BY revision DESC, key) AS bytes FROM changes) WHERE bytes > ?`),
  };
}
