// The store on a real etcd against the contract, and against what only an etcd can do: die, forget, be shared, be guarded.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '../../src/clock.ts';
import type { Clock } from '../../src/clock.ts';
import { etcdAddress } from '../../src/store/etcd/address.ts';
import type { EtcdAccess } from '../../src/store/etcd/address.ts';
import { openEtcdStore } from '../../src/store/etcd/etcd-store.ts';
import { StoreError } from '../../src/store/errors.ts';
import type { Change, Store } from '../../src/store/store.ts';
import { makeAuthority } from '../../../../conformance/fleet/authority.ts';
import { startCuttingProxy } from '../../../../conformance/fleet/cutting-proxy.ts';
import type { FakeClock } from '../fake-clock.ts';
import { startEtcd, whyNoEtcd } from '../support/etcd.ts';
import type { Etcd } from '../support/etcd.ts';
import { storeContract } from './contract.ts';

const missing = whyNoEtcd();
const noOpenssl = spawnSync('openssl', ['version']).status === 0 ? null : 'openssl not installed; on Debian run: sudo apt-get install -y openssl';
let etcd: Etcd;
let clusters = 0;
/** A watch that goes on elsewhere is there within a few tenths of a second. */
const SILENT_LIMIT_MS = 2_000;

describe('the store on etcd', { skip: missing ?? false }, () => {
  before(async () => {
    etcd = await startEtcd();
  });
  after(() => etcd.dispose());

  storeContract('etcd', async ({ clock }) => {
    const cluster = `contract-${(clusters += 1)}`;
    const opened = [await open(cluster, {}, halfFake(clock))];
    return {
      store: opened[0] as Store,
      leaseMs: 2_000,
      advance: async (ms) => { await delay(ms); },
      forget: async () => {
        await etcd.call('/v3/kv/compaction', { revision: String(await opened[0]?.revision()) });
      },
      reopen: async () => {
        const store = await open(cluster, {});
        opened.push(store);
        return store;
      },
      dispose: async () => {
        for (const store of opened) await store.close();
      },
    };
  });

  withStores('two clusters on one etcd see nothing of each other', async (one, other) => {
    await one.commit([], [{ key: 'a', value: 'mine' }]);
    assert.equal(await other.get('a'), null);
    assert.deepEqual(await other.list(''), []);
  });

  withStores('a watch goes on behind the last change it has shown when etcd was killed and came back', async (store) => {
    const after = await store.revision();
    const seen: string[] = [];
    const abort = new AbortController();
    const watching = (async () => {
      for await (const { key, value } of store.watch('', after, abort.signal)) {
        seen.push(`${key}=${value ?? 'deleted'}`);
        if (seen.length === 3) return;
      }
    })();
    await store.commit([], [{ key: 'a', value: '1' }]);
    await etcd.kill();
    await assert.rejects(store.commit([], [{ key: 'b', value: '1' }]), (error) => error instanceof StoreError && error.passing && error.message.includes(etcd.host));
    await etcd.start();
    await store.commit([], [{ key: 'b', value: '2' }]);
    await store.commit([], [{ key: 'a', value: null }]);
    await watching;
    abort.abort();
    assert.deepEqual(seen, ['a=1', 'b=2', 'a=deleted']);
  });

  describe('and at the same time', { concurrency: true }, () => {
    it('an endpoint that does not answer is passed over', async () => {
      const store = await openEtcdStore({ address: etcdAddress(`etcd://127.0.0.1:1,${etcd.host}/many`), access: {}, clock: systemClock });
      const { revision } = await store.commit([], [{ key: 'a', value: '1' }]);
      assert.equal((await store.get('a'))?.revision, revision);
      await store.close();
    });

    it('a watch leaves an endpoint that is connected and silent as soon as a call finds out', async () => {
      const far = { host: '127.0.0.1', port: etcd.port };
      const [silent, alive] = [await startCuttingProxy({ host: '127.0.0.1', port: 0 }, far), await startCuttingProxy({ host: '127.0.0.1', port: 0 }, far)];
      const store = await openEtcdStore({ address: etcdAddress(`etcd://${silent.host},${alive.host}/silent`), access: {}, clock: systemClock });
      const abort = new AbortController();
      try {
        const changes = store.watch('', await store.revision(), abort.signal)[Symbol.asyncIterator]();
        const first = changes.next();
        await store.commit([], [{ key: 'a', value: '1' }]);
        assert.equal(((await first).value as Change).key, 'a');
        const second = changes.next();
        silent.cut();
        // A server reads once a second.
        assert.equal((await store.get('a'))?.value, '1');
        await store.commit([], [{ key: 'b', value: '2' }]);
        const late = delay(SILENT_LIMIT_MS, null, { ref: false });
        assert.equal(((await Promise.race([second, late]))?.value as Change | undefined)?.key, 'b', 'the watch still waits');
      } finally {
        abort.abort();
        await store.close();
        await Promise.all([silent.close(), alive.close()]);
      }
    });

    it('a commit with more writes than one transaction of a default etcd takes is one revision', async () => {
      const store = await open('large', {});
      const { revision } = await store.commit([{ key: 'k0', revision: 0 }], Array.from({ length: 20_000 }, (_, n) => ({ key: `k${n}`, value: String(n) })));
      assert.deepEqual([(await store.get('k0'))?.revision, (await store.get('k19999'))?.revision], [revision, revision]);
      await store.close();
    });
  });
});

describe('etcd with users', { skip: missing ?? false }, () => {
  it('lets in who is allowed to, also after it has forgotten the token, and says why it keeps others out', async () => {
    const guarded = await startEtcd();
    try {
      await guarded.call('/v3/auth/user/add', { name: 'root', password: 'r' });
      await guarded.call('/v3/auth/role/add', { name: 'root' });
      await guarded.call('/v3/auth/user/grant', { user: 'root', role: 'root' });
      await guarded.call('/v3/auth/enable', {});
      const address = etcdAddress(`etcd://${guarded.host}/team`);
      const opened = (access: EtcdAccess): Promise<Store> => openEtcdStore({ address, access, clock: systemClock });
      const store = await opened({ user: { name: 'root', password: 'r' } });
      await store.commit([], [{ key: 'a', value: '1' }]);
      await guarded.kill();
      await guarded.start();
      assert.equal((await store.get('a'))?.value, '1');
      await store.close();
      await assert.rejects(opened({ user: { name: 'root', password: 'wrong' } }), /authentication failed/);
      await assert.rejects(opened({}), (error) => error instanceof StoreError && error.failure === 'read-only');
    } finally {
      await guarded.dispose();
    }
  });
});

describe('etcd with TLS', { skip: missing ?? noOpenssl ?? false }, () => {
  it('is believed only with the certificate of its authority, and asks for ours', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'graylane-etcd-tls-'));
    const authority = makeAuthority(folder);
    const own = authority.issue('etcd', ['127.0.0.1']);
    const ours = authority.issue('server', ['127.0.0.1']);
    const guarded = await startEtcd({ scheme: 'https', flags: ['--cert-file', own.cert, '--key-file', own.key, '--trusted-ca-file', authority.ca, '--client-cert-auth'] });
    try {
      const address = etcdAddress(`etcds://${guarded.host}/team`);
      const pem = (file: string): string => readFileSync(file, 'utf8');
      const store = await openEtcdStore({ address, access: { ca: pem(authority.ca), cert: pem(ours.cert), key: pem(ours.key) }, clock: systemClock });
      await store.commit([], [{ key: 'a', value: '1' }]);
      assert.equal((await store.get('a'))?.value, '1');
      await store.close();
      await assert.rejects(openEtcdStore({ address, access: { cert: pem(ours.cert), key: pem(ours.key) }, clock: systemClock }), /certificate/);
      await assert.rejects(openEtcdStore({ address, access: { ca: pem(authority.ca) }, clock: systemClock }), StoreError);
    } finally {
      await guarded.dispose();
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe('the address of an etcd', () => {
  const refused: readonly (readonly [string, RegExp])[] = [
    ['http://127.0.0.1:2379', /etcd:\/\/host:2379\/CLUSTER/],
    ['etcd://root:secret@127.0.0.1/x', /no password in an address/],
    ['etcd://127.0.0.1/a b', /no name of a cluster/],
    ['etcd://127.0.0.1/a?txnops=9', /did you mean txnOps/],
    ['etcd://127.0.0.1/a?txnOps=9', /at least 128/],
  ];
  for (const [text, reason] of refused) it(`${text} is refused with a reason`, () => assert.throws(() => etcdAddress(text), reason));

  it('a password in it is not repeated in the refusal', () => assert.throws(() => etcdAddress('etcd://root:secret@h/x'), (error) => error instanceof Error && !error.message.includes('secret')));

  it('has defaults for the port and the cluster', () => {
    assert.deepEqual(etcdAddress('etcds://one,two:4000'), { endpoints: ['https://one:2379', 'https://two:4000'], prefix: '/graylane/default/', txnOps: 128 });
  });
});

/** Wall time as a test sets it; everything that lasts lasts as long as etcd says. */
function halfFake(clock: FakeClock): Clock {
  return { now: () => clock.now(), monotonic: () => systemClock.monotonic(), after: (ms, run) => systemClock.after(ms, run) };
}

function open(cluster: string, access: EtcdAccess, clock: Clock = systemClock): Promise<Store> {
  return openEtcdStore({ address: etcdAddress(`etcd://${etcd.host}/${cluster}`), access, clock });
}

function withStores(title: string, body: (one: Store, other: Store) => Promise<void>): void {
  it(title, async () => {
    const stores = [await open(`pair-${(clusters += 1)}`, {}), await open(`pair-${(clusters += 1)}`, {})] as const;
    try {
      await body(...stores);
    } finally {
      for (const store of stores) await store.close();
    }
  });
}
