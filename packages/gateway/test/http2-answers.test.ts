// What apps answer reaches clients of the other protocol whole, or as a 502; nothing that they say ends the gateway.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as net from 'node:net';
import type { AddressInfo } from 'node:net';
import type { OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { Upstream } from '@graylane/forward';
import { Gateway } from '../src/index.ts';
import { ask2, connectHttp2, startHttp2App } from './http2-support.ts';
import type { StreamReply } from './http2-support.ts';

async function start(t: TestContext, upstream: Upstream): Promise<number> {
  const gateway = new Gateway({ listen: [{ port: 0, host: '127.0.0.1' }], service: 'web', stable: 'v1', upstreams: { v1: [upstream] }, http2: true });
  const [address] = await gateway.listen();
  t.after(() => gateway.close());
  return (address as AddressInfo).port;
}

/** An app of HTTP/1.1 that answers with the very bytes. */
async function startRawApp(t: TestContext, answer: string): Promise<Upstream> {
  const sockets = new Set<net.Socket>();
  const app = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('data', () => socket.write(answer, 'latin1'));
  }).listen(0, '127.0.0.1');
  await once(app, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    app.close();
  });
  return { key: 'raw', address: { host: '127.0.0.1', port: (app.address() as AddressInfo).port } };
}

interface Expected {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly trailers?: Readonly<Record<string, string>>;
  /** The stream was reset. */
  readonly broken?: boolean;
}

function check(name: string, answer: string, { status, headers = {}, trailers = {}, broken = false }: Expected): void {
  void test(`an HTTP/2 client and ${name}`, { timeout: 10_000 }, async (t) => {
    const port = await start(t, await startRawApp(t, answer));
    const session = connectHttp2(t, `http://127.0.0.1:${port}`, { maxHeaderListPairs: 2_000, settings: { maxHeaderListSize: 1024 * 1024 } });
    const reply: StreamReply = await ask2(session, {});
    assert.deepEqual([reply.status, reply.rstCode !== 0], [status, broken]);
    for (const [field, value] of Object.entries(headers)) assert.equal(reply.headers[field], value);
    assert.deepEqual(Object.fromEntries(Object.entries(reply.trailers)), trailers);
    assert.equal(session.closed, false);
  });
}

const withLines = (...lines: readonly string[]): string => `HTTP/1.1 200 OK\r\n${lines.map((line) => `${line}\r\n`).join('')}Content-Length: 2\r\n\r\nok`;
const withTrailers = (...lines: readonly string[]): string => `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`;

check('a field that may come once and comes twice', withLines('X-Content-Type-Options: nosniff', 'X-Content-Type-Options: nosniff'), { status: 200, headers: { 'x-content-type-options': 'nosniff' } });
check('two values of a field that may come once', withLines('Content-Type: a/b', 'Content-Type: c/d'), { status: 200, headers: { 'content-type': 'a/b, c/d' } });
check('fields that HTTP/2 knows not', withLines('HTTP2-Settings: x', 'Upgrade: h2c', 'TE: x', 'Keep-Alive: 5', 'Proxy-Connection: x', 'X: y'), { status: 200, headers: { x: 'y' } });
check('a field __proto__', withLines('__proto__: x', 'constructor: y'), { status: 200, headers: { constructor: 'y' } });
check('octets beyond ASCII', withLines('X: \xe9\xff'), { status: 200, headers: { x: '\xe9\xff' } });
check('a head of 60 KB', withLines(`X: ${'y'.repeat(60_000)}`), { status: 200, headers: { x: 'y'.repeat(60_000) } });
check('a head of 200 KB', withLines(`X: ${'y'.repeat(200_000)}`), { status: 502 });
check('an escape sequence', withLines('X: \x1b[0m'), { status: 502 });
check('a status that there is not', 'HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n', { status: 502 });
check('trailers', withTrailers('x-sum: 1', 'X-Sum-2: 2'), { status: 200, trailers: { 'x-sum': '1', 'x-sum-2': '2' } });
check('a trailer that may come once and comes twice', withTrailers('etag: a', 'etag: b'), { status: 200, trailers: { etag: 'a, b' } });
check('trailers of the connection', withTrailers('connection: close', 'te: x', 'http2-settings: x', 'upgrade: h2c', 'x: y'), { status: 200, trailers: { x: 'y' } });
check('a trailer without a colon', withTrailers('nothing'), { status: 200, broken: true });
check('a pseudo field as a trailer', withTrailers(':status: 404'), { status: 200, broken: true });
check('a trailer with NUL', withTrailers('x: a\0b'), { status: 200, broken: true });
check('an informational answer with a field twice', `HTTP/1.1 103 Early\r\nETag: a\r\nETag: b\r\n\r\n${withLines()}`, { status: 200 });
check('an informational answer that nobody knows', `HTTP/1.1 199 Odd\r\nX: y\r\n\r\n${withLines()}`, { status: 200 });
check('too many informational answers', 'HTTP/1.1 103 Early\r\nLink: <a>\r\n\r\n'.repeat(40) + withLines(), { status: 502 });

/** What an HTTP/1.1 client reads from an app of HTTP/2. */
async function read(t: TestContext, request: string, onStream: (stream: ServerHttp2Stream) => void): Promise<string> {
  const port = await start(t, await startHttp2App(t, onStream));
  const socket = net.connect(port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk: Buffer) => text += chunk.toString('latin1'));
  socket.write(request, 'latin1');
  await once(socket, 'close');
  return text;
}

const GET = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

void test('an HTTP/1.1 client and a malformed Link in early hints: they are left out', { timeout: 10_000 }, async (t) => {
  const text = await read(t, GET, (stream) => {
    stream.additionalHeaders({ ':status': 103, link: 'no link at all' });
    stream.respond({ ':status': 200 });
    stream.end('ok');
  });
  assert.match(text, /^HTTP\/1\.1 200 OK\r\n[^]*ok/);
});

void test('an HTTP/1.1 client and trailers: all values of a field arrive', { timeout: 10_000 }, async (t) => {
  const text = await read(t, GET, (stream) => {
    stream.respond({ ':status': 200 }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': ['1', '2'] }));
    stream.end('ok');
  });
  assert.match(text, /\r\n0\r\nx-sum: 1(?:, 2|\r\nx-sum: 2)\r\n\r\n$/);
});

void test('trailers of an HTTP/1.1 client that HTTP/2 forbids do not reach the app, and the others do', { timeout: 10_000 }, async (t) => {
  const found = Promise.withResolvers<OutgoingHttpHeaders>();
  const upload = 'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nup\r\n0\r\netag: a\r\netag: b\r\nhttp2-settings: x\r\nconnection: close\r\nx-sum: 1\r\n\r\n';
  const text = await read(t, upload, (stream) => {
    stream.on('trailers', (trailers: OutgoingHttpHeaders) => found.resolve(Object.fromEntries(Object.entries(trailers))));
    stream.resume().on('end', () => {
      stream.respond({ ':status': 200 });
      stream.end('ok');
    });
  });
  assert.match(text, /^HTTP\/1\.1 200/);
  assert.deepEqual(await found.promise, { etag: 'a, b', 'x-sum': '1' });
});

void test('a WebSocket to an app of HTTP/2 is a 501 that says so, however its client asks for it', { timeout: 10_000 }, async (t) => {
  const port = await start(t, await startHttp2App(t, (stream) => stream.close()));
  const socket = net.connect(port, '127.0.0.1');
  socket.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n');
  let text = '';
  socket.on('data', (chunk: Buffer) => text += chunk.toString());
  await once(socket, 'end');
  assert.match(text, /^HTTP\/1\.1 501 [^]*\r\nProxy-Status: graylane; /i);
  const session = connectHttp2(t, `http://127.0.0.1:${port}`);
  await once(session, 'remoteSettings');
  const { status, headers } = await ask2(session, { ':method': 'CONNECT', ':protocol': 'websocket', ':scheme': 'http', ':authority': 'a', ':path': '/' }, '');
  assert.deepEqual([status, String(headers['proxy-status']).startsWith('graylane; ')], [501, true]);
});
