// What the ledger asks of the store: a look while nothing moved is one read, a change is a read and a commit, and nothing of another's is missed.

import assert from 'node:assert/strict';
import { after, it } from 'node:test';
import { Ledger } from '../../src/plane/ledger.ts';
import type { Draft, LedgerView } from '../../src/plane/ledger.ts';
import { firstState } from '../../src/release/transition.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';
import { keys } from '../../src/strategy/record.ts';
import { FakeClock } from '../fake-clock.ts';
import { withRelease } from './world.ts';

it('a look while nothing was committed is one read, and gives the same view', async () => {
  const { ledger, asked } = await begin();
  const view = await viewOf(ledger);
  asked.length = 0;
  assert.equal(await viewOf(ledger), view);
  assert.deepEqual(asked, ['get strategy']);
});

it('a change on a known view is one commit, and the view after it costs one read', async () => {
  const { ledger, asked } = await begin();
  const view = await viewOf(ledger);
  asked.length = 0;
  assert.notEqual(await ledger.write(view, splitTo(7), 0), null);
  const after = await viewOf(ledger);
  assert.deepEqual(asked, ['commit', 'get strategy']);
  assert.deepEqual([after.record.revision, after.record.document.releases?.[0]?.percent], [2, 7]);
});

it('the view after own changes is what another reads', async () => {
  const { store, ledger } = await begin();
  for (const [index, draft] of [splitTo(7), paused(), frozen('busy'), handedOver(), frozen(null), { ...splitTo(8), releases: new Map([['r', null]]) }].entries()) {
    assert.notEqual(await ledger.write(await viewOf(ledger), draft, 0), null, `change ${index}`);
    const [own, read] = [await viewOf(ledger), await viewOf(new Ledger(store, new FakeClock()))];
    assert.deepEqual(JSON.parse(JSON.stringify(own)), JSON.parse(JSON.stringify(read)));
    assert.deepEqual([...own.releases], [...read.releases]);
    assert.deepEqual(own.contents, read.contents);
  }
});

it('what another has committed meanwhile is read, and a change on the view before it is refused', async () => {
  const { store, ledger } = await begin();
  const before = await viewOf(ledger);
  const other = new Ledger(store, new FakeClock());
  assert.notEqual(await other.write(await viewOf(other), { ...paused(), freeze: 'held' }, 0), null);
  assert.equal(await ledger.write(before, splitTo(9), 0), null);
  const now = await viewOf(ledger);
  assert.deepEqual([now.freeze, now.releases.get('r')?.standing.phase], ['held', 'paused']);
  assert.notEqual(await ledger.write(now, splitTo(9), 0), null);
  assert.equal((await viewOf(other)).record.document.releases?.[0]?.percent, 9);
});

it('a change that failed for what is not in the view is built on what is read anew', async () => {
  const { store, ledger } = await begin();
  const before = await viewOf(ledger);
  // Somebody's hand in the store: an event without a commit of the strategy.
  await store.commit([], [{ key: keys.event(2), value: '{}' }]);
  assert.equal(await ledger.write(before, splitTo(9), 0), null);
  assert.notEqual(await ledger.write(await viewOf(ledger), splitTo(9), 0), null);
  assert.deepEqual((await ledger.events({ limit: 1 })).map(({ seq }) => seq), [3]);
});

async function begin(): Promise<{ readonly store: Store; readonly ledger: Ledger; readonly asked: string[] }> {
  const store = await openSqliteStore({ file: ':memory:', clock: new FakeClock() });
  after(() => store.close());
  const asked: string[] = [];
  const ledger = new Ledger(toldTo(asked, store), new FakeClock());
  await ledger.seed(withRelease(), new Map(), 1, 'ann');
  return { store, ledger, asked };
}

function toldTo(asked: string[], store: Store): Store {
  return {
    revision: () => store.revision(), watch: (...given) => store.watch(...given), grant: (...given) => store.grant(...given), renew: (...given) => store.renew(...given),
    revoke: (...given) => store.revoke(...given), backup: (...given) => store.backup(...given), close: () => store.close(),
    get: (key) => {
      asked.push(`get ${key}`);
      return store.get(key);
    },
    list: (prefix, options) => {
      asked.push(`list ${prefix}`);
      return store.list(prefix, options);
    },
    commit: (...given) => {
      asked.push('commit');
      return store.commit(...given);
    },
  };
}

async function viewOf(ledger: Ledger): Promise<LedgerView> {
  const view = await ledger.view();
  assert.ok(view !== null);
  return view;
}

const base = { publish: true, who: 'ann', why: 'a test', events: [{ kind: 'release', subject: 'r', from: '', to: '', who: 'ann', why: 'a test' }] } as const;

function splitTo(percent: number): Draft {
  return { ...base, document: withRelease(undefined, percent) };
}

function paused(): Draft {
  const [spec] = withRelease().releases ?? [];
  assert.ok(spec !== undefined);
  return { ...base, publish: false, releases: new Map([['r', { ...firstState(spec, 0, 'a test'), standing: { phase: 'paused', step: 0, hold: 'person', resumeAt: null } }]]) };
}

function frozen(freeze: string | null): Draft {
  return { ...base, publish: false, freeze };
}

function handedOver(): Draft {
  return { ...base, handover: { services: [{ service: 'web', from: 'v1', to: 'v2' }], release: 'r' }, applied: withRelease(undefined, 3) };
}
