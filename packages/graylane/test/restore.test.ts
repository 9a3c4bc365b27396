// The store of `graylane up` taken back from a backup, damaged while nothing ran, and made again from the last good strategy.
// All of it as people do it: processes, commands and their exit codes; requests show which strategy is in force.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ApiClient, ApiFailure } from '@graylane/control';
import { ask } from './support/ask.ts';
import { appSource, freePort, Project, type Up } from './support/project.ts';

const TESTER = { 'x-tester': 'yes' };

test('a backup is taken while everything runs and restored while nothing does; a damaged store leaves the last good strategy in force', async (t) => {
  const port = await freePort();
  const release = { name: 'canary', when: [{ header: { 'x-tester': 'yes' }, pinned: true }, {}], percent: 10, versions: { web: 'v2' } };
  const project = new Project({
    'v1/server.js': appSource('one'), 'v2/server.js': appSource('two'),
    'graylane.config.json': JSON.stringify({ services: { web: { listen: port, stable: 'v1', versions: { v1: { script: './v1/server.js', workers: 1 }, v2: { script: './v2/server.js', workers: 1 } } } }, releases: [release] }),
  });
  t.after(() => project.remove());
  let running = await project.up();
  const client = (): ApiClient => new ApiClient({ socketPath: project.api, who: 'test' });
  const percent = async (): Promise<number | undefined> => (await client().status()).releases[0]?.percent;
  const code = async (...args: readonly string[]): Promise<number | null> => (await project.run(...args)).code;

  await client().split('canary', '30%', null);
  assert.equal(await code('backup', 'kept.db'), 0);
  await client().split('canary', '40%', null);
  assert.equal(await code('restore', 'kept.db'), 4, 'not under a running supervisor');
  await ended(running);
  assert.equal(await code('restore', 'kept.db'), 0);
  running = await project.up();
  assert.equal(await percent(), 30);

  const store = join(project.folder, '.graylane/store.db');
  await ended(running);
  writeFileSync(store, 'no database at all, not any more');
  rmSync(`${store}-wal`, { force: true });
  running = await project.up();
  const { healthy, problems } = await client().status();
  assert.match(problems.join(), /the store cannot be used .*last good strategy is in force/);
  assert.deepEqual([healthy, await percent(), await ask(port, TESTER)], [false, 30, 'two']);
  await assert.rejects(client().split('canary', '50%', null), (error) => error instanceof ApiFailure && error.problem.code === 'GL3011' && error.problem.status === 503);
  await client().verb('canary', 'rollback', { why: 'errors' });
  assert.equal(await ask(port, TESTER), 'one', 'a way back needs no store');
  assert.equal(readFileSync(store, 'utf8'), 'no database at all, not any more', 'what is damaged is left for whoever looks at it');

  await ended(running);
  assert.equal(await code('restore', '--last-good'), 0);
  running = await project.up();
  assert.match((await client().status()).problems.join(), /the store was gone and was made again/);
  assert.equal(await ask(port, TESTER), 'one', 'what was rolled back stays so');
});

async function ended({ child }: Up): Promise<void> {
  const closed = once(child, 'close');
  child.kill('SIGTERM');
  await closed;
}
