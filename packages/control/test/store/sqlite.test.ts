// The embedded store against the contract, and against what can happen to its file.

import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import { StoreError } from '../../src/store/errors.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';
import { FakeClock } from '../fake-clock.ts';
import { testFolder } from '../support/folder.ts';
import { storeContract } from './contract.ts';
import type { Opened } from './contract.ts';

storeContract('the embedded store', ({ clock, historyRevisions }) => openIn(testFolder('store'), clock, historyRevisions));

describe('the embedded store and its file', () => {
  inFolder('a second process waits for the first and then says who is in the way', async (dir) => {
    const clock = new FakeClock();
    const first = await openSqliteStore({ file: join(dir, 'store.db'), clock });
    const second = openSqliteStore({ file: join(dir, 'store.db'), clock, holdWaitMs: 100 });
    const refused = assert.rejects(second, (error) => error instanceof StoreError && error.failure === 'busy' && error.message.includes('Only one control plane'));
    await clock.advance(200);
    await refused;
    await first.close();
    await (await openSqliteStore({ file: join(dir, 'store.db'), clock })).close();
  });

  inFolder('somebody else who holds the file for ten seconds keeps it from being opened, and nothing of it is lost', async (dir) => {
    const file = join(dir, 'store.db');
    await filled(file);
    const clock = new FakeClock();
    const other = new DatabaseSync(file);
    other.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE;');
    const first = assert.rejects(openSqliteStore({ file, clock }), (error) => error instanceof StoreError && error.failure === 'busy');
    await clock.advance(5_000);
    await first;
    const second = openSqliteStore({ file, clock });
    await clock.advance(4_900);
    other.exec('ROLLBACK;');
    other.close();
    await clock.advance(100);
    const store = await second;
    assert.equal((await store.list('')).length, 7);
    await store.close();
  });

  inFolder('nobody else gets at the file while it is in use, and whoever tries holds nothing up', async (dir) => {
    const file = join(dir, 'store.db');
    const store = await openSqliteStore({ file, clock: new FakeClock() });
    const other = new DatabaseSync(file, { timeout: 0 });
    assert.throws(() => other.exec('BEGIN IMMEDIATE;'), /locked/);
    assert.equal((await store.commit([], [{ key: 'a', value: '1' }])).ok, true);
    other.close();
    await store.close();
  });

  for (const [how, takeAway] of [['deleted', (file: string) => rmSync(file)], ['moved away with its folder', (file: string) => renameSync(dirname(file), `${dirname(file)}.away`)]] as const) {
    inFolder(`one that is ${how} while it is in use acknowledges nothing more, is read on, and can be saved`, async (dir) => {
      const file = join(dir, 'in', 'store.db');
      const store = await openSqliteStore({ file, clock: new FakeClock() });
      await store.commit([], [{ key: 'a', value: 'kept' }]);
      takeAway(file);
      await assert.rejects(store.commit([], [{ key: 'a', value: 'lost' }]), (error) => error instanceof StoreError && error.failure === 'io' && error.passing && /moved or deleted/.test(error.message));
      assert.equal((await store.get('a'))?.value, 'kept');
      await store.backup(join(dir, 'saved.db'));
      await store.close();
      const saved = await openSqliteStore({ file: join(dir, 'saved.db'), clock: new FakeClock() });
      assert.equal((await saved.get('a'))?.value, 'kept');
      await saved.close();
    });
  }

  inFolder('one that is put back is written on', async (dir) => {
    const file = join(dir, 'store.db');
    const store = await openSqliteStore({ file, clock: new FakeClock() });
    renameSync(file, `${file}.away`);
    await assert.rejects(store.commit([], [{ key: 'a', value: '1' }]), StoreError);
    renameSync(`${file}.away`, file);
    assert.equal((await store.commit([], [{ key: 'a', value: '1' }])).ok, true);
    await store.close();
  });

  inFolder('a flipped byte anywhere in the database is damage or harmless, never another content', async (dir) => {
    const file = join(dir, 'store.db');
    await filled(file);
    const clean = readFileSync(file);
    const mark = readFileSync(`${file}.revision`);
    let damage = 0;
    for (let at = 100; at < clean.length; at += 97) {
      const bad = Buffer.from(clean);
      bad[at] = (bad[at] ?? 0) ^ 0x10;
      writeFileSync(file, bad);
      writeFileSync(`${file}.revision`, mark);
      damage += await damageOf(file);
    }
    assert.ok(damage > 10, `only ${damage} flips were noticed`);
  });

  inFolder('a cut database is damage', async (dir) => {
    const file = join(dir, 'store.db');
    await filled(file);
    truncateSync(file, 8192);
    assert.equal(await damageOf(file), 1);
  });

  inFolder('a log that lost its tail is damage, though it reads as a shorter healthy one', async (dir) => {
    const file = join(dir, 'store.db');
    const store = await openSqliteStore({ file, clock: new FakeClock() });
    await store.commit([], [{ key: 'a', value: '1' }]);
    const early = { database: readFileSync(file), log: readFileSync(`${file}-wal`) };
    for (let n = 0; n < 20; n += 1) await store.commit([], [{ key: 'a', value: `late ${n}` }]);
    const mark = readFileSync(`${file}.revision`);
    await store.close();
    writeFileSync(file, early.database);
    writeFileSync(`${file}-wal`, early.log);
    writeFileSync(`${file}.revision`, mark);
    await assert.rejects(openSqliteStore({ file, clock: new FakeClock() }), /ends at revision 1, but revision 21 had been acknowledged/);
  });

  inFolder('a flipped byte anywhere in the log is damage or harmless, never another content', async (dir) => {
    const file = join(dir, 'store.db');
    const store = await openSqliteStore({ file, clock: new FakeClock() });
    for (let n = 0; n < 30; n += 1) await store.commit([], [{ key: `key/${n % 7}`, value: contentOf(n) }]);
    const left = { database: readFileSync(file), log: readFileSync(`${file}-wal`), mark: readFileSync(`${file}.revision`) };
    await store.close();
    let damage = 0;
    for (let at = 0; at < left.log.length; at += 1_013) {
      const log = Buffer.from(left.log);
      log[at] = (log[at] ?? 0) ^ 0x04;
      writeFileSync(file, left.database);
      writeFileSync(`${file}-wal`, log);
      writeFileSync(`${file}.revision`, left.mark);
      damage += await damageOf(file);
    }
    assert.ok(damage > 10, `only ${damage} flips were noticed`);
  });

  inFolder('a file that is no database is damage', async (dir) => {
    const file = join(dir, 'store.db');
    writeFileSync(file, 'not a database at all, but long enough to be read as one '.repeat(100));
    await assert.rejects(openSqliteStore({ file, clock: new FakeClock() }), (error) => error instanceof StoreError && error.failure === 'damaged');
  });

  it('a folder that cannot be made is an io failure with the path', async () => {
    await assert.rejects(openSqliteStore({ file: '/dev/null/store.db', clock: new FakeClock() }), (error) => error instanceof StoreError && error.failure === 'io' && error.message.includes('/dev/null'));
  });
});

async function filled(file: string): Promise<void> {
  const store = await openSqliteStore({ file, clock: new FakeClock() });
  for (let n = 0; n < 30; n += 1) await store.commit([], [{ key: `key/${n % 7}`, value: contentOf(n) }]);
  await store.close();
}

function contentOf(n: number): string {
  return `content ${n} `.repeat(20);
}

/** 1 when opening or reading fails as damage, 0 when all reads as it was written; anything else fails the test. */
async function damageOf(file: string): Promise<0 | 1> {
  let store: Store;
  try {
    store = await openSqliteStore({ file, clock: new FakeClock() });
  } catch (error) {
    assert.ok(error instanceof StoreError && ['damaged', 'newer', 'io'].includes(error.failure), String(error));
    return 1;
  }
  try {
    const entries = await store.list('');
    assert.deepEqual(entries.map(({ key, value }) => ({ key, value })), [0, 1, 2, 3, 4, 5, 6].map((key) => ({ key: `key/${key}`, value: contentOf(28 + key - (key > 1 ? 7 : 0)) })));
    return 0;
  } finally {
    await store.close();
  }
}

function inFolder(title: string, body: (dir: string) => Promise<void>): void {
  it(title, async () => {
    const dir = testFolder('store');
    try {
      await body(dir);
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  });
}

async function openIn(dir: string, clock: FakeClock, historyRevisions: number): Promise<Opened> {
  const options = { file: join(dir, 'store.db'), clock, historyRevisions };
  const opened: Store[] = [await openSqliteStore(options)];
  return {
    store: opened[0] as Store,
    leaseMs: 1_000,
    advance: (ms) => clock.advance(ms),
    forget: async () => {
      for (let n = 0; n < historyRevisions * 2; n += 1) await opened.at(-1)?.commit([], [{ key: 'forget', value: String(n) }]);
    },
    reopen: async () => {
      const store = await openSqliteStore(options);
      opened.push(store);
      return store;
    },
    dispose: async () => {
      for (const store of opened) await store.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
