// An answer that comes before its request was sent whole reaches a client of HTTP/2 like any other: nothing that some client
// takes for a failure comes before it has said all, or has had time to stop.

import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import * as net from 'node:net';
import type { AddressInfo } from 'node:net';
import { devNull } from 'node:os';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import { Gateway } from '../src/index.ts';
import { FLAG, FRAME, POST, frame, headers } from './frames.ts';
import { RawClient, startHttp2App } from './http2-support.ts';
import type { Upstream } from '@graylane/forward';

const NO_ERROR = 0;
const TOO_LARGE = 413;

/** Says no as soon as it has seen a head, whatever follows. */
async function startApp(t: TestContext): Promise<Upstream> {
  const sockets = new Set<net.Socket>();
  const app = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).once('data', () => socket.write(`HTTP/1.1 ${TOO_LARGE} Content Too Large\r\nContent-Length: 3\r\n\r\nbig`)).resume();
  }).listen(0, '127.0.0.1');
  await once(app, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    app.close();
  });
  return { key: 'app', address: { host: '127.0.0.1', port: (app.address() as AddressInfo).port } };
}

async function start(t: TestContext, upstreams: readonly Upstream[]): Promise<{ readonly gateway: Gateway; readonly port: number }> {
  const gateway = new Gateway({ listen: [{ port: 0, host: '127.0.0.1' }], service: 'web', stable: 'v1', upstreams: { v1: upstreams }, http2: true });
  const [address] = await gateway.listen();
  t.after(() => gateway.close());
  return { gateway, port: (address as AddressInfo).port };
}

const open = headers(1, POST, FLAG.endHeaders);
const more = frame(FRAME.data, 0, 1, 'x'.repeat(16_000));
const last = frame(FRAME.data, FLAG.endStream, 1, 'x');

const resets = ({ frames }: RawClient): number[] => frames.filter(({ type, stream }) => type === FRAME.rst && stream === 1).map(({ payload }) => payload.readUInt32BE(0));
const hasEnded = ({ frames }: RawClient): boolean => frames.some(({ flags, stream, type }) => stream === 1 && (type === FRAME.data || type === FRAME.headers) && (flags & FLAG.endStream) !== 0);

async function check(t: TestContext, upstreams: readonly Upstream[]): Promise<void> {
  const { gateway, port } = await start(t, upstreams);
  const client = new RawClient(t, port);
  client.send(open, more);
  await client.until(() => hasEnded(client));
  // More than the stream's window: it is read, or the client would be stuck.
  for (let sent = 0; sent < 40; sent++) {
    const before = client.frames.length;
    client.send(more);
    if (sent % 8 === 7) await client.until(() => client.frames.slice(before).some(({ type, stream }) => type === FRAME.window && stream === 1));
  }
  client.send(last, frame(FRAME.ping, 0, 0, '12345678'));
  await client.until(() => client.frames.some(({ type, flags }) => type === FRAME.ping && flags === FLAG.ack));
  assert.deepEqual([resets(client), client.isClosed], [[], false]);
  assert.deepEqual(gateway.stats().map(({ inFlight }) => inFlight), [0]);
}

void test('an answer of the app before the upload has ended: the rest is read and thrown away', { timeout: 10_000 }, async (t) => {
  await check(t, [await startApp(t)]);
});

void test('an answer of an app of HTTP/2 before the upload has ended: the rest is read and thrown away', { timeout: 10_000 }, async (t) => {
  await check(t, [await startHttp2App(t, (stream) => {
    stream.respond({ ':status': TOO_LARGE });
    stream.end('big');
  })]);
});

void test('an answer of the gateway itself before the upload has ended: the rest is read and thrown away', { timeout: 10_000 }, async (t) => {
  await check(t, []);
});

void test('a client that does not stop sending is stopped, without an error', { timeout: 10_000 }, async (t) => {
  const { port } = await start(t, [await startApp(t)]);
  const client = new RawClient(t, port);
  client.send(open, more);
  await client.until(() => resets(client).length > 0);
  assert.deepEqual([hasEnded(client), resets(client), client.isClosed], [true, [NO_ERROR], false]);
});

const hasCurl = /\bHTTP2\b/.test(String(spawnSync('curl', ['--version']).stdout));

void test('curl has the answer and calls it a success (it took a reset without an error for a failure, exit 92)', { skip: !hasCurl && 'curl with HTTP/2 is not installed', timeout: 20_000 }, async (t) => {
  const { port } = await start(t, [await startApp(t)]);
  const upload = ['--silent', '--show-error', '--max-time', '10', '--http2-prior-knowledge', '--output', devNull, '--write-out', '%{http_code}', '--data-binary', '@-', `http://127.0.0.1:${port}/`];
  const run = promisify(execFile)('curl', upload);
  run.child.stdin?.on('error', () => undefined).end(Buffer.alloc(5_000_000));
  assert.equal((await run).stdout, String(TOO_LARGE));
});
