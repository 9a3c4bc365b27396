// Keys and values as etcd's gateway writes them: base64, numbers as text, large values compressed. It must not ask anything.

import { gunzipSync, gzipSync } from 'node:zlib';
import { StoreError } from '../errors.ts';
import type { Entry } from '../store.ts';

/** A pair as the gateway sends it; what is zero or empty is left out. */
export interface RawPair {
  readonly key?: string;
  readonly value?: string;
  readonly create_revision?: string;
  readonly mod_revision?: string;
}

/** etcd refuses requests over 1.5 MB unless told otherwise; a strategy of 10,000 releases is 4 MB of JSON and 0.2 MB compressed. */
const COMPRESS_FROM_BYTES: number = 16 * 1024;
const GZIP_MAGIC = 0x1f8b;

export function keyText(key: string): string {
  return Buffer.from(key, 'utf8').toString('base64');
}

/** The smallest key beyond all that begin with `prefix`, which is never empty here. */
export function prefixEnd(prefix: string): string {
  const bytes = Buffer.from(prefix, 'utf8');
  const last = bytes.length - 1;
  // No byte of UTF-8 is 0xff, so that the last one can always be raised.
  bytes[last] = (bytes[last] ?? 0) + 1;
  return bytes.toString('base64');
}

export function valueText(value: string): string {
  const bytes = Buffer.from(value, 'utf8');
  return (bytes.length < COMPRESS_FROM_BYTES ? bytes : gzipSync(bytes)).toString('base64');
}

/** A compressed value begins with two bytes that no UTF-8 text begins with. */
export function textOf(value: string | undefined): string {
  const bytes = Buffer.from(value ?? '', 'base64');
  if (bytes.length < 2 || bytes.readUInt16BE(0) !== GZIP_MAGIC) return bytes.toString('utf8');
  try {
    return gunzipSync(bytes).toString('utf8');
  } catch (error) {
    throw new StoreError('damaged', 'a compressed value in etcd cannot be read', { cause: error });
  }
}

export function keyOf({ key }: RawPair, prefix: string): string {
  return Buffer.from(key ?? '', 'base64').toString('utf8').slice(prefix.length);
}

export function entryOf(pair: RawPair, prefix: string): Entry {
  return { key: keyOf(pair, prefix), value: textOf(pair.value), revision: Number(pair.mod_revision ?? 0), created: Number(pair.create_revision ?? 0) };
}
