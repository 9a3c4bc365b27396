// A rollback while requests come in and one stable worker stands still: the others route by it at once, the one that did not
// answer is named, and not even it lets a new request into the lane when it goes on.

import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ApiClient } from '@graylane/control';
import { appSource, freePort, Project } from './support/project.ts';

/**
 * To reach, on a machine of one's own: 100 ms. Tests run beside others; what they must not do is wait for the worker that
 * stands still, which is 3 s at least.
 */
const LIMIT_MS = 1_000;
const PAUSE_MS = 10;

interface Asked { readonly atMs: number; readonly answer: Promise<string> }

test('a rollback under load takes effect at once, also while one worker is stuck', async (t) => {
  const port = await freePort();
  const project = new Project({ 'v1/server.js': appSource('one'), 'v2/server.js': appSource('two') });
  t.after(() => project.remove());
  await project.up('./v1/server.js', '--canary', './v2/server.js', '--percent', '100', '--workers', '2', '--port', String(port));
  const run = join(project.folder, 'r');
  const client = new ApiClient({ socketPath: join(run, readdirSync(run)[0] ?? '', 'api.sock'), who: 'test' });
  const stuck = (await client.workers()).items.find(({ role }) => role === 'stable');
  assert.ok(stuck);
  assert.equal(await ask(port), 'two');

  const asked: Asked[] = [];
  const asking = setInterval(() => asked.push({ atMs: performance.now(), answer: ask(port) }), PAUSE_MS);
  process.kill(stuck.pid, 'SIGSTOP');
  let inForceMs: number;
  try {
    await delay(20 * PAUSE_MS);
    const begunMs = performance.now();
    const applied = await client.verb('canary', 'rollback', { why: 'too many errors' });
    const tookMs = performance.now() - begunMs;
    t.diagnostic(`in force after ${tookMs.toFixed(0)} ms, acknowledgements awaited for ${applied.tookMs.toFixed(0)} ms`);
    assert.ok(tookMs < LIMIT_MS, `it took ${tookMs} ms`);
    assert.ok(applied.stale.includes(stuck.id));
    // On a machine that is busy otherwise a worker may be late without being stuck.
    while ((await client.status()).stale.some((id) => id !== stuck.id)) await delay(PAUSE_MS);
    inForceMs = performance.now();
    assert.deepEqual((await client.status()).stale, [stuck.id]);
    await delay(20 * PAUSE_MS);
  } finally {
    process.kill(stuck.pid, 'SIGCONT');
    await delay(20 * PAUSE_MS);
    clearInterval(asking);
  }
  const late = await Promise.all(asked.filter(({ atMs }) => atMs > inForceMs).map(({ answer }) => answer));
  assert.ok(late.length > 10, `only ${late.length} requests were made after the rollback`);
  assert.deepEqual(late.filter((body) => body !== 'one'), []);
  await Promise.all(asked.map(({ answer }) => answer));
  while ((await client.status()).stale.length > 0) await delay(PAUSE_MS);
});

function ask(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ port, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => { body += text; });
      response.on('end', () => resolve(body));
    }).on('error', reject);
  });
}
