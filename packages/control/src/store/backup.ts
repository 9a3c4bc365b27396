// A backup takes the store's place again: checked before it replaces anything, and what was there is kept.

import { existsSync, renameSync, rmSync } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '../clock.ts';
import { StoreError } from './errors.ts';
import { openSqliteStore } from './sqlite/sqlite-store.ts';
import { synced } from './synced.ts';

/**
 * Puts a backup in the place of the store in `file`; nobody may have the store open. The backup is checked as every store
 * is when it is opened, and the store that was there is kept beside it. Returns the path of that, or null.
 */
export async function restoreBackup(backup: string, file: string, clock: Clock): Promise<string | null> {
  if (!existsSync(backup)) throw new StoreError('io', `there is no backup ${backup}`);
  const draft = `${file}.restore`;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  removeStore(draft);
  await copyFile(backup, draft);
  // Throws what is wrong with it, and the store stays as it is.
  await (await openSqliteStore({ file: draft, clock, holdWaitMs: 0 })).close();
  if (existsSync(file)) await refuseIfHeld(file, clock);
  const aside = moveStoreAside(file);
  for (const suffix of SUFFIXES) if (existsSync(draft + suffix)) renameSync(draft + suffix, file + suffix);
  synced(dirname(file));
  return aside;
}

/** Nobody may have the store open. Returns where it is now, or null when there was none. */
export function moveStoreAside(file: string): string | null {
  if (!existsSync(file)) return null;
  const aside = `${file}.before-restore`;
  removeStore(aside);
  for (const suffix of SUFFIXES) if (existsSync(file + suffix)) renameSync(file + suffix, aside + suffix);
  synced(dirname(file));
  return aside;
}

/** The database, its write-ahead log, and the mark of the last acknowledged revision. */
const SUFFIXES = ['', '-wal', '.revision'] as const;

function removeStore(file: string): void {
  for (const suffix of SUFFIXES) rmSync(file + suffix, { force: true });
}

async function refuseIfHeld(file: string, clock: Clock): Promise<void> {
  try {
    await (await openSqliteStore({ file, clock, holdWaitMs: 0 })).close();
  } catch (error) {
    // A damaged store is what a restore is for; one that somebody writes is not.
    if (error instanceof StoreError && error.failure === 'busy') throw error;
  }
}

