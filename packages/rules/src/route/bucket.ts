// Where a user falls in [0, 1,000,000): the same key and salt always give the same bucket.

import { BUCKETS } from '../compile/threshold.ts';
import { toBytes } from '../language/utf8.ts';
import type { HashPrefix } from './murmur.ts';
import { hashPrefix, murmur } from './murmur.ts';

/** The bucket of whoever has no key at all: in at 100 % only. */
export const LAST_BUCKET: number = BUCKETS - 1;

/** What all keys of one salt share; the salt in wire form (one character per byte). */
export function saltPrefix(salt: string): HashPrefix {
  return hashPrefix(`${salt}:`);
}

/** The key in wire form. */
export function bucketOfBytes(prefix: HashPrefix, key: string): number {
  // The product stays below 2^52, so the double is exact.
  return Math.floor(murmur(prefix, key) * BUCKETS / 4_294_967_296);
}

/** The bucket of a key as people write it. */
export function bucketOf(salt: string, key: string): number {
  return bucketOfBytes(saltPrefix(toBytes(salt)), toBytes(key));
}
