// Every slot has somebody who accepts on it, and every worker who shall accept does, whatever is asked for at the same time.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { cpSync, mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import type { Pool } from '../src/index.ts';
import { migratesConnections } from '../src/os/migration.ts';
import { listeningSockets } from '../src/os/listening.ts';
import { APPS, app, failureOf, get, rig } from './support/harness.ts';
import type { Rig } from './support/harness.ts';

const skip = process.platform === 'linux' ? false : 'sockets are counted in /proc';

async function up(t: TestContext, spec: Parameters<typeof app>[0] = {}): Promise<Rig & { pool: Pool }> {
  const rigged = await rig(t);
  await rigged.fleet.openSlots('web', [{ port: rigged.port, host: '127.0.0.1' }], spec.workers ?? 1);
  return { ...rigged, pool: await rigged.fleet.start(app(spec)) };
}

function slotsOf(port: number): number {
  return listeningSockets().filter((socket) => socket.port === port).length;
}

/** An app of which this many starts go well, the others fail. */
function someStarts(folder: string, count: number): Parameters<typeof app>[0] {
  const starts = path.join(folder, 'starts');
  mkdirSync(starts, { recursive: true });
  return { script: 'some.cjs', env: { STARTS: starts, GOOD_STARTS: String(count), LATE_MS: '300' } };
}

/** All clients of a port are served by these workers alone, whichever slot they come to. */
async function servedBy(port: number, ids: readonly string[]): Promise<void> {
  for (let n = 0; n < 24; n++) {
    const { worker } = await get(port);
    assert.ok(ids.includes(worker), `${worker} is none of ${ids.join(', ')}`);
  }
}

test('scaling down closes no socket: who was born with those of the slots that are left accepts on them', { skip }, async (t) => {
  const rigged = await up(t, { workers: 3 });
  await rigged.pool.scale(1);
  assert.equal(slotsOf(rigged.port), 3);
  await servedBy(rigged.port, ['web.v1.0']);
});

test('a slot that came later is taken over by a successor, once', { skip }, async (t) => {
  const rigged = await up(t);
  await rigged.pool.scale(3);
  await rigged.pool.scale(1);
  assert.equal(slotsOf(rigged.port), 3);
  await servedBy(rigged.port, ['web.v1.3']);
  await rigged.pool.scale(2);
  await rigged.pool.scale(1);
  await servedBy(rigged.port, ['web.v1.3']);
});

test('a pool that scales by itself has its sockets from the beginning, so nobody is replaced for them', { skip }, async (t) => {
  const rigged = await up(t, { scaling: { min: 1, max: 3 } });
  assert.equal(slotsOf(rigged.port), 1, 'nobody is led to a slot that nobody has accepted on');
  await rigged.pool.scale(3);
  await rigged.pool.scale(1);
  assert.equal(slotsOf(rigged.port), 3);
  await servedBy(rigged.port, ['web.v1.0']);
});

test('whoever comes after a worker with slots of others accepts on them as well', { skip }, async (t) => {
  const rigged = await up(t, { workers: 2, backoff: { firstMs: 10 } });
  await rigged.pool.scale(1);
  process.kill(rigged.fleet.workers()[0]?.pid ?? 0, 'SIGKILL');
  await rigged.when((event) => event.kind === 'worker' && event.worker.id === 'web.v1.2' && event.worker.state === 'ready');
  await servedBy(rigged.port, ['web.v1.2']);
  await rigged.pool.reload();
  await servedBy(rigged.port, ['web.v1.3']);
  assert.equal(slotsOf(rigged.port), 2);
});

test('a worker that crashes again and again keeps nobody waiting: others accept on its slot until it is back', { skip }, async (t) => {
  const rigged = await up(t, { workers: 2, backoff: { firstMs: 60_000, capMs: 60_000 } });
  const [victim, other] = rigged.pool.workers();
  await failureOf(get(victim?.listeners[0]?.socket ?? '', '/crash'));
  await rigged.when((event) => event.kind === 'crash');
  await servedBy(rigged.port, [other?.id ?? '']);
});

test('a worker that stands still keeps nobody waiting who comes after it was noticed, nor who waits already', { skip }, async (t) => {
  const rigged = await up(t, { workers: 2, liveness: { everyMs: 250, ejectAfterMs: 500, replaceAfterMs: 60_000 } });
  const [victim, other] = rigged.pool.workers();
  const pid = victim?.process.pid ?? 0;
  process.kill(pid, 'SIGSTOP');
  try {
    // So many that some come to its slot, before anybody knows.
    const early = Promise.all(Array.from({ length: 24 }, () => get(rigged.port)));
    await rigged.when((event) => event.kind === 'worker' && event.worker.state === 'stalled');
    await servedBy(rigged.port, [other?.id ?? '']);
    assert.deepEqual([...new Set((await early).map(({ worker }) => worker))], [other?.id]);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
});

test('a slot that nobody can take over is given up, with a word to whom that may have hurt', { skip }, async (t) => {
  const rigged = await rig(t);
  await rigged.fleet.openSlots('web', [{ port: rigged.port, host: '127.0.0.1' }], 1);
  const pool = await rigged.fleet.start(app(someStarts(rigged.runDir, 2)));
  await pool.scale(2);
  await pool.scale(1);
  assert.equal(slotsOf(rigged.port), 1);
  await servedBy(rigged.port, ['web.v1.0']);
  const warnings = rigged.events.flatMap((event) => (event.kind === 'warning' ? [event.text] : []));
  assert.equal(warnings.filter((text) => /could take over/.test(text)).length, 1);
  assert.equal(warnings.filter((text) => /tcp_migrate_req/.test(text)).length, migratesConnections() ? 0 : 1);
});

test('a scaling that fails half-way leaves no slot behind that nobody accepts on', { skip }, async (t) => {
  const rigged = await rig(t);
  await rigged.fleet.openSlots('web', [{ port: rigged.port, host: '127.0.0.1' }], 1);
  const pool = await rigged.fleet.start(app(someStarts(rigged.runDir, 2)));
  assert.equal((await failureOf(pool.scale(3)))?.code, 'GL2006');
  assert.equal(slotsOf(rigged.port), 1);
  assert.equal(pool.spec.workers, 1);
  for (let n = 0; n < 8; n++) assert.equal((await get(rigged.port)).worker, 'web.v1.0');
});

test('a promotion to a version with fewer workers leaves no slot to nobody', { skip }, async (t) => {
  const { fleet, pool, port } = await up(t, { workers: 3 });
  const next = await fleet.start(app({ version: 'v2', publicSlots: 'hold', scaling: { min: 1, max: 4 } }));
  next.open();
  await fleet.stop(pool);
  assert.equal(slotsOf(port), 3);
  await servedBy(port, next.workers().map(({ id }) => id));
});

test('at the end clients are refused as soon as the last worker has stopped accepting', { skip }, async (t) => {
  const { fleet, port } = await up(t, { workers: 2 });
  // Silent clients, for which a worker waits at its end.
  const silent = await Promise.all(Array.from({ length: 8 }, async () => {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    t.after(() => socket.destroy());
    await once(socket, 'connect');
    return socket;
  }));
  const down = fleet.down();
  for (let failure: unknown = null; !/ECONNREFUSED/.test(String(failure));) failure = await get(port).catch((error: unknown) => error);
  assert.ok(silent.some((socket) => !socket.readableEnded && !socket.destroyed), 'that was before the end');
  await down;
});

test('a stable pool that does not start gives back the slots that only it wanted', { skip }, async (t) => {
  const { fleet, port, runDir } = await up(t);
  await failureOf(fleet.start(app({ ...someStarts(runDir, 1), version: 'v2', workers: 3 })));
  assert.equal(slotsOf(port), 1);
  assert.equal((await get(port)).body['version'], 'v1');
});

for (const [what, meanwhile] of [
  ['scales up', (pool: Pool) => pool.scale(2)],
  ['scales down', (pool: Pool) => pool.scale(1)],
  ['reloads', (pool: Pool) => pool.reload()],
  ['fails to reload', (pool: Pool) => failureOf(pool.reload(app({ version: 'v2', env: { CRASH_AT_START: '1' } })))],
] as const) {
  test(`a pool that is opened while it ${what} is open afterwards, and so are workers that start later`, { skip }, async (t) => {
    const { fleet, pool, port, when } = await up(t, { workers: 2 });
    const next = await fleet.start(app({ version: 'v2', publicSlots: 'hold', workers: 2 }));
    const work = meanwhile(next);
    next.open();
    await work;
    await fleet.stop(pool);
    assert.equal(next.spec.publicSlots, 'open');
    const before = new Set(fleet.workers().map(({ id }) => id));
    process.kill(fleet.workers()[0]?.pid ?? 0, 'SIGKILL');
    await when((event) => event.kind === 'worker' && event.worker.state === 'ready' && !before.has(event.worker.id) && event.worker.version === 'v2');
    for (let n = 0; n < 8; n++) assert.equal((await get(port)).body['version'], 'v2');
  });
}

test('a worker that a failed reload could not take back is replaced by the next reload', async (t) => {
  const rigged = await rig(t);
  // The former folder goes away in the middle, so that there is no way back for the seat that has changed.
  const former = path.join(rigged.runDir, 'former');
  cpSync(APPS, former, { recursive: true });
  await rigged.fleet.openSlots('web', [{ port: rigged.port, host: '127.0.0.1' }], 2);
  const pool = await rigged.fleet.start(app({ cwd: former, workers: 2 }));
  const broken = someStarts(rigged.runDir, 1);
  await failureOf(pool.reload(app({ ...broken, workers: 2, env: { ...broken?.env, REMOVE: former, NOTE: 'broken' } })));
  assert.ok(rigged.events.some((event) => event.kind === 'warning' && /could go back/.test(event.text)));
  await pool.reload(app({ workers: 2, env: { NOTE: 'mended' } }));
  assert.deepEqual(pool.workers().filter((worker) => worker.state.name === 'ready').map((worker) => worker.spec.env['NOTE']), ['mended', 'mended']);
});

test('who has never served is not waited for at the end', async (t) => {
  const { fleet } = await rig(t);
  const start = failureOf(fleet.start(app({ version: 'v2', role: 'canary', env: { NEVER_LISTEN: '1' }, ready: { timeoutMs: 60_000 } })));
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(fleet.workers().map(({ state }) => state), ['starting']);
  const [pool] = fleet.pools();
  assert.ok(pool !== undefined);
  await fleet.stop(pool);
  assert.equal((await start)?.code, 'GL2006');
});
