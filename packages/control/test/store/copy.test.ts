// A store moves from a file to etcd and back with everything that lasts in it, or not at all.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { systemClock } from '../../src/clock.ts';
import { copyStore } from '../../src/store/copy.ts';
import { StoreError } from '../../src/store/errors.ts';
import { etcdAddress } from '../../src/store/etcd/address.ts';
import { openEtcdStore } from '../../src/store/etcd/etcd-store.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';
import { startEtcd, whyNoEtcd } from '../support/etcd.ts';

const missing = whyNoEtcd();

it('a store goes to etcd and back to a file, and is the same', { skip: missing ?? false }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'graylane-copy-'));
  const etcd = await startEtcd();
  try {
    const first = await openSqliteStore({ file: join(folder, 'first.db'), clock: systemClock });
    await first.commit([], Array.from({ length: 1_500 }, (_, n) => ({ key: `event/${String(n).padStart(16, '0')}`, value: `{"n":${n}}` })));
    await first.commit([], [{ key: 'strategy', value: `"${'s'.repeat(700_000)}"` }, { key: 'live/node/a', value: 'passing' }]);
    const remote = await openEtcdStore({ address: etcdAddress(`etcd://${etcd.host}/moved`), access: {}, clock: systemClock });
    assert.deepEqual(await copyStore(first, remote), { entries: 1_501, strategy: true });
    assert.equal(await remote.get('live/node/a'), null);
    await remote.backup(join(folder, 'back.db'));
    const back = await openSqliteStore({ file: join(folder, 'back.db'), clock: systemClock });
    assert.deepEqual(await contents(back), (await contents(first)).filter(([key]) => !key.startsWith('live/')));
    for (const store of [first, remote, back]) await store.close();
  } finally {
    await etcd.dispose();
    await rm(folder, { recursive: true, force: true });
  }
});

it('a copy into a store with a strategy is refused and changes nothing', async () => {
  const [from, to] = [await openSqliteStore({ file: ':memory:', clock: systemClock }), await openSqliteStore({ file: ':memory:', clock: systemClock })];
  await from.commit([], [{ key: 'strategy', value: '1' }, { key: 'a', value: '1' }]);
  await to.commit([], [{ key: 'strategy', value: '2' }]);
  await assert.rejects(copyStore(from, to), (error) => error instanceof StoreError && error.failure === 'busy');
  assert.deepEqual(await contents(to), [['strategy', '2']]);
});

it('a copy that was cut short has no strategy, and the next one completes it', async () => {
  const [from, to] = [await openSqliteStore({ file: ':memory:', clock: systemClock }), await openSqliteStore({ file: ':memory:', clock: systemClock })];
  await from.commit([], [{ key: 'strategy', value: '1' }, ...Array.from({ length: 200 }, (_, n) => ({ key: `k${n}`, value: '1' }))]);
  let writes = 0;
  const cut: Store = Object.assign(Object.create(to) as Store, {
    get: (key: string) => to.get(key),
    commit: (...given: Parameters<Store['commit']>) => ((writes += 1) > 2 ? Promise.reject(new StoreError('io', 'cut')) : to.commit(...given)),
  });
  await assert.rejects(copyStore(from, cut), /cut/);
  assert.equal(await to.get('strategy'), null);
  assert.equal((await copyStore(from, to)).entries, 201);
});

async function contents(store: Store): Promise<(readonly [string, string])[]> {
  const all: (readonly [string, string])[] = [];
  for (;;) {
    const last = all.at(-1)?.[0];
    const page = await store.list('', last === undefined ? {} : { after: last });
    all.push(...page.map(({ key, value }) => [key, value] as const));
    if (page.length < 1_000) return all;
  }
}
