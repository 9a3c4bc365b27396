// The store fails while everything runs: writes are refused with the reason, reads and data planes go on, a rollback works.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ControlError } from '../../src/problem.ts';
import { ControlPlane } from '../../src/plane/control-plane.ts';
import { StoreError } from '../../src/store/errors.ts';
import type { StoreFailure } from '../../src/store/errors.ts';
import { openSqliteStore } from '../../src/store/sqlite.ts';
import type { Store } from '../../src/store/store.ts';
import { FakeClock, settle } from '../fake-clock.ts';
import { FakeMachine } from './fake-machine.ts';
import { withRelease } from './world.ts';

interface Weak {
  readonly plane: ControlPlane;
  readonly machine: FakeMachine;
  readonly clock: FakeClock;
  /** Null: the store is well. */
  failure: StoreFailure | null;
}

describe('with a store that cannot be written', () => {
  for (const failure of ['full', 'read-only', 'io'] as const) {
    weakly(`(${failure}) a change is refused with the reason, and nothing changes`, async (world) => {
      world.failure = failure;
      await assert.rejects(world.plane.split('r', '20%', null, 'test'), (error) => {
        const problem = ControlError.from(error).problem();
        assert.deepEqual([problem.code, problem.status, problem.cause], ['GL3011', 503, failure]);
        return true;
      });
      world.failure = null;
      assert.equal((await world.plane.release('r')).percent, 5);
    });
  }

  weakly('a rollback is in force at once, says that it is not stored, and is stored when that is possible', async (world) => {
    const { plane, machine, clock } = world;
    machine.take();
    world.failure = 'full';
    const applied = await plane.verb('r', 'rollback', { who: 'ann', why: 'errors' });
    assert.deepEqual(machine.take(), ['publish 2: web=v1']);
    assert.equal(applied.generation, 2);
    const { healthy, problems } = await plane.status();
    assert.equal(healthy, false);
    assert.match(problems.join(), /rollback of 'r' is in force/);
    world.failure = null;
    await clock.advance(60_000);
    assert.equal((await plane.release('r')).phase, 'rolled-back');
    assert.equal((await plane.strategy()).generation, 2);
    assert.deepEqual((await plane.events({ limit: 1 })).map(({ to, who, why }) => [to, who, why]), [['rolled-back', 'ann', 'errors']]);
    assert.equal((await plane.status()).problems.some((problem) => problem.includes('in force')), false);
  });

  weakly('the whole is still to be seen', async (world) => {
    world.failure = 'full';
    assert.equal((await world.plane.status()).revision, 1);
    assert.equal((await world.plane.events({ limit: 5 })).length, 1);
  });
});

function weakly(title: string, body: (world: Weak) => Promise<void>): void {
  it(title, async () => {
    const clock = new FakeClock();
    const store = await openSqliteStore({ file: ':memory:', clock });
    const machine = new FakeMachine();
    const state: { failure: StoreFailure | null } = { failure: null };
    const weak: Store = {
      revision: () => store.revision(), get: (key) => store.get(key), list: (prefix, options) => store.list(prefix, options),
      watch: (prefix, after, signal) => store.watch(prefix, after, signal), grant: (ttlMs) => store.grant(ttlMs), renew: (id) => store.renew(id),
      revoke: (id) => store.revoke(id), backup: (target) => store.backup(target), close: () => store.close(),
      commit: (conditions, writes) => (state.failure === null ? store.commit(conditions, writes) : Promise.reject(new StoreError(state.failure, 'no room'))),
    };
    const plane = new ControlPlane({ store: weak, effects: machine, clock, random: () => 0.5 });
    await plane.start(withRelease());
    await settle();
    const world: Weak = { plane, machine, clock, failure: null };
    Object.defineProperty(world, 'failure', { set: (failure: StoreFailure | null) => {
      state.failure = failure;
    } });
    await body(world);
    state.failure = null;
    await plane.stop();
    await store.close();
  });
}
