// The tables of the embedded store and the check that what is in them is what was written. It must not know keys or meanings.

import type { DatabaseSync } from 'node:sqlite';
import { StoreError } from '../errors.ts';
import { damaged } from './failure.ts';
import { changeOf } from './rows.ts';

/** Kept in SQLite's `user_version`; a store of a later layout is refused, never guessed at. */
const LAYOUT_VERSION = 1;

const TABLES = `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE entries (
    key TEXT PRIMARY KEY, value TEXT NOT NULL, revision INTEGER NOT NULL, created INTEGER NOT NULL, lease TEXT, sum INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX entries_by_lease ON entries (lease) WHERE lease IS NOT NULL;
  CREATE TABLE changes (
    revision INTEGER NOT NULL, key TEXT NOT NULL, value TEXT, sum INTEGER NOT NULL, PRIMARY KEY (revision, key)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE leases (id TEXT PRIMARY KEY, ttl INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO meta VALUES ('revision', 0), ('compacted', 0);
`;

/** Makes the tables in an empty file; throws StoreError `newer` on a layout that this code does not know. */
export function prepareLayout(db: DatabaseSync, file: string): void {
  const found = Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
  if (found === LAYOUT_VERSION) return;
  if (found !== 0) {
    throw new StoreError('newer', `${file} has layout ${found}; this graylane reads layout ${LAYOUT_VERSION}. Use the graylane that wrote it.`);
  }
  db.exec(`BEGIN IMMEDIATE; ${TABLES} PRAGMA user_version = ${LAYOUT_VERSION}; COMMIT;`);
}

/** Throws StoreError `damaged` naming the first thing that is not as it was written. */
export function checkContents(db: DatabaseSync, file: string): void {
  const verdict = db.prepare('PRAGMA integrity_check(1)').get()?.['integrity_check'];
  if (verdict !== 'ok') throw damaged(file, String(verdict));
  const revision = metaNumber(db, 'revision', file);
  for (const table of ['entries', 'changes'] as const) {
    for (const row of db.prepare(`SELECT key, value, revision, sum FROM ${table}`).iterate()) {
      const { key, revision: written } = changeOf(row, file, table);
      if (written > revision) throw damaged(file, `${table} '${key}' is of revision ${written}, beyond the store's ${revision}`);
    }
  }
}

export function metaNumber(db: DatabaseSync, name: 'revision' | 'compacted', file: string): number {
  const value = db.prepare('SELECT value FROM meta WHERE name = ?').get(name)?.['value'];
  if (typeof value !== 'number') throw damaged(file, `the ${name} is missing`);
  return value;
}
