// What any implementation of Store promises. Call it with a way to open one; it must not know which.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { campaign, leaderOf } from '../../src/store/election.ts';
import { StoreError } from '../../src/store/errors.ts';
import type { Change, Store } from '../../src/store/store.ts';
import { FakeClock, settle } from '../fake-clock.ts';

export interface Opened {
  readonly store: Store;
  /** The shortest lease that it can promise, and how time passes for it. */
  readonly leaseMs: number;
  readonly advance: (ms: number) => Promise<void>;
  /** Makes it forget the history before its newest revision. */
  forget(): Promise<void>;
  /** Opens the same store again after a close. */
  reopen(): Promise<Store>;
  dispose(): Promise<void>;
}

export type OpenStore = (options: { readonly clock: FakeClock; readonly historyRevisions: number }) => Promise<Opened>;

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
    withStore('an empty store knows nothing', async (store) => {
      assert.equal(await store.get('a'), null);
      assert.deepEqual(await store.list(''), []);
    });

    withStore('a commit raises the revision, and all of its writes are of that one', async (store) => {
      const before = await store.revision();
      const first = await put(store, { a: '1', b: '2' });
      assert.ok(first.ok && first.revision > before);
      assert.deepEqual(await store.get('a'), { key: 'a', value: '1', revision: first.revision, created: first.revision });
      const second = await put(store, { b: '3' });
      assert.ok(second.revision > first.revision);
      assert.deepEqual(await store.get('b'), { key: 'b', value: '3', revision: second.revision, created: first.revision });
      assert.equal(await store.revision(), second.revision);
    });

    withStore('a commit without effect leaves the revision', async (store) => {
      const before = await store.revision();
      assert.deepEqual(await store.commit([], [{ key: 'gone', value: null }]), { ok: true, revision: before });
    });

    withStore('a value comes back as it was, however large or odd', async (store) => {
      for (const value of ['', '\u0000', '{"ä":"\u{1f600}"}', `${'x'.repeat(3_000_000)}ü`]) {
        await put(store, { a: value });
        assert.equal((await store.get('a'))?.value, value);
      }
    });

    withStore('one failed condition keeps all writes out and shows what stands there', async (store) => {
      const { revision } = await put(store, { a: '1' });
      const result = await store.commit([{ key: 'a', revision }, { key: 'b', revision: 7 }, { key: 'c', revision: 0 }], [{ key: 'a', value: '2' }]);
      assert.deepEqual(result, { ok: false, revision, found: [{ key: 'b', entry: null }] });
      assert.equal((await store.get('a'))?.value, '1');
    });

    withStore('of two writers that saw the same revision one loses and is told', async (store) => {
      const { revision } = await put(store, { a: '0' });
      const results = await Promise.all(['x', 'y'].map((value) => store.commit([{ key: 'a', revision }], [{ key: 'a', value }])));
      assert.deepEqual(results.map(({ ok }) => ok).sort(), [false, true]);
      const winner = results[0]?.ok === true ? 'x' : 'y';
      assert.equal((await store.get('a'))?.value, winner);
      assert.deepEqual(results.flatMap((result) => (result.ok ? [] : result.found.map(({ entry }) => entry?.value))), [winner]);
    });

    withStore('a key that was deleted and made again has a new creation', async (store) => {
      await put(store, { a: '1' });
      await store.commit([], [{ key: 'a', value: null }]);
      const { revision } = await put(store, { a: '2' });
      assert.deepEqual(await store.get('a'), { key: 'a', value: '2', revision, created: revision });
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
      const { revision: created } = await put(store, { a: '1' });
      const { revision } = await put(store, { a: '2' });
      await store.close();
      const again = await opened.reopen();
      assert.equal(await again.revision(), revision);
      assert.deepEqual(await again.get('a'), { key: 'a', value: '2', revision, created });
    });

    withStore('after a close every call says so', async (store) => {
      await store.close();
      await assert.rejects(store.get('a'), failsAs('closed'));
      await assert.rejects(store.commit([], [{ key: 'a', value: '1' }]), failsAs('closed'));
    });

    withStore('values and keys over the limits are refused before anything is written', async (store) => {
      const before = await store.revision();
      await assert.rejects(put(store, { ['k'.repeat(600)]: '1' }), failsAs('too-large'));
      await assert.rejects(put(store, { '': '1' }), failsAs('too-large'));
      await assert.rejects(store.commit([], Array.from({ length: 21_000 }, (_, n) => ({ key: `k${n}`, value: '1' }))), failsAs('too-large'));
      assert.equal(await store.revision(), before);
    });

    watchContract(withStore);
    // Each of them waits for time to pass, which it does for all.
    describe('and of leases', { concurrency: true }, () => leaseContract(withStore));
  });
}

type WithStore = (title: string, body: (store: Store, clock: FakeClock, opened: Opened) => Promise<void>) => void;

function watchContract(withStore: WithStore): void {
  withStore('a watch shows each change once, in order, past ones first', async (store) => {
    const before = await store.revision();
    const at = [await put(store, { a: '1', b: '1' }), await put(store, { a: '2' })];
    const seen = take(store, '', before, 5);
    at.push(await put(store, { c: '1' }), await store.commit([], [{ key: 'a', value: null }]));
    const [first, second, third, fourth] = at.map(({ revision }) => revision);
    assert.deepEqual(await seen, [`${first} a=1`, `${first} b=1`, `${second} a=2`, `${third} c=1`, `${fourth} a deleted`]);
  });

  withStore('a watch from a revision skips what came before it and other prefixes', async (store) => {
    const { revision: first } = await put(store, { 'p/a': '1', q: '1' });
    await put(store, { q: '2' });
    const seen = take(store, 'p/', first, 1);
    const { revision } = await put(store, { 'p/b': '3', q: '3' });
    assert.deepEqual(await seen, [`${revision} p/b=3`]);
  });

  withStore('one commit with more changes than a batch is shown whole', async (store) => {
    const before = await store.revision();
    await put(store, Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`k${String(n).padStart(4, '0')}`, '1'])));
    const seen = await take(store, '', before, 5_000);
    assert.equal(new Set(seen).size, 5_000);
    assert.equal(new Set(seen.map((line) => line.split(' ')[0])).size, 1);
  });

  withStore('a watch that is aborted ends without an error', async (store) => {
    const abort = new AbortController();
    const seen = collect(store.watch('', await store.revision(), abort.signal), 1);
    await settle();
    abort.abort();
    assert.deepEqual(await seen, []);
  });

  withStore('a watch ends when the store is closed', async (store) => {
    const seen = collect(store.watch('', await store.revision(), new AbortController().signal), 1);
    await settle();
    await store.close();
    assert.deepEqual(await seen, []);
  });

  withStore('a watch from a revision whose history is gone says so instead of leaving a gap', async (store, _clock, opened) => {
    const { revision: gone } = await put(store, { a: 'first' });
    await put(store, { a: 'second' });
    await opened.forget();
    await assert.rejects(take(store, '', gone, 1), failsAs('compacted'));
    const newest = await store.revision();
    const { revision } = await put(store, { a: 'last' });
    assert.deepEqual(await take(store, '', newest, 1), [`${revision} a=last`]);
  });

  withStore('a delete in the last revision that was forgotten is no gap either', async (store, _clock, opened) => {
    const { revision: seen } = await put(store, { a: '1' });
    await store.commit([], [{ key: 'a', value: null }]);
    await opened.forget();
    await assert.rejects(take(store, '', seen, 1), failsAs('compacted'));
  });
}

function leaseContract(withStore: WithStore): void {
  withStore('a key with a lease goes when the lease is not renewed, and watchers see it go', async (store, _clock, { leaseMs, advance }) => {
    const lease = await store.grant(leaseMs);
    assert.equal(lease.ttlMs, leaseMs);
    const { revision } = await store.commit([], [{ key: 'a', value: '1', lease: lease.id }]);
    const seen = take(store, 'a', revision - 1, 2);
    await advance(leaseMs * 0.9);
    assert.equal(await store.renew(lease.id), true);
    await advance(leaseMs * 0.9);
    assert.equal((await store.get('a'))?.value, '1');
    await advance(leaseMs * 0.2);
    assert.deepEqual((await seen).map((line) => line.replace(/^\d+ /, '')), ['a=1', 'a deleted']);
    assert.equal(await store.renew(lease.id), false);
  });

  withStore('a wall clock that jumps neither ends nor prolongs a lease', async (store, clock, { leaseMs, advance }) => {
    const lease = await store.grant(leaseMs);
    const { revision } = await store.commit([], [{ key: 'a', value: '1', lease: lease.id }]);
    const seen = take(store, 'a', revision - 1, 2);
    clock.jump(3_600_000);
    await advance(leaseMs * 0.5);
    assert.notEqual(await store.get('a'), null);
    clock.jump(-7_200_000);
    await advance(leaseMs * 0.6);
    assert.deepEqual((await seen).map((line) => line.replace(/^\d+ /, '')), ['a=1', 'a deleted']);
  });

  withStore('a write under a lease that is gone is refused', async (store) => {
    const lease = await store.grant(5_000);
    await store.revoke(lease.id);
    await assert.rejects(store.commit([], [{ key: 'a', value: '1', lease: lease.id }]), StoreError);
    assert.equal(await store.get('a'), null);
  });

  withStore('an office has one holder, and passes on when its lease ends', async (store, clock, { advance }) => {
    const signal = new AbortController().signal;
    const candidacy = { store, office: 'releases', ttlMs: 3_000, clock, signal };
    const first = await campaign({ ...candidacy, candidate: 'one' });
    const second = campaign({ ...candidacy, candidate: 'two' });
    await advance(1_000);
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
