// Runs in a file system of one megabyte: fills it, sees the refusal, makes room, and goes on with the same open store.

import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/clock.ts';
import { StoreError } from '../../src/store/errors.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';

const [, , dir = ''] = process.argv;
const store = await openSqliteStore({ file: join(dir, 'store.db'), clock: systemClock });
await store.commit([], [{ key: 'a', value: 'before' }]);
fill(join(dir, 'ballast'));

let acknowledged = 0;
let refusal: unknown = null;
for (let n = 1; refusal === null && n < 1_000; n += 1) {
  try {
    await store.commit([], [{ key: 'n', value: String(n).padStart(4_000, '0') }]);
    acknowledged = n;
  } catch (error) {
    refusal = error;
  }
}
assert.ok(refusal instanceof StoreError && (refusal.failure === 'full' || refusal.failure === 'io'), String(refusal));
assert.equal((await store.get('a'))?.value, 'before');
assert.equal(Number((await store.get('n'))?.value ?? 0), acknowledged);

rmSync(join(dir, 'ballast'));
await store.commit([], [{ key: 'a', value: 'after' }]);
assert.equal((await store.get('a'))?.value, 'after');
await store.close();
process.stdout.write('full, then readable, then writable\n');

function fill(path: string): void {
  for (let size = 900 * 1_024; size > 0; size -= 8 * 1_024) {
    try {
      writeFileSync(path, Buffer.alloc(size));
      return;
    } catch {
      rmSync(path, { force: true });
    }
  }
}
