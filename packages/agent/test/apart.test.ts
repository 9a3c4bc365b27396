// Where the agent is not wanted, not understood, or broken: the app must run as if it were not there.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { exchange, get } from './support/exchange.ts';
import { BUNDLE, document, Supervisor } from './support/supervisor.ts';

async function supervise(t: TestContext): Promise<{ supervisor: Supervisor; port: number }> {
  const supervisor = await Supervisor.start();
  t.after(async () => await supervisor.stop());
  return { supervisor, port: supervisor.port() };
}

interface Run {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
}

async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Run> {
  const child = spawn(BUNDLE.node, [...BUNDLE.flags, ...args], { env: { ...process.env, NODE_OPTIONS: '', ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, error] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (error += chunk.toString()));
  const [code] = await once(child, 'close') as [number | null];
  return { code, out, error };
}

const look = 'console.log(JSON.stringify({ agent: Symbol.for("graylane.agent") in globalThis, brief: "GRAYLANE_AGENT" in process.env }))';

describe('the agent steps aside', () => {
  test('silently, where no supervisor asked for it', async () => {
    assert.deepEqual(await run(['-e', look]), { code: 0, out: '{"agent":false,"brief":false}\n', error: '' });
  });

  for (const [name, brief, said] of [
    ['a brief that is no JSON', '{', /is not JSON/],
    ['a brief of another kind', '{}', /is not a worker's brief/],
    ['a brief of a newer protocol', JSON.stringify({ wire: 99, worker: 'w', service: 's', version: 'v', role: 'stable', control: 'c', sockets: 's', snapshot: 's', hold: false, listeners: [], undeclared: 'private' }), /start both from one installation/],
  ] as const) {
    test(`with one line, at ${name}`, async () => {
      const { code, out, error } = await run(['-e', look], { GRAYLANE_AGENT: brief });
      assert.equal(code, 0);
      assert.match(out, /"agent":false/);
      assert.match(error, said);
      assert.equal(error.trim().split('\n').length, 1);
    });
  }

  test('children of the app find nothing of it, whichever way they were started', async (t) => {
    const { supervisor, port } = await supervise(t);
    const worker = await supervisor.worker({ app: 'family.mjs', ports: [port], listeners: null });
    await worker.until('a report on the family', () => worker.told.length > 0);
    const none = { brief: null, agent: false };
    assert.deepEqual(worker.told[0]?.message, { own: { brief: null, agent: true }, spawned: none, forked: none, threaded: none });
  });

  test('loaded twice, it starts once', async (t) => {
    const { supervisor, port } = await supervise(t);
    const worker = await supervisor.worker({ app: 'mirror.mjs', ports: [port], flags: ['--import', `${BUNDLE.flags[1]}?again`] });
    assert.equal(worker.connections, 1);
    assert.equal(worker.of('hello').length, 1);
  });
});

describe('an app that cannot be routed is reported with a cure', () => {
  test('its own cluster', async (t) => {
    const { supervisor, port } = await supervise(t);
    const worker = await supervisor.worker({ app: 'unroutable.mjs', ports: [port], env: { KIND: 'cluster' }, listeners: null });
    const message = await worker.message('unroutable');
    assert.equal(message.reason, 'cluster');
    assert.match(message.cure, /without its cluster/);
  });

  test('its own cluster whose workers open the sockets themselves', async (t) => {
    const { supervisor, port } = await supervise(t);
    const worker = await supervisor.worker({ app: 'unroutable.mjs', ports: [port], env: { KIND: 'unscheduled' }, listeners: null });
    await worker.message('hello');
    await worker.until('a worker of the cluster', () => worker.told.some(({ message }) => message === 'forked'));
    worker.send({ kind: 'ping', n: 1 });
    assert.equal((await worker.message('unroutable')).reason, 'cluster');
  });

  test('connections handed to an HTTP server that does not listen', async (t) => {
    const { supervisor, port } = await supervise(t);
    const worker = await supervisor.worker({ app: 'unroutable.mjs', ports: [port], env: { KIND: 'raw' } });
    assert.match(await exchange({ port }, get('/')), /raw$/);
    const message = await worker.message('unroutable');
    assert.equal(message.reason, 'raw-connection');
    assert.match(message.cure, /--plane gateway/);
  });
});

describe('an agent whose parts are gone, as after an upgrade under a running worker', () => {
  test('serves everything itself, and says what to do', async (t) => {
    const { supervisor, port } = await supervise(t);
    const lonely = join(supervisor.folder, 'agent.js');
    copyFileSync(join(import.meta.dirname, '../dist/agent.js'), lonely);
    writeFileSync(join(supervisor.folder, 'package.json'), '{"type":"module"}');
    const worker = await supervisor.worker({ app: 'plain.mjs', ports: [port], loader: { node: BUNDLE.node, flags: ['--import', lonely] } });
    const canary = await supervisor.worker({ app: 'plain.mjs', version: 'v2', role: 'canary', ports: [port] });
    await supervisor.introduce([worker, canary]);
    await supervisor.publish(document([{ name: 'all', when: [{}], versions: { web: 'v2' } }]));
    assert.match(await exchange({ port }, get('/')), /v1 serves$/);
    assert.match((await worker.message('fault')).detail, /forwarder\.cjs/);
  });

  test('refuses a part of another version', async (t) => {
    const { supervisor, port } = await supervise(t);
    const lonely = join(supervisor.folder, 'agent.js');
    copyFileSync(join(import.meta.dirname, '../dist/agent.js'), lonely);
    writeFileSync(join(supervisor.folder, 'package.json'), '{"type":"module"}');
    writeFileSync(join(supervisor.folder, 'forwarder.cjs'), 'exports.AGENT_VERSION = "99"; exports.createForwarder = () => { throw new Error("used"); };');
    const worker = await supervisor.worker({ app: 'plain.mjs', ports: [port], loader: { node: BUNDLE.node, flags: ['--import', lonely] } });
    const canary = await supervisor.worker({ app: 'plain.mjs', version: 'v2', role: 'canary', ports: [port] });
    await supervisor.introduce([worker, canary]);
    assert.match((await worker.message('fault')).detail, /is not of version .*: reload this worker/);
  });
});

describe('a fault inside the agent leaves the app as it was, and is reported', () => {
  const faulty = join(import.meta.dirname, 'support/faulty.mjs');
  for (const fault of ['a private socket that cannot be opened', 'a server whose events cannot be seen', 'a request that cannot be read']) {
    test(fault, async (t) => {
      const { supervisor, port } = await supervise(t);
      const worker = await supervisor.worker({ app: 'plain.mjs', ports: [port], loader: { node: BUNDLE.node, flags: ['--import', faulty, ...BUNDLE.flags] }, env: { FAULT: fault }, listeners: null });
      const canary = await supervisor.worker({ app: 'plain.mjs', version: 'v2', role: 'canary', ports: [port] });
      await worker.until('the app', () => worker.told.some(({ message }) => message === 'ready'));
      await worker.message('hello');
      await supervisor.introduce([canary]);
      await supervisor.publish(document([{ name: 'all', when: [{}], versions: { web: 'v2' } }]));
      assert.match(await exchange({ port }, get('/')), fault.startsWith('a private') ? /v[12] serves$/ : /v1 serves$/);
      assert.match((await worker.message('fault')).detail, /injected|Cannot redefine/);
    });
  }
});
