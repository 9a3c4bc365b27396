// Apps that speak HTTP/2: what clients of HTTP/1.1 say to them arrives as it was meant, and what they get wrong is a 502 or an
// abort, never another answer.

import assert from 'node:assert/strict';
import * as http2 from 'node:http2';
import { once } from 'node:events';
import * as net from 'node:net';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { Upstream } from '@graylane/forward';
import { Gateway } from '../src/index.ts';
import { FLAG, FRAME, block, frame, u32 } from './frames.ts';
import type { Frame, Line } from './frames.ts';
import { answerOf, ask2, connectHttp2, startHttp2App } from './http2-support.ts';
import { answerHead, startRawHttp2App } from './raw-http2-app.ts';
import type { Answer } from './raw-http2-app.ts';

const REFUSED = 7;
const INTERNAL = 2;
const options = { timeout: 10_000 };

async function start(t: TestContext, upstream: Upstream): Promise<{ readonly gateway: Gateway; readonly port: number }> {
  const gateway = new Gateway({ listen: [{ port: 0, host: '127.0.0.1' }], service: 'web', stable: 'v1', upstreams: { v1: [upstream] }, http2: true });
  const [address] = await gateway.listen();
  t.after(() => gateway.close());
  return { gateway, port: (address as AddressInfo).port };
}

/** All that comes back, `more` being sent when what came so far ends with an empty line. */
async function exchange(port: number, request: string, more: string = ''): Promise<string> {
  const socket = net.connect(port, '127.0.0.1');
  let [text, rest] = ['', more];
  socket.on('error', () => undefined).on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
    if (rest === '' || !text.endsWith('\r\n\r\n')) return;
    socket.write(rest);
    rest = '';
  });
  socket.write(request, 'latin1');
  await once(socket, 'close');
  return text;
}

/** An app that says what it read of each head. */
async function startEcho(t: TestContext): Promise<Upstream> {
  return await startHttp2App(t, (stream, headers) => {
    stream.respond({ ':status': 200 });
    stream.end(JSON.stringify(Object.fromEntries(Object.entries(headers))));
  });
}

const readBy = (answer: string): Readonly<Record<string, string>> => JSON.parse(/\{.*\}/.exec(answer)?.[0] ?? '{}') as Record<string, string>;

for (const client of ['HTTP/1.1', 'HTTP/2'] as const) {
  void test(`a client of ${client} that waits for 100 Continue hears what an app of HTTP/2 says`, options, async (t) => {
    // Without a listener for requests Node asks nobody whether to continue.
    const app = http2.createServer(() => undefined);
    app.on('checkContinue', (req: http2.Http2ServerRequest, res: http2.Http2ServerResponse) => {
      res.writeContinue();
      req.resume().on('end', () => res.end('continued'));
    });
    app.listen(0, '127.0.0.1');
    await once(app, 'listening');
    const sessions: http2.ServerHttp2Session[] = [];
    app.on('session', (session) => sessions.push(session));
    t.after(() => {
      for (const session of sessions) session.destroy();
      app.close();
    });
    const { port } = await start(t, { key: 'app', address: { host: '127.0.0.1', port: (app.address() as AddressInfo).port }, http2: true });
    if (client === 'HTTP/1.1') {
      const text = await exchange(port, 'POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\nConnection: close\r\n\r\n', 'hello');
      assert.match(text, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n[^]*continued/);
    } else {
      const stream = connectHttp2(t, `http://127.0.0.1:${port}`).request({ ':method': 'POST', expect: '100-continue' }, { endStream: false });
      stream.once('continue', () => stream.end('hello'));
      assert.equal((await answerOf(stream)).body, 'continued');
    }
  });
}

for (const [title, head] of [['with an empty Host', 'HTTP/1.1\r\nHost:\r\nConnection: close\r\n'], ['of HTTP/1.0 without Host', 'HTTP/1.0\r\n']] as const) {
  void test(`a request ${title} reaches an app of HTTP/2, which must have an authority`, options, async (t) => {
    const { port } = await start(t, await startEcho(t));
    const read = readBy(await exchange(port, `GET / ${head}\r\n`));
    assert.notEqual(read[':authority'] ?? '', '');
    assert.deepEqual([read['x-forwarded-host'], read['forwarded']], [undefined, 'for=127.0.0.1;proto=http']);
  });
}

void test('Max-Forwards is one less behind a relay, and nothing goes on at 0', options, async (t) => {
  const { port } = await start(t, await startEcho(t));
  const one = await exchange(port, 'OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 5\r\nConnection: close\r\n\r\n');
  assert.equal(readBy(one)['max-forwards'], '4');
  const session = connectHttp2(t, `http://127.0.0.1:${port}`);
  assert.equal(readBy((await ask2(session, { ':method': 'TRACE', 'max-forwards': '7' }, '')).body)['max-forwards'], '6');
  assert.equal((await ask2(session, { ':method': 'OPTIONS', 'max-forwards': '0' }, '')).status, 501);
  assert.equal(readBy((await ask2(session, { 'max-forwards': '0' })).body)['max-forwards'], '0');
});

/** `answer` is what a GET gets back, without its first line's version; `times`: how often the app is asked for it. */
function check(title: string, answer: Answer, expected: RegExp, times: number = 1): void {
  void test(`an app of HTTP/2 and ${title}`, options, async (t) => {
    const app = await startRawHttp2App(t, answer);
    const { gateway, port } = await start(t, app.upstream);
    const text = await exchange(port, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    assert.match(text, expected);
    assert.equal(app.asked, times);
    assert.deepEqual(gateway.stats().map(({ inFlight }) => inFlight), [0]);
  });
}

const OK = /^HTTP\/1\.1 200 /;
const BAD = /^HTTP\/1\.1 502 /;
const { endHeaders } = FLAG;
const lines = (count: number): readonly Line[] => Array.from({ length: count }, (_, i) => [`x-${i}`, 'y']);
const reset = (stream: number, code: number): Frame => frame(FRAME.rst, 0, stream, u32(code));
const goaway = (last: number): Frame => frame(FRAME.goaway, 0, 0, Buffer.concat([u32(last), u32(0)]));
const data = (stream: number, text: string): Frame => frame(FRAME.data, FLAG.endStream, stream, text);
const hints = (stream: number, count: number): Frame[] => Array.from({ length: count }, () => answerHead(stream, 103, [['link', '</a>; rel=preload']], endHeaders));

check('an answer of 1,000 lines', (stream) => [answerHead(stream, 200, lines(1_000))], /^HTTP\/1\.1 200 OK\r\n(?:x-\d+: y\r\n){1000}/);
check('three informational answers', (stream) => [...hints(stream, 3), answerHead(stream, 200)], /^(?:HTTP\/1\.1 103 [^]*?\r\n\r\n){3}HTTP\/1\.1 200 /);
check('a flood of informational answers', (stream) => [...hints(stream, 500), answerHead(stream, 200)], /^(?:HTTP\/1\.1 103 [^]*?\r\n\r\n){32}HTTP\/1\.1 502 /);
check('a stream that it refused: it is asked again', (stream, count) => [count === 1 ? reset(stream, REFUSED) : answerHead(stream, 200)], OK, 2);
check('a connection that it left without having looked: it is asked again', (stream, count) => [count === 1 ? goaway(0) : answerHead(stream, 200)], OK, 2);
check('a failure of its own: a GET is asked again', (stream, count) => [count === 1 ? reset(stream, INTERNAL) : answerHead(stream, 200)], OK, 2);
check('no status', (stream) => [frame(FRAME.headers, FLAG.endHeaders | FLAG.endStream, stream, block([['a', 'b']]))], BAD, 3);
check('Transfer-Encoding', (stream) => [answerHead(stream, 200, [['transfer-encoding', 'chunked']])], BAD, 3);
check('a Content-Length and no body', (stream) => [answerHead(stream, 200, [['content-length', '5']])], BAD, 3);
check('two Content-Length', (stream) => [answerHead(stream, 200, [['content-length', '2'], ['content-length', '3']], endHeaders), data(stream, 'ok')], BAD, 3);
check('a switch of protocols', (stream) => [answerHead(stream, 101, [], endHeaders), answerHead(stream, 200)], BAD, 3);
check('an informational answer that is the last', (stream) => [answerHead(stream, 100)], BAD, 3);
check('less body than Content-Length: the answer is cut off', (stream) => [answerHead(stream, 200, [['content-length', '5']], endHeaders), data(stream, 'ab')], /^HTTP\/1\.1 200 OK\r\n[^]*content-length: 5\r\n[^]*\r\n\r\n(?:ab)?$/);
check('more body than Content-Length: nothing of it is another answer', (stream) => [answerHead(stream, 200, [['content-length', '1']], endHeaders), data(stream, 'aHTTP/1.1 200 Smuggled')], /^HTTP\/1\.1 200 OK\r\n(?![^]*Smuggled)/);
check('a line break in a value', (stream) => [answerHead(stream, 200, [['a', 'b\r\nsmuggled: 1']])], /^HTTP\/1\.1 200 (?![^]*smuggled)/);
check('a body behind a 204', (stream) => [answerHead(stream, 204, [], endHeaders), data(stream, 'HTTP/1.1 200 Smuggled')], /^HTTP\/1\.1 204 (?![^]*Smuggled)/);
check('a pushed stream, which was forbidden', (stream) => [frame(FRAME.push, endHeaders, stream, Buffer.concat([u32(2), block([[':method', 'GET'], [':path', '/p'], [':scheme', 'http'], [':authority', 'a']])])), answerHead(stream, 200)], BAD, 3);

void test('a body that becomes unreadable is a 400, and its stream is taken back', options, async (t) => {
  const begun = Promise.withResolvers<http2.ServerHttp2Stream>();
  const { port } = await start(t, await startHttp2App(t, (stream) => begun.resolve(stream)));
  const text = exchange(port, 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nno size\r\n');
  const stream = await begun.promise;
  if (!stream.closed) await once(stream, 'close');
  assert.notEqual(stream.rstCode, 0);
  assert.match(await text, /^HTTP\/1\.1 400 [^]*graylane: bad-framing\n$/);
});

void test('an app that speaks only HTTP/1.1 where HTTP/2 was said is a 502', options, async (t) => {
  const sockets = new Set<net.Socket>();
  const app = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
  }).listen(0, '127.0.0.1');
  await once(app, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    app.close();
  });
  const { port } = await start(t, { key: 'app', address: { host: '127.0.0.1', port: (app.address() as AddressInfo).port }, http2: true });
  assert.match(await exchange(port, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'), BAD);
});

void test('pipelined requests that change something reach an app of HTTP/2 one at a time', options, async (t) => {
  const paths: string[] = [];
  let underWay = 0;
  const { port } = await start(t, await startHttp2App(t, (stream, headers) => {
    assert.equal(underWay++, 0);
    paths.push(String(headers[':path']));
    setImmediate(() => {
      underWay--;
      stream.respond({ ':status': 200 });
      stream.end(String(headers[':path']));
    });
  }));
  const lines = (path: string): string => `DELETE ${path} HTTP/1.1\r\nHost: a\r\n`;
  const text = await exchange(port, `${lines('/1')}\r\n${lines('/2')}\r\n${lines('/3')}Connection: close\r\n\r\n`);
  assert.deepEqual(paths, ['/1', '/2', '/3']);
  assert.match(text, /\/1\r\n[^]*\/2\r\n[^]*\/3\r\n/);
});
