// Uploads that an app of HTTP/2 refuses without having looked at them (RFC 9113 §8.7) go to it again, whole; those that it may have
// looked at, or that are gone, do not.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as net from 'node:net';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { Gateway } from '../src/index.ts';
import { FLAG, FRAME, frame, setting, u32 } from './frames.ts';
import type { Frame } from './frames.ts';
import { ask2, connectHttp2 } from './http2-support.ts';
import { answerHead, startRawHttp2App } from './raw-http2-app.ts';
import type { RawHttp2App } from './raw-http2-app.ts';

const options = { timeout: 10_000 };
const REFUSED = 7;
const INTERNAL = 2;
const INITIAL_WINDOW = 4;

const reset = (stream: number, code: number): Frame => frame(FRAME.rst, 0, stream, u32(code));
const echo = (stream: number, text: string): Frame[] => [answerHead(stream, 200, [], FLAG.endHeaders), frame(FRAME.data, FLAG.endStream, stream, text)];

async function start(t: TestContext, app: RawHttp2App): Promise<number> {
  const gateway = new Gateway({ listen: [{ port: 0, host: '127.0.0.1' }], service: 'web', stable: 'v1', upstreams: { v1: [app.upstream] }, http2: true });
  const [address] = await gateway.listen();
  t.after(() => gateway.close());
  return (address as AddressInfo).port;
}

/** An app that refuses its first heads with `refusals`, in turn, and says what it read of the body of the next one. */
async function startRefusing(t: TestContext, ...refusals: readonly ((stream: number) => Frame)[]): Promise<RawHttp2App> {
  let asked = 0;
  return await startRawHttp2App(t, (stream, count) => {
    asked = count;
    const refusal = refusals[count - 1];
    return refusal === undefined ? [] : [refusal(stream)];
  }, undefined, (stream, body, trailers) => (asked <= refusals.length ? [] : echo(stream, `${body} ${trailers.length > 0 ? 'and trailers' : ''}`)));
}

interface Talk {
  readonly socket: net.Socket;
  readonly text: Promise<string>;
}

function talk(port: number, request: string): Talk {
  const socket = net.connect(port, '127.0.0.1');
  let text = '';
  socket.on('error', () => undefined).on('data', (chunk: Buffer) => text += chunk.toString('latin1'));
  socket.write(request, 'latin1');
  return { socket, text: once(socket, 'close').then(() => text) };
}

const POST = 'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n';
const refuse = (stream: number): Frame => reset(stream, REFUSED);
const leave = (): Frame => frame(FRAME.goaway, 0, 0, Buffer.concat([u32(0), u32(0)]));

function check(title: string, refusals: readonly ((stream: number) => Frame)[], request: string, expected: RegExp, asked: number): void {
  void test(title, options, async (t) => {
    const app = await startRefusing(t, ...refusals);
    const port = await start(t, app);
    assert.match(await talk(port, request).text, expected);
    assert.equal(app.asked, asked);
  });
}

check('an upload of known length that was refused unseen goes again', [refuse], `${POST}Content-Length: 2\r\n\r\nhi`, /^HTTP\/1\.1 200 [^]*\r\nhi /, 2);
check('a chunked upload that was refused unseen goes again, with its trailers', [refuse], `${POST}Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nsum: 1\r\n\r\n`, /^HTTP\/1\.1 200 [^]*hi and trailers/, 2);
check('an upload on a connection that was left unseen goes again', [leave], `${POST}Content-Length: 2\r\n\r\nhi`, /^HTTP\/1\.1 200 [^]*hi /, 2);
check('an upload that was refused twice goes a third time', [refuse, refuse], `${POST}Content-Length: 2\r\n\r\nhi`, /^HTTP\/1\.1 200 [^]*hi /, 3);
check('an upload that was refused each time is a 502', [refuse, refuse, refuse], `${POST}Content-Length: 2\r\n\r\nhi`, /^HTTP\/1\.1 502 /, 3);
check('an upload that the app broke off may have done something: it is a 502', [(stream) => reset(stream, INTERNAL)], `${POST}Content-Length: 2\r\n\r\nhi`, /^HTTP\/1\.1 502 /, 1);

void test('an upload on a stream of HTTP/2 that was refused unseen goes again', options, async (t) => {
  const app = await startRefusing(t, refuse);
  const session = connectHttp2(t, `http://127.0.0.1:${await start(t, app)}`);
  const { status, body } = await ask2(session, { ':method': 'POST' }, 'hi');
  assert.deepEqual([status, body, app.asked], [200, 'hi ', 2]);
});

void test('an upload that is refused in its middle goes again from its beginning', options, async (t) => {
  const again = Promise.withResolvers<undefined>();
  const app = await startRawHttp2App(t, (stream, count) => {
    if (count === 1) return [refuse(stream)];
    again.resolve(undefined);
    return [];
  }, undefined, (stream, body) => echo(stream, body));
  const { socket, text } = talk(await start(t, app), `${POST}Content-Length: 4\r\n\r\nhi`);
  await again.promise;
  socket.write('gh');
  assert.match(await text, /^HTTP\/1\.1 200 [^]*\r\nhigh/);
});

void test('an upload that has outgrown what is kept is a 502 when it is refused, and is asked for once', options, async (t) => {
  const size = 600_000;
  const app = await startRawHttp2App(t, () => [frame(FRAME.window, 0, 0, u32(2 ** 20))], setting(INITIAL_WINDOW, 2 ** 20), (stream) => [refuse(stream)]);
  const { text } = talk(await start(t, app), `${POST}Content-Length: ${size}\r\n\r\n${'x'.repeat(size)}`);
  assert.match(await text, /^HTTP\/1\.1 502 /);
  assert.deepEqual([app.asked, app.received], [1, size]);
});

void test('an upload whose app said something before it refused is a 502', options, async (t) => {
  const app = await startRawHttp2App(t, (stream) => [answerHead(stream, 103, [['link', '</a>']], FLAG.endHeaders)], undefined, (stream) => [refuse(stream)]);
  assert.match(await talk(await start(t, app), `${POST}Content-Length: 2\r\n\r\nhi`).text, /^HTTP\/1\.1 103 [^]*HTTP\/1\.1 502 /);
  assert.equal(app.asked, 1);
});
