// The file of the embedded store, open for this process alone: how it is opened, written in one piece and copied. It must not know keys.

import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StoreError } from '../errors.ts';
import { synced } from '../synced.ts';
import { checkContents, prepareLayout } from './layout.ts';

/** Keeps nothing. */
export const IN_MEMORY = ':memory:';

/** Throws StoreErrors and what SQLite throws. */
export function openDatabase(file: string): DatabaseSync {
  try {
    if (file !== IN_MEMORY) mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new StoreError('io', `cannot make the folder of ${file}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  const db = new DatabaseSync(file, { timeout: 0 });
  try {
    // Exclusive before the first access: no other process can write, and no shared-memory file is needed.
    db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;');
    db.exec('BEGIN IMMEDIATE; COMMIT;');
    prepareLayout(db, file);
    checkContents(db, file);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** All that `body` writes, or nothing of it when it throws. On disk when this returns. */
export function inTransaction(db: DatabaseSync, body: () => void): void {
  db.exec('BEGIN IMMEDIATE');
  try {
    body();
    db.exec('COMMIT');
  } catch (error) {
    // SQLite rolls back by itself on some failures (a full disk among them) and not on others.
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

/** A whole copy, which appears under its name only when it is complete and on disk. */
export function copyDatabase(db: DatabaseSync, target: string): void {
  const draft = `${target}.part`;
  rmSync(draft, { force: true });
  try {
    db.prepare('VACUUM INTO ?').run(draft);
    synced(draft);
    renameSync(draft, target);
    synced(dirname(target));
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}
