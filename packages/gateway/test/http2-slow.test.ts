// Clients of HTTP/2 that hold what they have by doing little: their streams and their connections end, soon, and nobody else's.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { Gateway } from '../src/index.ts';
import { FLAG, FRAME, GET, POST, frame, headers, setting, withValue } from './frames.ts';
import type { Frame } from './frames.ts';
import { RawClient, ask2, connectHttp2 } from './http2-support.ts';

const BIG_BYTES = 2_000_000;
const CANCEL = 8;

async function start(t: TestContext, stallMs: number = 150): Promise<{ readonly gateway: Gateway; readonly port: number }> {
  const app = http.createServer((req, res) => {
    req.resume().on('error', () => undefined);
    if (req.method === 'GET') res.end(req.url === '/big' ? Buffer.alloc(BIG_BYTES) : 'fine');
    else req.on('end', () => res.end('fine'));
  }).listen(0, '127.0.0.1');
  await once(app, 'listening');
  const gateway = new Gateway({
    listen: [{ port: 0, host: '127.0.0.1' }], service: 'web', stable: 'v1', http2: true,
    upstreams: { v1: [{ key: 'app', address: { host: '127.0.0.1', port: (app.address() as AddressInfo).port } }] },
    limits: { clientIdleMs: 150, clientStallMs: stallMs },
    frontLimits: { checkMs: 10, keepAliveMs: 400, stallMs, lingerMs: 50 },
  });
  const [address] = await gateway.listen();
  t.after(() => {
    gateway.close();
    app.closeAllConnections();
    app.close();
  });
  return { gateway, port: (address as AddressInfo).port };
}

/** A client that says `frames` and leaves its side open; it must be rid of its connection, and its stream be reset when it has one. */
function check(name: string, frames: readonly Frame[], reset: boolean): void {
  void test(name, { timeout: 10_000 }, async (t) => {
    const { gateway, port } = await start(t);
    const client = new RawClient(t, port, true);
    const closed = new Promise<void>((resolve) => void client.socket.once('close', () => resolve()));
    client.send(...frames);
    await client.until(() => client.hasEnded);
    // Bytes for a connection that is gone are answered with its reset: only that tells it from one that is half open.
    const knock = setInterval(() => client.send(frame(FRAME.priority, 0, 1, '\0\0\0\0\x05')), 20);
    t.after(() => clearInterval(knock));
    await closed;
    assert.equal(client.frames.some(({ type }) => type === FRAME.goaway), true);
    assert.equal(client.frames.some(({ type }) => type === FRAME.rst), reset);
    assert.deepEqual(gateway.stats().map(({ inFlight, waiting }) => [inFlight, waiting]), [[0, 0]]);
    assert.equal((await ask2(connectHttp2(t, `http://127.0.0.1:${port}`), {})).status, 200);
  });
}

const shut = frame(FRAME.settings, 0, 0, setting(4, 0));

check('a client that says nothing after the preface', [], false);
check('a head that never ends', [headers(1, GET, FLAG.endStream)], false);
check('a body that never comes', [headers(1, POST, FLAG.endHeaders)], true);
check('a window that stays shut before a small answer', [shut, headers(1, GET)], true);
check('a window that stays shut before a large answer', [shut, headers(1, withValue(GET, ':path', '/big'))], true);
check('a window of one byte', [frame(FRAME.settings, 0, 0, setting(4, 1)), headers(1, GET)], true);

void test('a body that drips is a body that never comes', { timeout: 10_000 }, async (t) => {
  const { port } = await start(t);
  const client = new RawClient(t, port);
  client.send(headers(1, POST, FLAG.endHeaders));
  const drip = setInterval(() => client.send(frame(FRAME.data, 0, 1, 'x')), 20);
  t.after(() => clearInterval(drip));
  await client.until(() => client.frames.some(({ type, stream }) => type === FRAME.headers && stream === 1));
  await client.until(() => client.frames.some(({ type, stream }) => type === FRAME.rst && stream === 1));
});

void test('a client that reads slowly, but reads, has its answer whole', { timeout: 10_000 }, async (t) => {
  const stallMs = 600;
  const { port } = await start(t, stallMs);
  const stream = connectHttp2(t, `http://127.0.0.1:${port}`).request({ ':path': '/big' });
  let bytes = 0;
  const started = performance.now();
  stream.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    stream.pause();
    setTimeout(() => stream.resume(), 10);
  });
  await once(stream, 'close');
  assert.deepEqual([bytes, stream.rstCode], [BIG_BYTES, 0]);
  assert.ok(performance.now() - started > stallMs, 'it was too fast to show anything');
});

void test('of a client that leaves one answer lying the others are not taken away', { timeout: 10_000 }, async (t) => {
  const { port } = await start(t);
  const client = new RawClient(t, port);
  client.send(shut, headers(1, GET), headers(3, POST, FLAG.endHeaders));
  await client.until(() => client.frames.some(({ type, stream, payload }) => type === FRAME.rst && stream === 1 && payload.readUInt32BE(0) === CANCEL));
  assert.equal(client.hasEnded, false);
});
