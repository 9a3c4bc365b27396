// 67: floods of HTTP/2 frames end their own connection, soon, and nobody else's.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { Gateway } from '../src/index.ts';
import { FLAG, FRAME, GET, POST, block, frame, headers, setting, text } from './frames.ts';
import type { Frame } from './frames.ts';
import { GET_HEADERS, RawClient, ask2, connectHttp2, startHttp2App } from './http2-support.ts';
import { strategy } from './support.ts';

const EMPTY = Buffer.alloc(0);
const END_HEADERS = 4;
const END_STREAM = 1;

async function start(t: TestContext, keepAliveMs: number = 10_000): Promise<{ readonly gateway: Gateway; readonly port: number }> {
  // It answers when it has heard all.
  const app = http.createServer((req, res) => void req.resume().on('end', () => res.end('fine')).on('error', () => undefined)).listen(0, '127.0.0.1');
  await once(app, 'listening');
  t.after(() => {
    app.closeAllConnections();
    app.close();
  });
  const upstream = { key: 'app', address: { host: '127.0.0.1', port: (app.address() as AddressInfo).port } };
  const gateway = new Gateway({
    listen: [{ port: 0, host: '127.0.0.1' }], service: 'web', stable: 'v1', upstreams: { v1: [upstream] }, http2: true,
    strategy: strategy(1, { services: { web: { stable: 'v1', versions: { v1: {} } } } }),
    frontLimits: { resetBurst: 50, resetsPerSecond: 5, controlFrames: 50, streams: 20, checkMs: 20, keepAliveMs },
  });
  const [address] = await gateway.listen();
  t.after(() => gateway.close());
  return { gateway, port: (address as AddressInfo).port };
}

/** Sends `frames(i)` until the connection ends; fails when it still lives after `most` of them. Others must not notice. */
function check(name: string, most: number, frames: (i: number) => readonly Frame[]): void {
  void test(name, { timeout: 20_000 }, async (t) => {
    const { port } = await start(t);
    const neighbour = connectHttp2(t, `http://127.0.0.1:${port}`);
    const client = new RawClient(t, port);
    for (let i = 0; i < most && !client.isClosed; i++) {
      client.send(...frames(i));
      if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await client.until(() => client.goaway !== null);
    assert.ok(client.goaway !== null || client.isClosed);
    assert.equal((await ask2(neighbour, {})).status, 200);
  });
}

check('67: rapid reset', 2_000, (i) => {
  const stream = i * 2 + 1;
  return [{ type: FRAME.headers, flags: END_HEADERS | END_STREAM, stream, payload: GET_HEADERS }, { type: FRAME.rst, flags: 0, stream, payload: Buffer.from([0, 0, 0, 8]) }];
});

check('67: a head in endless CONTINUATION frames', 10_000, (i) => [
  i === 0 ? { type: FRAME.headers, flags: END_STREAM, stream: 1, payload: GET_HEADERS } : { type: FRAME.continuation, flags: 0, stream: 1, payload: Buffer.concat([Buffer.from([0x00, 0x01, 0x78, 0x7f, 0x81, 0x01]), Buffer.alloc(256, 0x61)]) },
]);

check('67: empty CONTINUATION frames', 10_000, (i) => [
  i === 0 ? { type: FRAME.headers, flags: END_STREAM, stream: 1, payload: GET_HEADERS } : { type: FRAME.continuation, flags: 0, stream: 1, payload: EMPTY },
]);

check('67: a flood of PING', 2_000, () => [{ type: FRAME.ping, flags: 0, stream: 0, payload: Buffer.alloc(8) }]);

check('67: a flood of SETTINGS', 2_000, () => [{ type: FRAME.settings, flags: 0, stream: 0, payload: EMPTY }]);

check('67: more streams than were offered, again and again', 5_000, (i) => [{ type: FRAME.headers, flags: END_HEADERS, stream: i * 2 + 1, payload: GET_HEADERS }]);

check('67: a window that overflows', 3, () => [{ type: FRAME.window, flags: 0, stream: 0, payload: Buffer.from([0x7f, 0xff, 0xff, 0xff]) }]);

check('67: DATA beyond the window', 200, (i) => [
  ...(i === 0 ? [{ type: FRAME.headers, flags: END_HEADERS, stream: 1, payload: GET_HEADERS }] : []),
  { type: FRAME.data, flags: 0, stream: 1, payload: Buffer.alloc(16_384) },
]);

const nth = (i: number): number => i * 2 + 1;

check('67: empty DATA (CVE-2019-9518)', 20_000, (i) => [...(i === 0 ? [headers(1, POST, FLAG.endHeaders)] : []), frame(FRAME.data, 0, 1)]);

check('67: acknowledgements of PINGs that nobody sent', 2_000, () => [frame(FRAME.ping, FLAG.ack, 0, '12345678')]);

check('67: SETTINGS with as many entries as are taken', 2_000, (i) => [frame(FRAME.settings, 0, 0, Buffer.concat(Array.from({ length: 30 }, () => setting(3, i))))]);

check('67: one SETTINGS with more entries than are taken', 1, () => [frame(FRAME.settings, 0, 0, Buffer.concat(Array.from({ length: 33 }, (_, i) => setting(0x100 + i, 1))))]);

check('67: malformed heads', 2_000, (i) => [headers(nth(i), [...GET, ['connection', 'x']])]);

check('67: streams that the client makes the server reset (CVE-2025-8671), by trailers', 2_000, (i) => [headers(nth(i), POST, FLAG.endHeaders), headers(nth(i), [['X-Upper', 'case']])]);

check('67: streams that the client makes the server reset, by Content-Length', 2_000, (i) => [headers(nth(i), [...POST, ['content-length', '5']], FLAG.endHeaders), frame(FRAME.data, FLAG.endStream, nth(i), 'a')]);

check('67: names without a letter (CVE-2019-9516)', 2_000, (i) => [headers(nth(i), [...GET, ...Array.from({ length: 500 }, () => ['', ''] as const)])]);

void test('67: a head that HPACK blows up goes nowhere, and costs its connection no more memory than it may have', { timeout: 20_000 }, async (t) => {
  const { gateway, port } = await start(t);
  const client = new RawClient(t, port);
  // One entry of the table, then as many references to it, of a byte each, as a head may have lines: 370 KB out of 100 bytes.
  const entry = Buffer.concat([Buffer.from([0x40]), text('x-b'), text('y'.repeat(3_900))]);
  for (let i = 0; i < 200; i++) client.send(frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, nth(i), Buffer.concat([block(GET), i === 0 ? entry : EMPTY, Buffer.alloc(95, 0xbe)])));
  const ended = new Set<number>();
  await client.until(() => client.frames.filter(({ type, flags, stream }) => type === FRAME.rst || (flags & FLAG.endStream) !== 0 && stream > 0 ? ended.add(stream) : false).length >= 200);
  assert.ok(client.isClosed || ended.size === 200);
  assert.deepEqual(gateway.takeCounts(), [], 'none was routed');
  assert.equal((await ask2(connectHttp2(t, `http://127.0.0.1:${port}`), {})).status, 200);
});

void test('67: a connection without streams ends after its time, whatever else it says', { timeout: 20_000 }, async (t) => {
  const { port } = await start(t, 300);
  const client = new RawClient(t, port);
  await client.until(() => client.frames.some(({ type }) => type === FRAME.settings));
  const said = setInterval(() => client.send({ type: FRAME.priority, flags: 0, stream: 1, payload: Buffer.from([0, 0, 0, 0, 1]) }), 50);
  t.after(() => clearInterval(said));
  await client.until(() => false);
  assert.ok(client.isClosed);
});

void test('67: an upstream that resets everything costs its streams only', async (t) => {
  const app = await startHttp2App(t, (stream) => stream.close(2));
  const gateway = new Gateway({ listen: [{ port: 0, host: '127.0.0.1' }], service: 'web', stable: 'v1', upstreams: { v1: [app] }, http2: true });
  const [address] = await gateway.listen();
  t.after(() => gateway.close());
  const session = connectHttp2(t, `http://127.0.0.1:${(address as AddressInfo).port}`);
  const replies = await Promise.all(Array.from({ length: 20 }, () => ask2(session, {})));
  assert.ok(replies.every(({ status }) => status === 502));
  assert.equal(session.closed, false);
});
