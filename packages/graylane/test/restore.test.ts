// The store of `graylane up` taken back from a backup, damaged while nothing ran, and made again from the last good strategy.

import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { appSource, freePort, Project } from './support/project.ts';

interface Status { readonly generation: number; readonly healthy: boolean; readonly problems: readonly string[]; readonly releases: readonly { readonly percent: number; readonly phase: string }[] }

test('a backup is taken while everything runs and restored while nothing does; a damaged store leaves the last good strategy in force', async (t) => {
  const port = await freePort();
  const project = new Project({ 'v1/server.js': appSource('one'), 'v2/server.js': appSource('two') });
  t.after(() => project.remove());
  const up = (): Promise<unknown> => project.up('./v1/server.js', '--canary', './v2/server.js', '--percent', '10', '--port', String(port));
  const status = async (): Promise<Status> => JSON.parse((await project.run('status', '--json')).stdout) as Status;
  const done = async (...args: readonly string[]): Promise<void> => {
    const { code, stderr } = await project.run(...args);
    assert.equal(code, 0, `${args.join(' ')}: ${stderr}`);
  };
  const store = join(project.folder, '.graylane', 'store.db');

  await up();
  await done('split', 'canary', '30%');
  await done('backup', 'kept.db');
  await done('split', 'canary', '40%');
  assert.equal((await project.run('restore', 'kept.db')).code, 4, 'not under a running supervisor');
  await done('down');
  await done('restore', 'kept.db');
  await up();
  assert.deepEqual((await status()).releases.map(({ percent }) => percent), [30]);
  await done('down');

  writeFileSync(store, 'no database at all, not any more');
  rmSync(`${store}-wal`, { force: true });
  await up();
  const damaged = await status();
  assert.match(damaged.problems.join(), /the store cannot be used .*last good strategy is in force/);
  assert.deepEqual([damaged.healthy, damaged.releases.map(({ percent }) => percent)], [false, [30]]);
  assert.equal((await project.run('split', 'canary', '50%')).code, 1);
  await done('down');
  await done('restore', '--last-good');
  await up();
  const again = await status();
  assert.match(again.problems.join(), /the store was gone and was made again/);
  assert.deepEqual(again.releases.map(({ percent }) => percent), [30]);
});
