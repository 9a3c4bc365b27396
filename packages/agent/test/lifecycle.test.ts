// An agent's life: with its supervisor, without it, with a new one, and its end.

import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { exchange, get, open, rest, until } from './support/exchange.ts';
import { document, Supervisor, type Worker } from './support/supervisor.ts';

async function supervise(t: TestContext): Promise<{ supervisor: Supervisor; port: number }> {
  const supervisor = await Supervisor.start();
  t.after(async () => await supervisor.stop());
  return { supervisor, port: supervisor.port() };
}

const toCanary = document([{ name: 'beta', when: [{ header: { 'x-beta': '1' } }], versions: { web: 'v2' } }]);
const beta = { 'X-Beta': '1' };

async function held(worker: Worker): Promise<void> {
  await worker.until('a held request', () => worker.told.some(({ message }) => typeof message === 'object' && message !== null && 'held' in message));
}

describe('the control socket', () => {
  test('a hello tells all that a new supervisor needs', async (t) => {
    const { supervisor, port } = await supervise(t);
    await supervisor.publish(toCanary);
    const worker = await supervisor.worker({ app: 'slow.mjs', ports: [port] });
    await supervisor.silence();
    worker.messages.length = 0;
    await supervisor.listen();
    const hello = await worker.message('hello');
    assert.deepEqual({ worker: hello.worker, pid: hello.pid, generation: hello.generation, ports: hello.listeners.map((listener) => listener.port) }, { worker: worker.name, pid: worker.child.pid, generation: 1, ports: [port] });
  });

  test('without a supervisor the last strategy and the last peers go on', async (t) => {
    const { supervisor, port } = await supervise(t);
    await supervisor.worker({ app: 'slow.mjs', ports: [port] });
    await supervisor.worker({ app: 'slow.mjs', ports: [port], version: 'v2', role: 'canary' });
    await supervisor.introduce();
    await supervisor.publish(toCanary);
    await supervisor.silence();
    assert.match(await exchange({ port }, get('/x', beta)), /v2 \/x$/);
    assert.match(await exchange({ port }, get('/x')), /v1 \/x$/);
  });

  test('a worker that starts without a supervisor has the published strategy', async (t) => {
    const { supervisor, port } = await supervise(t);
    await supervisor.publish(document([], { exposeRoute: true }));
    await supervisor.silence();
    const worker = await supervisor.worker({ app: 'servers.mjs', ports: [port], listeners: null, env: { LISTEN: JSON.stringify([{ port }]) } });
    await worker.until('the app', () => worker.told.length > 0);
    assert.match(await exchange({ port }, get('/')), /\r\nGraylane-Route: service=web, version=v1, gen=1\r\n/);
  });

  test('a broken snapshot is a fault that the app does not feel', async (t) => {
    const { supervisor, port } = await supervise(t);
    const worker = await supervisor.worker({ app: 'slow.mjs', ports: [port] });
    worker.send({ kind: 'strategy', generation: 5, snapshot: JSON.parse('{"format":999}') as never });
    const fault = await worker.message('fault');
    assert.match(fault.detail, /message strategy/);
    assert.equal(worker.of('ack').length, 0);
    assert.match(await exchange({ port }, get('/x')), /v1 \/x$/);
  });

  test('messages that it does not know are ignored', async (t) => {
    const { supervisor, port } = await supervise(t);
    const worker = await supervisor.worker({ app: 'slow.mjs', ports: [port] });
    worker.send(JSON.parse('{"kind":"from the future"}') as never);
    worker.send({ kind: 'ping', n: 1 });
    const { vitals } = await worker.message('pong');
    assert.ok(vitals.rss > 0 && vitals.heapLimit > vitals.heapUsed && vitals.cpuMicros > 0);
    assert.equal(worker.of('fault').length, 0);
  });

  test('a pong counts what is in flight', async (t) => {
    const { supervisor, port } = await supervise(t);
    const worker = await supervisor.worker({ app: 'slow.mjs', ports: [port] });
    const answer = exchange({ port }, get('/hold'));
    await held(worker);
    worker.send({ kind: 'ping', n: 1 });
    assert.equal((await worker.message('pong')).vitals.inFlight, 1);
    worker.child.send({ answer: true });
    assert.match(await answer, /v1 held$/);
  });

  test('decisions are counted by generation, lane and reason', async (t) => {
    const { supervisor, port } = await supervise(t);
    const worker = await supervisor.worker({ app: 'slow.mjs', ports: [port] });
    await supervisor.worker({ app: 'slow.mjs', ports: [port], version: 'v2', role: 'canary' });
    await supervisor.introduce();
    await supervisor.publish(toCanary);
    for (const headers of [beta, {}, {}, beta, {}]) await exchange({ port }, get('/x', headers));
    const total = (lane: string | null): number => worker.of('counts').flatMap(({ counts }) => counts).filter((count) => count.lane === lane && count.generation === 1).reduce((sum, { requests }) => sum + requests, 0);
    await worker.until('all counts', () => total(null) + total('beta') === 5);
    assert.equal(total('beta'), 2);
  });
});

describe('a release whose version has no worker', () => {
  for (const { onUnavailable, expected } of [{ onUnavailable: 'stable', expected: /v1 \/x$/ }, { onUnavailable: 'error', expected: /^HTTP\/1.1 503 .*\r\nRetry-After: 1\r\n/ }] as const) {
    test(`onUnavailable: ${onUnavailable}`, async (t) => {
      const { supervisor, port } = await supervise(t);
      const worker = await supervisor.worker({ app: 'slow.mjs', ports: [port] });
      await supervisor.publish(document([{ name: 'beta', when: [{}], versions: { web: 'v2' }, onUnavailable }]));
      assert.match(await exchange({ port }, get('/x')), expected);
      await worker.until('a count', () => worker.of('counts').some(({ counts }) => counts.some(({ reason, lane }) => reason === 'unavailable' && lane === 'beta')));
    });
  }
});

describe('a drain', () => {
  test('waits for what is in flight, and ends each connection with its response', async (t) => {
    const { supervisor, port } = await supervise(t);
    const worker = await supervisor.worker({ app: 'slow.mjs', ports: [port] });
    const answer = exchange({ port }, get('/hold', {}, 'keep-alive'));
    await held(worker);
    worker.send({ kind: 'drain', graceMs: 30_000 });
    worker.send({ kind: 'ping', n: 1 });
    await worker.message('pong');
    assert.equal(worker.of('drained').length, 0);
    worker.child.send({ answer: true });
    assert.match(await answer, /\r\nConnection: close\r\n[^]*v1 held$/);
    await worker.message('drained');
  });

  test('a request on a connection that was idle is answered, and the connection then closed', async (t) => {
    const { supervisor, port } = await supervise(t);
    const worker = await supervisor.worker({ app: 'slow.mjs', ports: [port] });
    const socket = open({ port });
    socket.write(get('/1', {}, 'keep-alive'));
    await until(socket, 'v1 /1');
    worker.send({ kind: 'drain', graceMs: 30_000 });
    worker.send({ kind: 'ping', n: 1 });
    await worker.message('pong');
    socket.write(get('/2', {}, 'keep-alive'));
    assert.match(await rest(socket), /\r\nConnection: close\r\n[^]*v1 \/2$/);
  });

  test('a connection that stays idle is closed after its grace', async (t) => {
    const { supervisor, port } = await supervise(t);
    const worker = await supervisor.worker({ app: 'slow.mjs', ports: [port] });
    const socket = open({ port });
    socket.write(get('/1', {}, 'keep-alive'));
    await until(socket, 'v1 /1');
    worker.send({ kind: 'drain', graceMs: 2000 });
    assert.equal(await rest(socket), '');
    await worker.message('drained');
  });

  test('takes no new connection, which the next holder of the socket gets', async (t) => {
    const { supervisor, port } = await supervise(t);
    const worker = await supervisor.worker({ app: 'slow.mjs', ports: [port] });
    worker.send({ kind: 'drain', graceMs: 200 });
    worker.send({ kind: 'ping', n: 1 });
    await worker.message('pong');
    const answer = exchange({ port }, get('/x'));
    await supervisor.successor(worker, { app: 'slow.mjs', ports: [port], version: 'v3' });
    assert.match(await answer, /v3 \/x$/);
  });

  test('ends at its deadline, whatever is in flight', async (t) => {
    const { supervisor, port } = await supervise(t);
    const worker = await supervisor.worker({ app: 'slow.mjs', ports: [port] });
    const answer = exchange({ port }, get('/hold')).catch(() => '');
    await held(worker);
    worker.send({ kind: 'drain', graceMs: 100 });
    await worker.message('drained');
    worker.child.kill('SIGKILL');
    assert.equal(await answer, '');
  });

  test('the app\'s own close() in its SIGTERM handler works as ever', async (t) => {
    const { supervisor, port } = await supervise(t);
    const worker = await supervisor.worker({ app: 'slow.mjs', ports: [port] });
    worker.send({ kind: 'drain', graceMs: 100 });
    await worker.message('drained');
    worker.child.send({ close: true });
    await worker.until('the close', () => worker.told.some(({ message }) => JSON.stringify(message) === '{"closed":true}'));
  });
});

describe('the end of the app', () => {
  test('close() of a canary waits for forwarded requests as it would for direct ones', async (t) => {
    const { supervisor, port } = await supervise(t);
    await supervisor.worker({ app: 'slow.mjs', ports: [port] });
    const canary = await supervisor.worker({ app: 'slow.mjs', ports: [port], version: 'v2', role: 'canary' });
    await supervisor.introduce();
    await supervisor.publish(toCanary);
    const answer = exchange({ port }, get('/hold', beta));
    await held(canary);
    canary.child.send({ close: true });
    canary.send({ kind: 'ping', n: 1 });
    await canary.message('pong');
    const closed = (): boolean => canary.told.some(({ message }) => JSON.stringify(message) === '{"closed":true}');
    assert.equal(closed(), false);
    canary.child.send({ answer: true });
    assert.match(await answer, /v2 held$/);
    await canary.until('the close', closed);
  });

  test('an agent keeps no process alive', async (t) => {
    const { supervisor, port } = await supervise(t);
    const worker = await supervisor.worker({ app: 'slow.mjs', ports: [port] });
    worker.child.send({ leave: true });
    assert.equal(await worker.exit, 0);
  });
});
