// Where a listen() of the app ends up, for stable and for canary workers, and what the app is told about it.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { exchange, get } from './support/exchange.ts';
import { document, openSlot, Supervisor, type Worker, type WorkerOptions } from './support/supervisor.ts';

interface Told {
  readonly number: number;
  readonly error?: string;
  readonly closed?: boolean;
  readonly address?: { readonly address: string; readonly family: string; readonly port: number } | string | null;
  readonly options?: unknown;
}

async function supervise(t: TestContext): Promise<Supervisor> {
  const supervisor = await Supervisor.start();
  t.after(async () => await supervisor.stop());
  return supervisor;
}

/** Starts the app and waits until each of its servers has told how it went. */
async function open(supervisor: Supervisor, listen: readonly unknown[], options: Partial<WorkerOptions> = {}): Promise<{ worker: Worker; told: Told[] }> {
  const worker = await supervisor.worker({ app: 'servers.mjs', env: { LISTEN: JSON.stringify(listen) }, listeners: null, ...options });
  return { worker, told: await heard(worker, listen.length) };
}

/** The first `count` things that the app told. */
async function heard(worker: Worker, count: number): Promise<Told[]> {
  const told = (): Told[] => worker.told.map(({ message }) => message as Told).filter((message) => 'number' in message);
  await worker.until(`${count} words of the app`, () => told().length >= count);
  return told();
}

/** When it answers, it has done what was asked before. */
async function pong(worker: Worker, n: number): Promise<void> {
  worker.send({ kind: 'ping', n });
  await worker.message('pong', (message) => message.n === n);
}

/** Everything in the worker's network namespace that this process listens on. */
function publicPorts(worker: Worker): number[] {
  return readFileSync(`/proc/${worker.child.pid}/net/tcp`, 'utf8').split('\n').filter((line) => / 0A /.test(line)).map((line) => Number.parseInt(line.split(':')[2] ?? '', 16));
}

describe('a stable worker', () => {
  test('serves on the socket of its slot and shows its address', async (t) => {
    const supervisor = await supervise(t);
    const port = supervisor.port();
    const { worker, told } = await open(supervisor, [{ port, host: '127.0.0.1' }], { ports: [port] });
    assert.deepEqual(told[0]?.address, { address: '127.0.0.1', family: 'IPv4', port });
    assert.match(await exchange({ port }, get('/')), /v1 server 0$/);
    await worker.until('a report', () => worker.reports.length === 1);
    const [report] = worker.reports;
    assert.deepEqual({ ...report, socket: existsSync(report!.socket) }, { index: 0, protocol: 'http', socket: true, port, host: '127.0.0.1' });
  });

  test('leaves the options of the app as they were', async (t) => {
    const supervisor = await supervise(t);
    const port = supervisor.port();
    const { told } = await open(supervisor, [{ port, host: 'localhost', backlog: 10 }], { ports: [port] });
    assert.deepEqual(told[0]?.options, { port, host: 'localhost', backlog: 10 });
  });

  test('an app that opens another port than the declared one gets the declared place', async (t) => {
    const supervisor = await supervise(t);
    const port = supervisor.port();
    const { told } = await open(supervisor, [{ port: 3000 }], { ports: [port] });
    assert.deepEqual(told[0]?.address, { address: '127.0.0.1', family: 'IPv4', port });
    assert.match(await exchange({ port }, get('/')), /v1 server 0$/);
  });

  test('several places go by port, whatever the order', async (t) => {
    const supervisor = await supervise(t);
    const [first, second] = [supervisor.port(), supervisor.port()];
    await open(supervisor, [{ port: second }, { port: first }], { ports: [first, second] });
    assert.match(await exchange({ port: second }, get('/')), /v1 server 0$/);
    assert.match(await exchange({ port: first }, get('/')), /v1 server 1$/);
  });

  test('a second server for another address of the same port stays off the network', async (t) => {
    const supervisor = await supervise(t);
    const port = supervisor.port();
    const { worker, told } = await open(supervisor, [{ port, host: '127.0.0.1' }, { port, host: '::1' }], { ports: [port] });
    assert.deepEqual(told[1]?.address, { address: '::1', family: 'IPv6', port });
    assert.match(await exchange({ port }, get('/')), /v1 server 0$/);
    await worker.message('hello');
    await pong(worker, 1);
    assert.equal(worker.reports.length, 1);
  });

  test('port 0 and Unix paths stay the app\'s own', async (t) => {
    const supervisor = await supervise(t);
    const { told } = await open(supervisor, [{ port: 0, host: '127.0.0.1' }, { path: `${supervisor.folder}/own` }, [0]], { undeclared: 'private' });
    const address = told[0]?.address;
    assert.ok(typeof address === 'object' && address !== null);
    assert.match(await exchange({ port: address.port }, get('/')), /v1 server 0$/);
    assert.equal(told[1]?.address, `${supervisor.folder}/own`);
  });

  test('an undeclared port is bound beside others and its socket given to the supervisor', { skip: process.platform !== 'linux' }, async (t) => {
    const supervisor = await supervise(t);
    const port = supervisor.port();
    const worker = await supervisor.worker({ app: 'servers.mjs', env: { LISTEN: JSON.stringify([{ port, host: '127.0.0.1' }]) }, undeclared: 'donate', listeners: null });
    const donated = (): { message: unknown; handle: unknown } | undefined => worker.told.find(({ message }) => typeof message === 'object' && message !== null && 'graylane' in message);
    await worker.until('a donated socket', () => donated() !== undefined);
    assert.deepEqual(donated()?.message, { graylane: 'donate', worker: worker.name, port, host: '127.0.0.1', index: 0 });
    assert.equal(typeof donated()?.handle, 'object');
    await worker.until('a report', () => worker.reports[0]?.port === port);
  });

  test('a port that is taken is reported, and the app gets Node\'s own error', async (t) => {
    const supervisor = await supervise(t);
    const blocker = createServer().listen(0, '127.0.0.1');
    await once(blocker, 'listening');
    t.after(() => blocker.close());
    const address = blocker.address();
    assert.ok(typeof address === 'object' && address !== null);
    const { worker, told } = await open(supervisor, [{ port: address.port, host: '127.0.0.1' }], { undeclared: 'donate' });
    assert.equal(told[0]?.error, 'EADDRINUSE');
    assert.deepEqual(await worker.message('listen-failed'), { kind: 'listen-failed', port: address.port, code: 'EADDRINUSE' });
  });

  test('two ports of which the undeclared one comes first are a mismatch with a cure', async (t) => {
    const supervisor = await supervise(t);
    const port = supervisor.port();
    const { worker } = await open(supervisor, [{ port: 9090 }, { port }], { ports: [port] });
    const message = await worker.message('unroutable');
    assert.equal(message.reason, 'listener-mismatch');
    assert.match(message.cure, new RegExp(`listen: \\[9090, ${port}\\]`));
  });

  test('a server that is closed and opened again is reported again, and what that costs is said', { skip: process.platform !== 'linux' }, async (t) => {
    const supervisor = await supervise(t);
    const port = supervisor.port();
    const { worker } = await open(supervisor, [{ port, host: '127.0.0.1' }], { ports: [port] });
    await worker.until('a report', () => worker.reports.length === 1);
    worker.child.send({ reopen: 0, with: { port, host: '127.0.0.1' } });
    const [, , again] = await heard(worker, 3);
    assert.deepEqual(again?.address, { address: '127.0.0.1', family: 'IPv4', port });
    await worker.until('a report of the second one', () => worker.of('listening').length > 0);
    assert.match((await worker.message('fault')).detail, /closed port \d+ and opened it again[^]*graylane reload/);
  });

  test('a held one is shown as listening, and accepts when it is told to', async (t) => {
    const supervisor = await supervise(t);
    const port = supervisor.port();
    const { worker, told } = await open(supervisor, [{ port, host: '127.0.0.1' }], { ports: [port], hold: true });
    assert.deepEqual(told[0]?.address, { address: '127.0.0.1', family: 'IPv4', port });
    await worker.message('hello');
    worker.send({ kind: 'open' });
    await pong(worker, 1);
    assert.match(await exchange({ port }, get('/')), /v1 server 0$/);
    worker.child.send({ close: 0 });
    const [, closed] = await heard(worker, 2);
    assert.deepEqual(closed, { number: 0, closed: true, address: null });
  });
});

describe('sockets of slots that are nobody\'s own', () => {
  for (const hold of [false, true]) {
    test(`are accepted on when it is told to${hold ? ', once a held one is open' : ''}, and closed with its own`, async (t) => {
      const supervisor = await supervise(t);
      const port = supervisor.port();
      const other = openSlot(0, '127.0.0.1');
      const { port: spare } = other.address();
      // Of a neighbour who accepts himself, and leaves at the same time.
      const neighbour = createServer().listen(0, '127.0.0.1');
      await once(neighbour, 'listening');
      t.after(() => neighbour.close());
      const shared = neighbour.address() as { readonly port: number };
      const { fd } = Reflect.get(neighbour, '_handle') as { readonly fd: number };
      const { worker } = await open(supervisor, [{ port, host: '127.0.0.1' }], { ports: [port], hold, others: [other, { fd: () => fd, address: () => shared, close: () => undefined }] });
      await worker.message('hello');
      // Two words that may come in any order, the one of them twice.
      worker.send({ kind: 'accept', slots: [1, 7] });
      worker.send({ kind: 'open' });
      worker.send({ kind: 'accept', slots: [1, 7] });
      await pong(worker, 1);
      for (const one of [port, spare]) assert.match(await exchange({ port: one }, get('/')), /v1 server 0$/);
      other.close();
      neighbour.close();
      worker.send({ kind: 'drain', graceMs: 2_000 });
      await worker.message('drained');
      for (const one of [spare, shared.port]) await assert.rejects(exchange({ port: one }, get('/')), { code: 'ECONNREFUSED' });
      assert.deepEqual(worker.of('fault'), []);
    });
  }
});

describe('a canary worker', () => {
  test('is told that it listens publicly, and does not', async (t) => {
    const supervisor = await supervise(t);
    const port = supervisor.port();
    const { worker, told } = await open(supervisor, [{ port: 3000, host: '0.0.0.0' }, { port: 9100 }], { ports: [port], version: 'v2', role: 'canary' });
    assert.deepEqual(told.map(({ address }) => address), [{ address: '127.0.0.1', family: 'IPv4', port }, { address: '::', family: 'IPv6', port: 9100 }]);
    assert.deepEqual(publicPorts(worker).filter((open) => open === 3000 || open === 9100), []);
  });

  test('gets port 0 on loopback only', async (t) => {
    const supervisor = await supervise(t);
    const { told } = await open(supervisor, [[0, '0.0.0.0'], []], { version: 'v2', role: 'canary' });
    for (const { address } of told) assert.equal(typeof address === 'object' && address?.address, '127.0.0.1');
  });

  test('serves each of its places to forwarded requests', async (t) => {
    const supervisor = await supervise(t);
    const ports = [supervisor.port(), supervisor.port()];
    const listen = ports.map((port) => ({ port, host: '127.0.0.1' }));
    const stable = await open(supervisor, listen, { ports });
    const canary = await open(supervisor, listen, { ports, version: 'v2', role: 'canary' });
    for (const { worker } of [stable, canary]) await worker.until('both places', () => worker.reports.length === 2);
    await supervisor.introduce();
    await supervisor.publish(document([{ name: 'all', when: [{}], versions: { web: 'v2' } }]));
    assert.match(await exchange({ port: ports[0]! }, get('/')), /v2 server 0$/);
    assert.match(await exchange({ port: ports[1]! }, get('/')), /v2 server 1$/);
  });
});
