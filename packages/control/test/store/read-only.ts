// Makes a store in a folder, or opens the one that is there and says how that fails.

import { join } from 'node:path';
import { systemClock } from '../../src/clock.ts';
import { StoreError } from '../../src/store/errors.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';

const [, , dir = '', task = ''] = process.argv;
try {
  const store = await openSqliteStore({ file: join(dir, 'store.db'), clock: systemClock });
  if (task === 'make') await store.commit([], [{ key: 'a', value: 'before' }]);
  await store.close();
  process.stdout.write(`${task}: done\n`);
} catch (error) {
  process.stdout.write(`${task}: ${error instanceof StoreError ? error.failure : String(error)}\n`);
}
