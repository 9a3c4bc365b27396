// Starting a pool: what becomes ready, and how each way to fail is said.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import net from 'node:net';
import { once } from 'node:events';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';

import type { Pool, PoolSpec } from '../src/index.ts';
import { app, failureOf, freePort, get, rig } from './support/harness.ts';

test('two workers share a port through their slots and both serve', async (t) => {
  const { fleet, port } = await rig(t);
  await fleet.openSlots('web', [{ port, host: '127.0.0.1' }], 2);
  const pool = await fleet.start(app({ workers: 2 }));
  assert.deepEqual(pool.status().ready, 2);
  const workers = new Set<string>();
  for (let i = 0; i < 60 && workers.size < 2; i++) workers.add((await get(port)).worker);
  assert.deepEqual([...workers].sort(), ['web.v1.0', 'web.v1.1']);
});

test('a canary has a private socket only, and appears among the peers', async (t) => {
  const { fleet, port, when } = await rig(t);
  await fleet.openSlots('web', [{ port, host: '127.0.0.1' }], 1);
  await fleet.start(app());
  await fleet.start(app({ version: 'v2', role: 'canary' }));
  const event = await when((one) => one.kind === 'peers' && one.peers.length === 2);
  assert.ok(event.kind === 'peers');
  const socket = event.peers.find((peer) => peer.version === 'v2')?.listeners[0]?.socket;
  assert.equal((await get(socket ?? '')).body['version'], 'v2');
  for (let i = 0; i < 20; i++) assert.equal((await get(port)).body['version'], 'v1');
});

test('a canary interrupts nobody when it wakes up, in none of its threads', { skip: !existsSync('/usr/bin/chrt') && 'without util-linux nobody can be told so' }, async (t) => {
  const { fleet, port } = await rig(t);
  await fleet.openSlots('web', [{ port, host: '127.0.0.1' }], 1);
  const stable = await fleet.start(app());
  const canary = await fleet.start(app({ version: 'v2', role: 'canary' }));
  // It is told when it is ready, beside all else.
  while (policiesOf(canary).some((policy) => policy !== BATCH)) await setTimeout(10);
  assert.ok(policiesOf(canary).length > 1, 'Node has several threads');
  assert.deepEqual(new Set(policiesOf(stable)), new Set([NORMAL]));
});

/** sched(7). */
const NORMAL = 0;
const BATCH = 3;

/** The scheduling policies of all threads of a pool's first worker. */
function policiesOf(pool: Pool): number[] {
  const pid = pool.workers()[0]?.process.pid ?? 0;
  // proc_pid_stat(5): the 41st field; the 3rd is the first behind the command.
  return readdirSync(`/proc/${pid}/task`).map((thread) => {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[41 - 3]);
  });
}

test('ports that nobody declared are donated by the first worker and shared with the others', async (t) => {
  const { fleet } = await rig(t);
  const port = await freePort();
  await fleet.start(app({ workers: 3, env: { PORT: String(port) } }));
  const workers = new Set<string>();
  for (let i = 0; i < 200 && workers.size < 3; i++) workers.add((await get(port)).worker);
  assert.equal(workers.size, 3);
});

test('the app may hold its readiness back until it sends ready', async (t) => {
  const { fleet, port } = await rig(t);
  await fleet.openSlots('web', [{ port, host: null }], 1);
  const pool = await fleet.start(app({ ready: { message: true, http: '/healthz', timeoutMs: 10_000 }, env: { SAY_READY: '1' } }));
  assert.equal(pool.status().ready, 1);
});

interface Refusal { readonly spec: Partial<PoolSpec>; readonly reason: string; readonly code: string; readonly says: RegExp; readonly lastLine?: string }

async function checkRefused(t: TestContext, { spec, reason, code, says, lastLine }: Refusal): Promise<void> {
  const { fleet, port } = await rig(t);
  await fleet.openSlots('web', [{ port, host: '127.0.0.1' }], 1);
  await fleet.start(app());
  const failure = await failureOf(fleet.start(app({ version: 'v2', role: 'canary', ...spec })));
  assert.ok(failure, 'it must not start');
  assert.deepEqual({ reason: failure.reason, code: failure.code }, { reason, code });
  assert.match(failure.message, says);
  assert.notEqual(failure.cure, '');
  if (lastLine !== undefined) assert.equal(failure.lastLines.at(-1), lastLine);
  assert.deepEqual(fleet.workers().map((worker) => [worker.version, worker.state]), [['v1', 'ready']]);
  assert.equal((await get(port)).body['version'], 'v1');
}

const REFUSALS: Readonly<Record<string, Refusal>> = {
  'a missing script': { spec: { script: 'nowhere.js' }, reason: 'script-missing', code: 'GL2001', says: /nowhere\.js/ },
  'a missing interpreter': { spec: { interpreter: '/nowhere/node' }, reason: 'interpreter-missing', code: 'GL2002', says: /\/nowhere\/node/ },
  'a missing env file': { spec: { envFile: 'nowhere.env' }, reason: 'env-file-missing', code: 'GL2003', says: /nowhere\.env/ },
  'a missing folder': { spec: { cwd: '/nowhere/at/all' }, reason: 'cwd-missing', code: 'GL2011', says: /\/nowhere\/at\/all/ },
  'a crash while starting': { spec: { env: { CRASH_AT_START: '1' } }, reason: 'exited', code: 'GL2006', says: /exit code 7/, lastLine: 'cannot find the database' },
  'an app that never listens': { spec: { env: { NEVER_LISTEN: '1' }, ready: { timeoutMs: 3_000 } }, reason: 'never-listened', code: 'GL2007', says: /did not listen/ },
  'an app that never sends ready': { spec: { ready: { message: true, timeoutMs: 3_000 } }, reason: 'never-ready', code: 'GL2008', says: /process\.send\('ready'\)/ },
  'a readiness path that stays red': { spec: { ready: { http: '/healthz', timeoutMs: 3_000 }, env: { UNHEALTHY: '1' } }, reason: 'never-ready', code: 'GL2008', says: /\/healthz/ },
  'a runtime without an agent': { spec: { interpreter: '/bin/sleep', script: 'hello.cjs' }, reason: 'exited', code: 'GL2006', says: /exit code/ },
  'a TCP server before its HTTP server': { spec: { env: { RAW: '1' } }, reason: 'unroutable', code: 'GL2009', says: /plain TCP server/ },
  'an unknown user': { spec: { user: 'nobody-of-that-name' }, reason: 'user-unknown', code: 'GL2015', says: /nobody-of-that-name/ },
  'a name that is no name': { spec: { version: '../v2' }, reason: 'bad-spec', code: 'GL2018', says: /version name/ },
};

for (const [name, refusal] of Object.entries(REFUSALS)) {
  test(`a canary with ${name} is refused, and stable goes on`, (t) => checkRefused(t, refusal));
}

test('a canary whose helper process listens for other machines is refused', { skip: process.platform !== 'linux' && 'needs /proc' }, async (t) => {
  const rival = await freePort();
  await checkRefused(t, { spec: { env: { NEVER_LISTEN: '1', RIVAL_PORT: String(rival) } }, reason: 'listens-publicly', code: 'GL2010', says: new RegExp(`:${rival}`) });
});

test('a port in use is named together with its holder', { skip: process.platform !== 'linux' && 'needs /proc' }, async (t) => {
  const { fleet } = await rig(t);
  const holder = net.createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  t.after(() => holder.close());
  const { port } = holder.address() as net.AddressInfo;
  const failure = await failureOf(fleet.openSlots('web', [{ port, host: '127.0.0.1' }], 1));
  assert.equal(failure?.code, 'GL2004');
  assert.match(failure.message, new RegExp(`127\\.0\\.0\\.1:${port} is already in use by process ${process.pid} `));
});

test('a second supervisor on the same run folder is refused', async (t) => {
  const { runDir } = await rig(t);
  const { Fleet } = await import('../src/index.ts');
  const second = new Fleet({ runDir, agentFile: '/unused', onEvent: () => undefined });
  await assert.rejects(second.listen(), { code: 'GL2012' });
});

test('a worker runs as another user, reaches its supervisor, and lets no second user in', { skip: process.geteuid?.() !== 0 && 'needs root' }, async (t) => {
  const { fleet, port } = await rig(t);
  await fleet.openSlots('web', [{ port, host: '127.0.0.1' }], 1);
  await fleet.start(app({ user: 65_534 }));
  assert.equal((await get(port)).body['uid'], 65_534);
  const failure = await failureOf(fleet.start(app({ version: 'v2', role: 'canary' })));
  assert.equal(failure?.code, 'GL2018');
});
