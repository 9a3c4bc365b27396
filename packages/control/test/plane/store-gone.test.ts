// The store fails while everything runs: writes are refused with the reason, reads and data planes go on, a rollback works.

import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ControlError } from '../../src/problem.ts';
import { ControlPlane } from '../../src/plane/control-plane.ts';
import type { StoreFailure } from '../../src/store/errors.ts';
import { keptIn } from '../../src/store/kept-commands.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { FakeClock, settle } from '../fake-clock.ts';
import { FakeMachine } from './fake-machine.ts';
import { weakened } from './weak-store.ts';
import type { Weakness } from './weak-store.ts';
import { web, withRelease } from './world.ts';

interface Weak {
  /** Of the last start. */
  plane: ControlPlane;
  readonly keptFile: string;
  /** The process ends, with everything that it only knew, and another one starts on the same store. */
  restart(): Promise<void>;
  readonly machine: FakeMachine;
  readonly clock: FakeClock;
  /** What nobody waited for and failed. */
  readonly faults: string[];
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
    const { phase, why, percent } = await plane.release('r');
    assert.deepEqual([phase, why, percent], ['rolled-back', 'errors', 0], 'shown as it is in force');
    // The look that could not store it either is over, and the next one is due in a second.
    await settle();
    world.failure = null;
    await clock.advance(60_000);
    assert.equal((await plane.release('r')).phase, 'rolled-back');
    assert.equal((await plane.strategy()).generation, 3);
    assert.deepEqual((await plane.events({ limit: 1 })).map(({ to, who, why }) => [to, who, why]), [['rolled-back', 'ann', 'errors']]);
    assert.equal((await plane.status()).problems.some((problem) => problem.includes('in force')), false);
  });

  weakly('a rollback that could not be stored outlives the process, and is stored by the next one', async (world) => {
    const { machine, clock } = world;
    world.failure = 'full';
    await world.plane.verb('r', 'rollback', { who: 'ann', why: 'errors' });
    machine.take();
    await world.restart();
    assert.deepEqual(machine.take().filter((line) => line.startsWith('publish')), ['publish 3: web=v1']);
    assert.match((await world.plane.status()).problems.join(), /rollback of 'r' is in force/);
    world.failure = null;
    await clock.advance(60_000);
    assert.equal((await world.plane.release('r')).phase, 'rolled-back');
    assert.deepEqual((await world.plane.events({ limit: 1 })).map(({ to, who, why }) => [to, who, why]), [['rolled-back', 'ann', 'errors']]);
    assert.equal(existsSync(world.keptFile), false);
  });

  weakly('a rollback that is kept says nothing to a release that was started again meanwhile', async (world) => {
    world.failure = 'full';
    await world.plane.verb('r', 'rollback', { who: 'ann', why: 'errors' });
    const kept = readFileSync(world.keptFile, 'utf8');
    world.failure = null;
    await world.plane.verb('r', 'start', { who: 'ann', why: 'mended' });
    assert.deepEqual((await world.plane.events({ limit: 2 })).map(({ to, why }) => [to, why]), [['progressing', 'mended'], ['rolled-back', 'errors']]);
    writeFileSync(world.keptFile, kept);
    await world.restart();
    assert.equal((await world.plane.release('r')).live, true);
    assert.equal(existsSync(world.keptFile), false);
  });

  weakly('another change does not bring back what was rolled back', async (world) => {
    const { machine } = world;
    world.failure = 'full';
    await world.plane.verb('r', 'rollback', { who: 'ann', why: 'errors' });
    // The look that could not store it is over, and the next one is not due.
    await settle();
    world.failure = null;
    machine.take();
    await world.plane.split('r', '50%', null, 'ann');
    assert.deepEqual(machine.take().filter((line) => line.startsWith('publish')).slice(0, 1), ['publish 3: web=v1']);
  });

  weakly('a rollback that waits for the store goes with its release, and keeps nobody from looking at the others', async (world) => {
    const { plane, clock } = world;
    world.failure = 'full';
    await plane.verb('r', 'rollback', { who: 'ann', why: 'errors' });
    await settle();
    world.failure = null;
    await plane.apply({ document: web, expectedRevision: null, dryRun: false, force: false, who: 'ann', why: 'without it' });
    await clock.advance(60_000);
    const { healthy, problems } = await plane.status();
    assert.deepEqual([healthy, problems, world.faults], [true, [], []]);
    assert.equal(existsSync(world.keptFile), false);
  });

  weakly('what is kept and makes no sense keeps nobody from starting', async (world) => {
    for (const text of ['{', '[]', '[{"name":"r"}]', '[{"name":"r","order":{"verb":"start","why":""},"who":"x","turn":0}]', 'null']) {
      writeFileSync(world.keptFile, text);
      await world.restart();
      assert.equal((await world.plane.release('r')).live, true, text);
    }
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
    const weakness: Weakness = { failure: null, refused: 0 };
    const weak = weakened(store, weakness);
    const faults: string[] = [];
    const folder = mkdtempSync(join(tmpdir(), 'glk-'));
    const keptFile = join(folder, 'rollbacks.json');
    const start = async (): Promise<ControlPlane> => {
      const plane = new ControlPlane({ store: weak, effects: machine, clock, random: () => 0.5, keeping: keptIn([join(folder, 'nowhere', 'rollbacks.json'), keptFile]), onFault: (what, error) => faults.push(`${what}: ${String(error)}`) });
      await plane.start(withRelease());
      await settle();
      return plane;
    };
    const world: Weak = { plane: await start(), machine, faults, clock, failure: null, keptFile, restart: async () => {
      await world.plane.stop();
      world.plane = await start();
    } };
    Object.defineProperty(world, 'failure', { set: (failure: StoreFailure | null) => {
      weakness.failure = failure;
    } });
    await body(world);
    weakness.failure = null;
    await world.plane.stop();
    await store.close();
    rmSync(folder, { recursive: true });
  });
}
