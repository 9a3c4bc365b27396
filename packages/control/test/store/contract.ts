// What any implementation of Store promises. Call it with a way to open one; it must not know which.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Clock } from '../../src/clock.ts';
import { campaign, leaderOf } from '../../src/store/election.ts';
import { StoreError } from '../../src/store/errors.ts';
import type { Change, Store } from '../../src/store/store.ts';
import { FakeClock, settle } from '../fake-clock.ts';

export interface Opened {
  readonly store: Store;
  /** Opens the same store again after a close. */
  reopen(): Promise<Store>;
  dispose(): Promise<void>;
}

export type OpenStore = (options: { readonly clock: Clock; readonly historyRevisions: number }) => Promise<Opened>;

const HISTORY_REVISIONS = 300;

export function storeContract(name: string, open: OpenStore): void {
  const withStore = (title: string, body: (store: Store, clock: FakeClock, opened: Opened) => Promise<void>): void => {
    it(title, async () => {
      const clock = new FakeClock();
      const opened = await open({ clock, historyRevisions: HISTORY_REVISIONS });
      try {
        await body(opened.store, clock, opened);
      } finally {
        await opened.dispose();
      }
    });
  };

  describe(`${name} keeps what a store promises`, () => {
    withStore('an empty store is at revision 0 and knows nothing', async (store) => {
      assert.equal(await store.revision(), 0);
      assert.equal(await store.get('a'), null);
      assert.deepEqual(await store.list(''), []);
    });

    withStore('a commit raises the revision by one, whatever the number of its writes', async (store) => {
      assert.deepEqual(await put(store, { a: '1', b: '2' }), { ok: true, revision: 1 });
      assert.deepEqual(await store.get('b'), { key: 'b', value: '2', revision: 1, created: 1 });
      await put(store, { b: '3' });
      assert.deepEqual(await store.get('b'), { key: 'b', value: '3', revision: 2, created: 1 });
    });

    withStore('a commit without effect leaves the revision', async (store) => {
      assert.deepEqual(await store.commit([], [{ key: 'gone', value: null }]), { ok: true, revision: 0 });
    });

    withStore('one failed condition keeps all writes out and shows what stands there', async (store) => {
      await put(store, { a: '1' });
      const result = await store.commit([{ key: 'a', revision: 1 }, { key: 'b', revision: 7 }, { key: 'c', revision: 0 }], [{ key: 'a', value: '2' }]);
      assert.deepEqual(result, { ok: false, revision: 1, found: [{ key: 'b', entry: null }] });
      assert.equal((await store.get('a'))?.value, '1');
    });

    withStore('of two writers that saw the same revision one loses and is told', async (store) => {
      await put(store, { a: '0' });
      const results = await Promise.all(['x', 'y'].map((value) => store.commit([{ key: 'a', revision: 1 }], [{ key: 'a', value }])));
      assert.deepEqual(results.map(({ ok }) => ok), [true, false]);
      assert.equal((await store.get('a'))?.value, 'x');
    });

    withStore('a key that was deleted and made again has a new creation', async (store) => {
      await put(store, { a: '1' });
      await store.commit([], [{ key: 'a', value: null }]);
      await put(store, { a: '2' });
      assert.deepEqual(await store.get('a'), { key: 'a', value: '2', revision: 3, created: 3 });
    });

    withStore('lists by prefix in byte order, in pages and backwards', async (store) => {
      await put(store, { 'e/1': 'a', 'e/2': 'b', 'e/3': 'c', 'e0': 'x', d: 'y' });
      const keys = async (options?: Parameters<Store['list']>[1]): Promise<string[]> => (await store.list('e/', options)).map(({ key }) => key);
      assert.deepEqual(await keys(), ['e/1', 'e/2', 'e/3']);
      assert.deepEqual(await keys({ limit: 2 }), ['e/1', 'e/2']);
      assert.deepEqual(await keys({ after: 'e/2' }), ['e/3']);
      assert.deepEqual(await keys({ reverse: true, limit: 2 }), ['e/3', 'e/2']);
      assert.deepEqual(await keys({ reverse: true, after: 'e/2' }), ['e/1']);
    });

    withStore('what was acknowledged is there after a reopen, revision included', async (store, _clock, opened) => {
      await put(store, { a: '1' });
      await put(store, { a: '2' });
      await store.close();
      const again = await opened.reopen();
      assert.equal(await again.revision(), 2);
      assert.deepEqual(await again.get('a'), { key: 'a', value: '2', revision: 2, created: 1 });
    });

    withStore('after a close every call says so', async (store) => {
      await store.close();
      await assert.rejects(store.get('a'), failsAs('closed'));
      await assert.rejects(store.commit([], [{ key: 'a', value: '1' }]), failsAs('closed'));
    });

    withStore('values and keys over the limits are refused before anything is written', async (store) => {
      await assert.rejects(put(store, { ['k'.repeat(600)]: '1' }), failsAs('too-large'));
      await assert.rejects(put(store, { '': '1' }), failsAs('too-large'));
      await assert.rejects(store.commit([], Array.from({ length: 21_000 }, (_, n) => ({ key: `k${n}`, value: '1' }))), failsAs('too-large'));
      assert.equal(await store.revision(), 0);
    });

    watchContract(withStore);
    leaseContract(withStore);
  });
}

type WithStore = (title: string, body: (store: Store, clock: FakeClock, opened: Opened) => Promise<void>) => void;

function watchContract(withStore: WithStore): void {
  withStore('a watch shows each change once, in order, past ones first', async (store) => {
    await put(store, { a: '1', b: '1' });
    await put(store, { a: '2' });
    const seen = take(store, '', 0, 5);
    await put(store, { c: '1' });
    await store.commit([], [{ key: 'a', value: null }]);
    assert.deepEqual(await seen, ['1 a=1', '1 b=1', '2 a=2', '3 c=1', '4 a deleted']);
  });

  withStore('a watch from a revision skips what came before it and other prefixes', async (store) => {
    await put(store, { 'p/a': '1', q: '1' });
    await put(store, { q: '2' });
    const seen = take(store, 'p/', 1, 1);
    await put(store, { 'p/b': '3', q: '3' });
    assert.deepEqual(await seen, ['3 p/b=3']);
  });

  withStore('one commit with more changes than a batch is shown whole', async (store) => {
    await put(store, Object.fromEntries(Array.from({ length: 150 }, (_, n) => [`k${String(n).padStart(3, '0')}`, '1'])));
    const seen = await take(store, '', 0, 150);
    assert.equal(new Set(seen).size, 150);
  });

  withStore('a watch that is aborted ends without an error', async (store) => {
    const abort = new AbortController();
    const seen = collect(store.watch('', 0, abort.signal), 1);
    await settle();
    abort.abort();
    assert.deepEqual(await seen, []);
  });

  withStore('a watch ends when the store is closed', async (store) => {
    const seen = collect(store.watch('', 0, new AbortController().signal), 1);
    await settle();
    await store.close();
    assert.deepEqual(await seen, []);
  });

  withStore('a watch from a revision whose history is gone says so instead of leaving a gap', async (store) => {
    for (let n = 0; n < HISTORY_REVISIONS * 2; n += 1) await put(store, { a: String(n) });
    await assert.rejects(take(store, '', 1, 1), failsAs('compacted'));
    const newest = await store.revision();
    assert.deepEqual(await take(store, '', newest - 1, 1), [`${newest} a=${newest - 1}`]);
  });
}

function leaseContract(withStore: WithStore): void {
  withStore('a key with a lease goes when the lease is not renewed, and watchers see it go', async (store, clock) => {
    const lease = await store.grant(1_000);
    await store.commit([], [{ key: 'a', value: '1', lease: lease.id }]);
    const seen = take(store, 'a', 0, 2);
    await clock.advance(900);
    assert.equal(await store.renew(lease.id), true);
    await clock.advance(900);
    assert.equal((await store.get('a'))?.value, '1');
    await clock.advance(200);
    assert.deepEqual(await seen, ['1 a=1', '2 a deleted']);
    assert.equal(await store.renew(lease.id), false);
  });

  withStore('a wall clock that jumps neither ends nor prolongs a lease', async (store, clock) => {
    const lease = await store.grant(1_000);
    await store.commit([], [{ key: 'a', value: '1', lease: lease.id }]);
    clock.jump(3_600_000);
    await clock.advance(500);
    assert.notEqual(await store.get('a'), null);
    clock.jump(-7_200_000);
    await clock.advance(600);
    assert.equal(await store.get('a'), null);
  });

  withStore('a write under a lease that is gone is refused', async (store) => {
    const lease = await store.grant(1_000);
    await store.revoke(lease.id);
    await assert.rejects(store.commit([], [{ key: 'a', value: '1', lease: lease.id }]), StoreError);
    assert.equal(await store.get('a'), null);
  });

  withStore('an office has one holder, and passes on when its lease ends', async (store, clock) => {
    const signal = new AbortController().signal;
    const candidacy = { store, office: 'releases', ttlMs: 3_000, clock, signal };
    const first = await campaign({ ...candidacy, candidate: 'one' });
    const second = campaign({ ...candidacy, candidate: 'two' });
    await clock.advance(10_000);
    assert.equal(await leaderOf(store, 'releases'), 'one');
    await first?.resign();
    assert.equal(first?.lost.aborted, true);
    await (await second)?.resign();
    assert.equal(await leaderOf(store, 'releases'), null);
  });

  withStore('a candidate that gives up leaves no trace', async (store, clock) => {
    const abort = new AbortController();
    const holder = await campaign({ store, office: 'o', candidate: 'one', ttlMs: 3_000, clock, signal: new AbortController().signal });
    const waiting = campaign({ store, office: 'o', candidate: 'two', ttlMs: 3_000, clock, signal: abort.signal });
    await settle();
    abort.abort();
    assert.equal(await waiting, null);
    assert.equal(await leaderOf(store, 'o'), 'one');
    await holder?.resign();
  });
}

function put(store: Store, values: Readonly<Record<string, string>>): ReturnType<Store['commit']> {
  return store.commit([], Object.entries(values).map(([key, value]) => ({ key, value })));
}

async function take(store: Store, prefix: string, after: number, count: number): Promise<string[]> {
  const abort = new AbortController();
  try {
    return await collect(store.watch(prefix, after, abort.signal), count);
  } finally {
    abort.abort();
  }
}

async function collect(changes: AsyncIterable<Change>, count: number): Promise<string[]> {
  const seen: string[] = [];
  for await (const { revision, key, value } of changes) {
    seen.push(value === null ? `${revision} ${key} deleted` : `${revision} ${key}=${value}`);
    if (seen.length === count) break;
  }
  return seen;
}

function failsAs(failure: StoreError['failure']): (error: unknown) => boolean {
  return (error) => error instanceof StoreError && error.failure === failure;
}
