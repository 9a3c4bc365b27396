// A store that is damaged or gone while everything runs: what was in force goes on, says so, and can be restored.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { ControlPlane } from '../../src/plane/control-plane.ts';
import { ControlError } from '../../src/problem.ts';
import { moveStoreAside } from '../../src/store/backup.ts';
import { StoreError } from '../../src/store/errors.ts';
import { openWithSpare, spareFile } from '../../src/store/rescue.ts';
import type { Opened } from '../../src/store/rescue.ts';
import { FakeClock, settle } from '../fake-clock.ts';
import { FakeMachine } from '../plane/fake-machine.ts';
import { withRelease } from '../plane/world.ts';
import { testFolder } from '../support/folder.ts';

interface House {
  readonly file: string;
  readonly clock: FakeClock;
  readonly machine: FakeMachine;
  /** As `graylane up` starts it; the machine goes on over it. */
  readonly start: () => Promise<{ readonly plane: ControlPlane; readonly condition: Opened['condition']; readonly end: () => Promise<void> }>;
}

describe('with a spare beside it, a store', () => {
  inHouse('that is gone is made again as it was: live changes, tokens, numbers of events', async ({ file, machine, start }) => {
    const first = await start();
    await first.plane.split('r', '17%', null, 'ann');
    const { token } = await first.plane.tokens.create({ name: 'ci', scope: 'read', lifetimeMs: null });
    await first.end();
    for (const suffix of ['', '-wal', '.revision']) rmSync(file + suffix, { force: true });
    machine.take();
    const second = await start();
    assert.equal(second.condition.kind, 'made-again');
    assert.equal((await second.plane.release('r')).percent, 17);
    assert.equal((await second.plane.tokens.holder(token))?.name, 'ci');
    assert.match(machine.take()[0] ?? '', /^publish \d+: web=v1, lanes r$/);
    await second.plane.split('r', '18%', null, 'ann');
    const seqs = (await second.plane.events({ limit: 5 })).map(({ seq }) => seq);
    assert.ok((seqs[0] ?? 0) > 2, 'numbers of events go on');
    await second.end();
    assert.equal((await start()).condition.kind, 'well');
  });

  inHouse('that is gone, its log and its mark left behind, is made again too', async ({ file, start }) => {
    const first = await start();
    await first.plane.split('r', '17%', null, 'ann');
    await first.end();
    rmSync(file);
    writeFileSync(`${file}-wal`, 'of another one');
    const second = await start();
    assert.deepEqual([second.condition.kind, (await second.plane.release('r')).percent], ['made-again', 17]);
    await second.plane.split('r', '18%', null, 'ann');
  });

  inHouse('that is damaged leaves the last good strategy in force: shown, not written, and rolled back if need be', async ({ file, machine, start }) => {
    await (await start()).end();
    damage(file);
    machine.generation = 41;
    const { plane, condition } = await start();
    assert.equal(condition.kind === 'spare-only' && condition.failure.failure, 'damaged');
    assert.ok(machine.generation > 41, 'later than what workers had, though that cannot be written');
    assert.equal((await plane.release('r')).percent, 5);
    await assert.rejects(plane.split('r', '20%', null, 'ann'), (error) => ControlError.from(error).problem().status === 503);
    const { healthy, problems } = await plane.status();
    assert.equal(healthy, false);
    assert.match(problems.join(), /in trouble/);
    machine.take();
    const { generation } = await plane.verb('r', 'rollback', { who: 'ann', why: 'errors' });
    assert.deepEqual(machine.take(), [`publish ${generation}: web=v1`]);
    const again = await plane.verb('r', 'rollback', { who: 'ann', why: 'errors' });
    assert.deepEqual([machine.take(), again.generation], [[], generation], 'what is in force is not published again');
  });

  inHouse('that was moved aside is made again from the last good strategy', async ({ file, start }) => {
    const first = await start();
    await first.plane.split('r', '17%', null, 'ann');
    await first.end();
    damage(file);
    const kept = moveStoreAside(file);
    assert.ok(kept !== null && existsSync(kept));
    const { plane, condition } = await start();
    assert.deepEqual([condition.kind, (await plane.release('r')).percent], ['made-again', 17]);
  });

  inHouse('does not believe a spare that was cut', async ({ file, start }) => {
    await (await start()).end();
    damage(file);
    writeFileSync(spareFile(file), readFileSync(spareFile(file), 'utf8').slice(0, -3));
    await assert.rejects(start(), (error) => error instanceof StoreError && error.failure === 'damaged');
  });

  inHouse('that another process holds is not gone', async ({ start }) => {
    await start();
    await assert.rejects(start(), (error) => error instanceof StoreError && error.failure === 'busy');
  });
});

function damage(file: string): void {
  const bytes = readFileSync(file);
  bytes.fill(0x55, 100);
  writeFileSync(file, bytes);
  rmSync(`${file}-wal`, { force: true });
}

function inHouse(title: string, body: (house: House) => Promise<void>): void {
  it(title, async () => {
    const dir = testFolder('spare');
    const file = join(dir, 'store.db');
    const clock = new FakeClock();
    const machine = new FakeMachine();
    const ends: (() => Promise<void>)[] = [];
    const start: House['start'] = async () => {
      const opening = openWithSpare({ file, clock, onFault: (_, error) => assert.fail(String(error)) });
      // Whoever starts sees the rejection; the wait for another process to let go runs on this clock too.
      opening.catch(() => undefined);
      await settle();
      for (let wait = 0; wait < 6; wait += 1) await clock.advance(1_000);
      const { store, condition } = await opening;
      const plane = new ControlPlane({ store, effects: machine, clock, random: () => 0.5, ...(condition.kind === 'well' ? {} : { trouble: 'in trouble' }) });
      await plane.start(withRelease());
      await settle();
      let ended = false;
      const end = async (): Promise<void> => {
        if (ended) return;
        ended = true;
        await plane.stop();
        await store.close();
      };
      ends.push(end);
      return { plane, condition, end };
    };
    try {
      await body({ file, clock, machine, start });
    } finally {
      for (const end of ends) await end();
      rmSync(dir, { recursive: true, force: true });
    }
  });
}
