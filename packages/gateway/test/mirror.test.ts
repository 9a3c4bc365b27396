// Mirroring: copies arrive, answers are thrown away, and whatever the mirror does the original does not notice.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as http from 'node:http';
import * as net from 'node:net';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { Upstream } from '@graylane/forward';
import { DEFAULT_MIRROR, Gateway } from '../src/index.ts';
import type { MirrorCounts, MirrorPlan } from '../src/index.ts';
import { ask2, connectHttp2 } from './http2-support.ts';

interface Got { readonly method: string; readonly url: string; readonly body: string; readonly host: string }

async function listen(t: TestContext, server: net.Server): Promise<Upstream> {
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const { port } = server.address() as AddressInfo;
  return { key: String(port), address: { host: '127.0.0.1', port } };
}

function app(t: TestContext, name: string, onRequest: (got: Got) => void = () => undefined): Promise<Upstream> {
  return listen(t, http.createServer((req, res) => {
    let body = '';
    req.on('data', (chunk: Buffer) => body += chunk.toString());
    req.on('end', () => {
      onRequest({ method: req.method ?? '', url: req.url ?? '', body, host: req.headers.host ?? '' });
      res.end(name);
    });
  }));
}

interface Started {
  readonly gateway: Gateway;
  readonly url: string;
  readonly counts: () => MirrorCounts;
}

async function start(t: TestContext, mirror: Upstream | null, plan: Partial<MirrorPlan> = {}, original: Upstream | null = null): Promise<Started> {
  const v1 = original ?? await app(t, 'v1');
  const gateway = new Gateway({
    listen: [{ port: 0, host: '127.0.0.1' }], service: 'web', stable: 'v1', http2: true,
    upstreams: { v1: [v1], ...(mirror === null ? {} : { v2: [mirror] }) },
    mirrors: [{ ...DEFAULT_MIRROR, to: 'v2', ...plan }],
  });
  const [address] = await gateway.listen();
  t.after(() => gateway.close());
  return { gateway, url: `http://127.0.0.1:${(address as AddressInfo).port}`, counts: () => gateway.mirrored()[0] as MirrorCounts };
}

/** Waits for what comes after the original's answer. */
async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 8_000;
  while (!holds() && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.ok(holds());
}

const text = async (url: string, options: RequestInit = {}): Promise<string> => await (await fetch(url, options)).text();

void test('a copy arrives as the original was, and only the original is answered', { timeout: 10_000 }, async (t) => {
  const got: Got[] = [];
  const { url, counts } = await start(t, await app(t, 'mirror', (one) => got.push(one)), { methods: ['GET', 'POST'] });
  assert.equal(await text(`${url}/a?b=1`), 'v1');
  assert.equal(await text(`${url}/p`, { method: 'POST', body: 'x'.repeat(100_000) }), 'v1');
  assert.equal((await ask2(connectHttp2(t, url), { ':path': '/two', ':method': 'POST' }, 'body')).body, 'v1');
  await until(() => counts().answered === 3);
  assert.deepEqual(got.map(({ method, url: path, body }) => [method, path, body.length]).sort(), [['GET', '/a?b=1', 0], ['POST', '/p', 100_000], ['POST', '/two', 4]]);
  assert.ok(got.every(({ host }) => url.endsWith(host)));
});

void test('what changes something is not copied unless that is asked for', async (t) => {
  const got: Got[] = [];
  const { url, counts } = await start(t, await app(t, 'mirror', (one) => got.push(one)));
  await text(url, { method: 'DELETE' });
  await text(url, { method: 'POST', body: 'x' });
  await text(url);
  await until(() => counts().answered === 1);
  assert.deepEqual(got.map(({ method }) => method), ['GET']);
});

void test('a share is copied', async (t) => {
  const draws = [0.1, 0.3, 0.6, 0.9];
  const v1 = await app(t, 'v1');
  const gateway = new Gateway({ listen: [{ port: 0, host: '127.0.0.1' }], service: 'web', stable: 'v1', upstreams: { v1: [v1], v2: [await app(t, 'v2')] }, mirrors: [{ ...DEFAULT_MIRROR, to: 'v2', percent: 50 }], random: () => draws.shift() ?? 0 });
  const [address] = await gateway.listen();
  t.after(() => gateway.close());
  for (let i = 0; i < 4; i++) await text(`http://127.0.0.1:${(address as AddressInfo).port}`);
  await until(() => gateway.mirrored()[0]?.sent === 2);
});

void test('a dead mirror is left alone after a few failures, and nobody else notices', async (t) => {
  const closed = await listen(t, net.createServer());
  const dead: Upstream = { ...closed, address: { path: '/nowhere/at/all.sock' } };
  const { url, counts } = await start(t, dead);
  for (let i = 0; i < 30; i++) assert.equal(await text(url), 'v1');
  await until(() => counts().dropped.down > 0);
  const { sent, dropped } = counts();
  assert.ok(sent <= 10 && sent + dropped.down === 30, `${sent} sent, ${dropped.down} dropped`);
});

void test('a version without upstreams mirrors nothing and harms nobody', async (t) => {
  const { url } = await start(t, null);
  for (let i = 0; i < 10; i++) assert.equal(await text(url), 'v1');
});

void test('a mirror that never answers holds so many copies and no more, then they are given up', { timeout: 10_000 }, async (t) => {
  const silent = await listen(t, net.createServer((socket) => void socket.on('error', () => undefined).resume()));
  const { url, counts, gateway } = await start(t, silent, { inFlight: 4, timeoutMs: 300 });
  const answers = await Promise.all(Array.from({ length: 40 }, () => text(url)));
  assert.ok(answers.every((answer) => answer === 'v1'));
  // Four at a time; on a slow machine some were given up while others still came.
  const { sent, dropped } = counts();
  assert.equal(sent + dropped['in-flight'] + dropped.down, 40);
  assert.ok(sent >= 4 && dropped['in-flight'] > 0, `${sent} sent`);
  await until(() => counts().failed === sent);
  assert.equal(gateway.stats().every(({ inFlight }) => inFlight === 0), true);
});

void test('a slow mirror does not slow a body down, and what it cannot take is dropped and counted', { timeout: 10_000 }, async (t) => {
  // It accepts and reads nothing.
  const stuck = await listen(t, net.createServer((socket) => void socket.on('error', () => undefined).pause()));
  const { url, counts } = await start(t, stuck, { methods: ['POST'], bodyBytes: 1_000_000, bufferedBytes: 1_500_000, timeoutMs: 400 });
  const body = 'x'.repeat(900_000);
  const answers = await Promise.all([0, 1, 2].map(() => text(url, { method: 'POST', body })));
  assert.deepEqual(answers, ['v1', 'v1', 'v1']);
  await until(() => counts().failed + counts().dropped.buffered === 3);
  assert.ok(counts().dropped.buffered >= 1);
  assert.equal(await text(url, { method: 'POST', body: 'x'.repeat(1_100_000) }), 'v1');
  await until(() => counts().dropped.body === 1);
});

void test('an original that breaks off is not copied', { timeout: 10_000 }, async (t) => {
  const got: Got[] = [];
  const { url, counts } = await start(t, await app(t, 'mirror', (one) => got.push(one)), { methods: ['POST'] });
  const socket = net.connect(Number(new URL(url).port), '127.0.0.1');
  socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf', () => setTimeout(() => socket.destroy(), 50));
  await until(() => counts().dropped['original-aborted'] === 1);
  assert.deepEqual(got, []);
});

void test('an original that was answered early and then breaks off is not copied, and leaves nothing behind', { timeout: 10_000 }, async (t) => {
  const got: Got[] = [];
  const { url, counts } = await start(t, await app(t, 'mirror', (one) => got.push(one)), { methods: ['POST'], inFlight: 1 });
  const socket = net.connect(Number(new URL(url).port), '127.0.0.1');
  socket.on('error', () => undefined).once('data', () => socket.destroy());
  // The framing breaks, which is answered at once.
  socket.write('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nno size\r\n');
  await until(() => counts().dropped['original-aborted'] === 1);
  assert.equal(await text(url, { method: 'POST', body: 'whole' }), 'v1');
  await until(() => counts().answered === 1);
  assert.deepEqual(got.map(({ body }) => body), ['whole']);
});

void test('an endless answer of a mirror is cut', { timeout: 10_000 }, async (t) => {
  const ended = Promise.withResolvers<undefined>();
  const endless = await listen(t, http.createServer((_req, res) => {
    const pump = (): void => {
      while (!res.destroyed && res.write(Buffer.alloc(64 * 1024)));
    };
    res.on('drain', pump).on('close', () => ended.resolve(undefined));
    pump();
  }));
  const { url } = await start(t, endless);
  assert.equal(await text(url), 'v1');
  await ended.promise;
});
