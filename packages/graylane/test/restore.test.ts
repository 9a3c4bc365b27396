// The store of `graylane up` taken back from a backup, damaged while nothing ran, and made again from the last good strategy.
// The supervisor runs in this process, as the one that an anchor starts; backup and restore are the commands.

import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ControlError } from '@graylane/control';
import { documentFromScripts } from '../src/config/scripts.ts';
import { checkStrategy } from '../src/config/strategy.ts';
import { placeOf } from '../src/place.ts';
import { startSupervisor, STORE_NAME, type Supervisor } from '../src/up/supervisor.ts';
import { appSource, freePort, Project } from './support/project.ts';

test('a backup is taken while everything runs and restored while nothing does; a damaged store leaves the last good strategy in force', async (t) => {
  const project = new Project({ 'v1/server.js': appSource('one'), 'v2/server.js': appSource('two') });
  const environment = { ...process.env, GRAYLANE_RUN_DIR: join(project.folder, 'r') };
  const place = placeOf(project.folder, environment);
  const store = join(place.state, STORE_NAME);
  const written = documentFromScripts({ script: './v1/server.js', canary: './v2/server.js', percent: '10', port: [String(await freePort())] }, project.folder);
  const { document } = checkStrategy(written, { runnable: true });
  let running: Supervisor | null = null;
  t.after(async () => {
    await running?.down();
    await project.remove();
  });
  const up = async (): Promise<Supervisor> => {
    running = await startSupervisor({ place, document, environment, gateways: 0, tcpApi: null, keeper: null, stop: new Promise(() => undefined), onEvent: () => undefined, onFault: () => undefined });
    assert.ok(running !== null);
    return running;
  };
  const percentOf = async ({ control }: Supervisor): Promise<readonly number[]> => (await control.status()).releases.map(({ percent }) => percent);
  const done = async (...args: readonly string[]): Promise<void> => {
    const { code, stderr } = await project.run(...args);
    assert.equal(code, 0, `${args.join(' ')}: ${stderr}`);
  };

  const first = await up();
  await first.control.split('canary', '30%', null, 'ann');
  await done('backup', 'kept.db');
  await first.control.split('canary', '40%', null, 'ann');
  assert.equal((await project.run('restore', 'kept.db')).code, 4, 'not under a running supervisor');
  await first.down();
  await done('restore', 'kept.db');
  const restored = await up();
  assert.deepEqual(await percentOf(restored), [30]);
  await restored.down();

  writeFileSync(store, 'no database at all, not any more');
  rmSync(`${store}-wal`, { force: true });
  const damaged = await up();
  const { healthy, problems } = await damaged.control.status();
  assert.match(problems.join(), /the store cannot be used .*last good strategy is in force/);
  assert.deepEqual([healthy, await percentOf(damaged)], [false, [30]]);
  await assert.rejects(damaged.control.split('canary', '50%', null, 'ann'), (error) => ControlError.from(error).code === 'GL3011');
  await damaged.down();
  await done('restore', '--last-good');
  const again = await up();
  assert.match((await again.control.status()).problems.join(), /the store was gone and was made again/);
  assert.deepEqual(await percentOf(again), [30]);
});
