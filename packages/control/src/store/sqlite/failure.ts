// What SQLite throws, as the store's closed list of failures. It must not know what was asked.

import { StoreError, type StoreFailure } from '../errors.ts';

/** Primary result codes (sqlite.org/rescode.html) that mean something of their own here. */
const FAILURES: ReadonlyMap<number, StoreFailure> = new Map([
  [5, 'busy'], [6, 'busy'], [8, 'read-only'], [10, 'io'], [11, 'damaged'], [13, 'full'], [14, 'io'], [26, 'damaged'],
]);

/** Turns what `node:sqlite` throws into a StoreError; any other error comes back as it is. */
export function fromSqlite(thrown: unknown, file: string): Error {
  if (!(thrown instanceof Error)) return new Error(String(thrown));
  if (thrown instanceof StoreError || !('errcode' in thrown) || typeof thrown.errcode !== 'number') return thrown;
  const failure = FAILURES.get(thrown.errcode & 0xff) ?? 'io';
  return new StoreError(failure, `${file}: ${thrown.message}`, { cause: thrown });
}

export function damaged(file: string, detail: string): StoreError {
  return new StoreError('damaged', `${file} is damaged: ${detail}. Running workers go on under their last strategy. Restore a backup, or move the file and its .spare away to start from the config file again.`);
}
