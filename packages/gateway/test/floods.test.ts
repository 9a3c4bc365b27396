// 67: floods of HTTP/2 frames end their own connection, soon, and nobody else's.

import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { Gateway } from '../src/index.ts';
import { FRAME, GET_HEADERS, RawClient, ask2, connectHttp2, startHttp2App } from './http2-support.ts';
import type { Frame } from './http2-support.ts';
import { startApp, strategy } from './support.ts';

const EMPTY = Buffer.alloc(0);
const END_HEADERS = 4;
const END_STREAM = 1;

async function start(t: TestContext, keepAliveMs: number = 10_000): Promise<{ readonly gateway: Gateway; readonly port: number }> {
  const { upstream } = await startApp(t, 'v1');
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
