// The limits of keys, values and commits, checked before anything is written. The same for every store.

import { StoreError } from './errors.ts';
import { KEY_LIMIT_BYTES, VALUE_LIMIT_BYTES, WRITES_LIMIT } from './store.ts';
import type { Write } from './store.ts';

/** Throws a StoreError `too-large`. */
export function checkSizes(writes: readonly Write[]): void {
  if (writes.length > WRITES_LIMIT) throw new StoreError('too-large', `${writes.length} writes in one commit are over the limit of ${WRITES_LIMIT}`);
  if (new Set(writes.map(({ key }) => key)).size < writes.length) throw new StoreError('too-large', 'a commit writes one key twice');
  for (const { key, value } of writes) {
    checkKey(key);
    if (value !== null && Buffer.byteLength(value) > VALUE_LIMIT_BYTES) throw new StoreError('too-large', `the value of '${key}' is over the limit of ${VALUE_LIMIT_BYTES} bytes`);
  }
}

export function checkKey(key: string): void {
  if (key === '' || Buffer.byteLength(key) > KEY_LIMIT_BYTES) throw new StoreError('too-large', `a key of ${Buffer.byteLength(key)} bytes is outside of 1-${KEY_LIMIT_BYTES}`);
}
