// `examples/modules` as it stands: started by plain Node, without a condition or a build.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { freePort } from './support/project.ts';

const folder = join(import.meta.dirname, '../../../examples/modules');

test('the example runs as it stands, and `graylane/modules` can be required', async (t) => {
  const port = await freePort();
  const server = spawn(process.execPath, ['server.js'], { cwd: folder, env: { ...process.env, PORT: String(port), NODE_OPTIONS: '' }, stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(async () => {
    if (server.exitCode !== null) return;
    server.kill();
    await once(server, 'exit');
  });
  const started = await Promise.race([once(server.stdout, 'data').then(() => true), once(server, 'exit').then(() => false)]);
  assert.ok(started, 'it listens');
  const answers = await Promise.all(['', 'beta=1'].map((cookie) => fetch(`http://127.0.0.1:${port}/`, { headers: { cookie, accept: 'text/plain' } })));
  assert.match(answers[1]?.headers.get('graylane-route') ?? '', /service=checkout, version=v2, lane=one-click/);
  const required = spawn(process.execPath, ['-e', "process.exit(typeof require('graylane/modules').createRouter === 'function' ? 0 : 1)"], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  assert.deepEqual(await once(required, 'exit'), [0, null]);
});
