// Life after the start: crashes, drains, reloads, scaling, strategies. Real processes, real signals.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, symlinkSync, unlinkSync, copyFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { APPS, app, failureOf, get, rig } from './support/harness.ts';
import type { Rig } from './support/harness.ts';
import { constantLoad } from './support/load.ts';

async function up(t: Parameters<typeof rig>[0], spec: Parameters<typeof app>[0] = {}): Promise<Rig & { pool: Awaited<ReturnType<Rig['fleet']['start']>> }> {
  const rigged = await rig(t);
  await rigged.fleet.openSlots('web', [{ port: rigged.port, host: '127.0.0.1' }], spec.workers ?? 1);
  return { ...rigged, pool: await rigged.fleet.start(app(spec)) };
}

test('a killed worker is back on the same slot within a second', async (t) => {
  const { fleet, port, when } = await up(t);
  const before = fleet.workers()[0];
  const since = performance.now();
  process.kill(before!.pid, 'SIGKILL');
  await when((event) => event.kind === 'worker' && event.worker.id === 'web.v1.1' && event.worker.state === 'ready');
  assert.ok(performance.now() - since < 1_000);
  assert.equal((await get(port)).worker, 'web.v1.1');
});

test('a canary that crashes in a loop is restarted ever later, then given up with its last words, and stable never notices', async (t) => {
  const { fleet, port, when, events } = await up(t);
  const stable = fleet.workers()[0]?.pid;
  const pool = await fleet.start(app({ version: 'v2', role: 'canary', backoff: { firstMs: 20, maxCrashes: 3 } }));
  for (const crash of [1, 2, 3]) {
    const ready = await when((event) => event.kind === 'worker' && event.worker.id === `web.v2.${crash}` && event.worker.state === 'ready');
    assert.ok(ready.kind === 'worker');
    const socket = pool.workers()[0]?.listeners[0]?.socket ?? '';
    await failureOf(get(socket, '/crash'));
    await when((event) => event.kind === 'crash' && event.crashes === crash);
  }
  const crashes = events.filter((event) => event.kind === 'crash');
  assert.deepEqual(crashes.map((crash) => [crash.cause, crash.failed]), [['exit code 3', false], ['exit code 3', false], ['exit code 3', true]]);
  assert.equal(pool.status().failed[0]?.lastLines.at(-1), 'starting v2 as canary');
  assert.equal(pool.status().ready, 0);
  assert.equal((await get(port)).body['pid'], stable);
});

test('a stable worker that crashes in a loop is flagged, but goes on being restarted', async (t) => {
  const { pool, port, when } = await up(t, { backoff: { firstMs: 10, maxCrashes: 1 } });
  await failureOf(get(port, '/crash'));
  const crash = await when((event) => event.kind === 'crash');
  assert.ok(crash.kind === 'crash' && crash.failed);
  await when((event) => event.kind === 'worker' && event.worker.id === 'web.v1.1' && event.worker.state === 'ready');
  assert.equal(pool.status().failed.length, 1);
  assert.equal((await get(port)).status, 200);
});

test('a drain lets a slow response finish before SIGTERM', async (t) => {
  const { fleet, pool, port } = await up(t, { env: { DELAY_MS: '400' } });
  const answer = get(port);
  // The request is in the app's hands once its connection is: a second one on a kept-open socket proves that.
  await get(fleet.pools()[0]?.workers()[0]?.listeners[0]?.socket ?? '', '/');
  const late = get(port);
  await new Promise((resolve) => setImmediate(resolve));
  const stopped = pool.stop();
  assert.equal((await answer).status, 200);
  assert.equal((await late).status, 200);
  await stopped;
});

test('a worker that ignores SIGTERM is killed at the kill timeout', async (t) => {
  const { fleet, pool } = await up(t, { env: { IGNORE_SIGTERM: '1' }, killTimeoutMs: 200 });
  const pid = fleet.workers()[0]?.pid ?? 0;
  await pool.stop();
  assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
});

test('a rolling reload under load loses no request and ends with new workers only', async (t) => {
  const { fleet, pool, port } = await up(t, { workers: 2, env: { DELAY_MS: '5' } });
  const load = constantLoad(port);
  await pool.reload();
  await pool.reload();
  const outcome = await load.stop();
  assert.deepEqual(outcome.failures, []);
  assert.ok(outcome.answers > 20);
  assert.deepEqual(fleet.workers().map((worker) => [worker.id, worker.state]), [['web.v1.4', 'ready'], ['web.v1.5', 'ready']]);
});

test('a reload whose new workers fail keeps the old ones and says why', async (t) => {
  const { fleet, pool, port } = await up(t, { workers: 2 });
  const before = fleet.workers().map((worker) => worker.pid);
  const failure = await failureOf(pool.reload(app({ workers: 2, env: { CRASH_AT_START: '1' } })));
  assert.equal(failure?.code, 'GL2006');
  assert.equal(failure.lastLines.at(-1), 'cannot find the database');
  assert.deepEqual(fleet.workers().map((worker) => worker.pid), before);
  assert.equal((await get(port)).status, 200);
});

test('a reload that fails at its second worker goes back at the first', async (t) => {
  const flag = path.join((await rig(t)).runDir, 'flag');
  const { fleet, pool } = await up(t, { workers: 2 });
  const failure = await failureOf(pool.reload(app({ workers: 2, script: 'once.cjs', env: { FLAG: flag, NOTE: 'new' } })));
  assert.equal(failure?.code, 'GL2006');
  assert.deepEqual(new Set(pool.workers().filter((worker) => worker.state.name === 'ready').map((worker) => worker.spec.script)), new Set(['hello.cjs']));
  assert.equal(fleet.workers().filter((worker) => worker.state === 'ready').length, 2);
});

test('of reloads that wait the last one counts, and none overlap', async (t) => {
  const { pool, port, events, when } = await up(t);
  const first = pool.reload(app({ env: { NOTE: 'a' } }));
  await when((event) => event.kind === 'pool' && event.what === 'reloading');
  await Promise.all([first, ...['b', 'c', 'd'].map((note) => pool.reload(app({ env: { NOTE: note } })))]);
  assert.equal((await get(port)).body['note'], 'd');
  assert.equal(events.filter((event) => event.kind === 'pool' && event.what === 'reloaded').length, 2);
});

test('a release folder behind a symbolic link is resolved anew at each reload', async (t) => {
  const { fleet, runDir, port } = await rig(t);
  for (const release of ['one', 'two']) {
    mkdirSync(path.join(runDir, release));
    copyFileSync(path.join(APPS, 'hello.cjs'), path.join(runDir, release, 'hello.cjs'));
  }
  const current = path.join(runDir, 'current');
  symlinkSync('one', current);
  await fleet.openSlots('web', [{ port, host: '127.0.0.1' }], 1);
  const pool = await fleet.start(app({ cwd: current }));
  assert.equal((await get(port)).body['cwd'], path.join(runDir, 'one'));
  unlinkSync(current);
  symlinkSync('two', current);
  await pool.reload();
  assert.equal((await get(port)).body['cwd'], path.join(runDir, 'two'));
});

test('scaling up adds slots and scaling down takes workers away', async (t) => {
  const { fleet, pool, port } = await up(t);
  await pool.scale(3);
  assert.equal(pool.status().ready, 3);
  const seen = new Set<string>();
  for (let i = 0; i < 200 && seen.size < 3; i++) seen.add((await get(port)).worker);
  assert.equal(seen.size, 3);
  await pool.scale(1);
  const [left, ...others] = fleet.workers();
  assert.deepEqual(others, []);
  for (let i = 0; i < 20; i++) assert.equal((await get(port)).worker, left?.id);
});

test('a held pool serves privately until it is opened, and then takes over from the old one without a gap', async (t) => {
  const { fleet, pool, port } = await up(t);
  const next = await fleet.start(app({ version: 'v2', publicSlots: 'hold' }));
  for (let i = 0; i < 10; i++) assert.equal((await get(port)).body['version'], 'v1');
  const load = constantLoad(port);
  next.open();
  await fleet.stop(pool);
  for (let i = 0; i < 10; i++) assert.equal((await get(port)).body['version'], 'v2');
  assert.deepEqual((await load.stop()).failures, []);
});

test('a strategy is acknowledged by all agents and found on disk by those that start later', async (t) => {
  const { fleet, runDir } = await up(t, { workers: 2 });
  const published = await fleet.publish(null, { kind: 'strategy', generation: 7, snapshot: { format: 1 } as never }, 2_000);
  assert.deepEqual(published, { acked: ['web.v1.0', 'web.v1.1'], stale: [] });
  const onDisk = JSON.parse(readFileSync(path.join(runDir, 'strategy.web.json'), 'utf8')) as { generation: number };
  assert.equal(onDisk.generation, 7);
  await fleet.start(app({ version: 'v2', role: 'canary' }));
  assert.equal(fleet.workers().find((worker) => worker.version === 'v2')?.generation, 7);
});

test('a worker that stops answering is ejected, and returns when it answers again', async (t) => {
  const { fleet, when } = await up(t);
  const canary = await fleet.start(app({ version: 'v2', role: 'canary', liveness: { everyMs: 50, ejectAfterMs: 400 } }));
  const pid = canary.workers()[0]?.process.pid ?? 0;
  process.kill(pid, 'SIGSTOP');
  await when((event) => event.kind === 'worker' && event.worker.version === 'v2' && event.worker.state === 'stalled');
  await when((event) => event.kind === 'peers' && event.peers.length === 1 && event.peers[0]?.version === 'v1');
  process.kill(pid, 'SIGCONT');
  await when((event) => event.kind === 'worker' && event.worker.version === 'v2' && event.worker.state === 'ready' && event.from === 'stalled');
});

test('a worker whose event loop hangs is replaced, the new one first', async (t) => {
  const { port, when } = await up(t, { liveness: { everyMs: 50, ejectAfterMs: 300, replaceAfterMs: 600 } });
  await get(port, '/deaf');
  await when((event) => event.kind === 'worker' && event.worker.id === 'web.v1.0' && event.worker.state === 'exited');
  assert.equal((await get(port)).worker, 'web.v1.1');
});

test('a worker that grows over its memory limit is replaced, the new one first', async (t) => {
  const { port, when } = await up(t, { memory: { rssBytes: 2 ** 39 }, liveness: { everyMs: 250 } });
  await get(port, '/fat');
  const leaving = await when((event) => event.kind === 'worker' && event.worker.id === 'web.v1.0' && event.worker.state === 'draining');
  assert.ok(leaving.kind === 'worker');
  assert.match(leaving.cause, /resident memory .* over its limit/);
  await when((event) => event.kind === 'worker' && event.worker.id === 'web.v1.0' && event.worker.state === 'exited');
  assert.equal((await get(port)).worker, 'web.v1.1');
});

test('a worker over its memory limit leaves a heap snapshot when asked to', async (t) => {
  const { port, when } = await up(t, { memory: { rssBytes: 2 ** 39, snapshot: true }, liveness: { everyMs: 250 } });
  await get(port, '/fat');
  const told = await when((event) => event.kind === 'warning' && event.text.includes('heap snapshot is'));
  assert.ok(told.kind === 'warning');
  assert.match(readFileSync(told.text.split(' is ').at(-1) ?? '', 'utf8').slice(0, 20), /^\{"snapshot"/);
  await when((event) => event.kind === 'worker' && event.worker.id === 'web.v1.0' && event.worker.state === 'exited');
});

test('a pool between min and max grows when its event loops are busy', async (t) => {
  const { pool, port, when } = await up(t, { scaling: { min: 1, max: 2 }, liveness: { everyMs: 250 } });
  await get(port, '/busy');
  await when((event) => event.kind === 'pool' && event.what === 'scaled');
  assert.equal(pool.status().ready, 2);
});
