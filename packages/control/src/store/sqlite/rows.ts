// Rows of the embedded store, believed only in the right shape and with the sum that they were written with. It must not know who
// reads them, nor what keys and values mean.

import { crc32 } from 'node:zlib';
import type { Change, Entry } from '../store.ts';
import { damaged } from './failure.ts';
import type { Row } from './statements.ts';

/** Beyond every key, which are ASCII. */
export const LAST_KEY = '\u{10ffff}';

/** SQLite's pages carry no checksum, so that each row has one of its own. */
export function rowSum(key: string, value: string | null, revision: number): number {
  return crc32(`${revision}\0${key}\0${value === null ? '-' : `+${value}`}`);
}

/** Throws StoreError `damaged`. */
export function entryOf(row: Row, file: string): Entry {
  const { key, value, revision } = changeOf(row, file, 'entries');
  const { created } = row;
  if (value === null || typeof created !== 'number') throw damaged(file, 'a row of entries has the wrong shape');
  return { key, value, revision, created };
}

/** Throws StoreError `damaged`, which names the table. */
export function changeOf(row: Row, file: string, table: 'entries' | 'changes' = 'changes'): Change {
  const { key, value, revision, sum } = row;
  if (typeof key !== 'string' || (typeof value !== 'string' && value !== null) || typeof revision !== 'number') throw damaged(file, `a row of ${table} has the wrong shape`);
  if (rowSum(key, value, revision) !== sum) throw damaged(file, `the checksum of ${table} '${key}' at revision ${revision} does not match`);
  return { key, value, revision };
}

/** The smallest text beyond all that begin with `prefix`. */
export function prefixEnd(prefix: string): string {
  if (prefix === '') return LAST_KEY;
  return prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
}
