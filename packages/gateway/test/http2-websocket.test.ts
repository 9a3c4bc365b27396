// A WebSocket that a client opens on an HTTP/2 stream (RFC 8441), and an app of HTTP/1.1 that answers its opening right or
// wrong, or leaves in any phase: what was said before the answer arrives once, and nothing is held when it is over.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import * as net from 'node:net';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { Gateway } from '../src/index.ts';
import { connectHttp2 } from './http2-support.ts';

const CANCEL = 8;
const options = { timeout: 10_000 };

/** The app's side: what it read behind the head, and its end. */
interface Upstream {
  readonly socket: net.Socket;
  readonly key: string;
  read: string;
}

interface Opened {
  readonly gateway: Gateway;
  readonly stream: ClientHttp2Stream;
  /** Resolves when the head has come. */
  readonly upstream: Promise<Upstream>;
}

async function open(t: TestContext): Promise<Opened> {
  const came = Promise.withResolvers<Upstream>();
  const app = net.createServer({ allowHalfOpen: true }, (socket) => {
    let head = '';
    let upstream: Upstream | null = null;
    t.after(() => socket.destroy());
    socket.on('error', () => undefined).on('end', () => socket.end()).on('data', (chunk) => {
      if (upstream !== null) {
        upstream.read += chunk.toString('latin1');
        return;
      }
      head += chunk.toString('latin1');
      const end = head.indexOf('\r\n\r\n');
      if (end === -1) return;
      upstream = { socket, key: /^sec-websocket-key: (.*)\r$/im.exec(head)?.[1] ?? '', read: head.slice(end + 4) };
      came.resolve(upstream);
    });
  }).listen(0, '127.0.0.1');
  await once(app, 'listening');
  const gateway = new Gateway({ listen: [{ port: 0, host: '127.0.0.1' }], service: 'web', stable: 'v1', http2: true, upstreams: { v1: [{ key: 'app', address: { host: '127.0.0.1', port: (app.address() as AddressInfo).port } }] } });
  const [address] = await gateway.listen();
  t.after(() => {
    gateway.close();
    app.close();
  });
  const session = connectHttp2(t, `http://127.0.0.1:${(address as AddressInfo).port}`);
  await once(session, 'remoteSettings');
  const stream = session.request({ ':method': 'CONNECT', ':protocol': 'websocket', ':scheme': 'http', ':path': '/', ':authority': 'a', 'sec-websocket-version': '13' }, { endStream: false });
  stream.on('error', () => undefined);
  return { gateway, stream, upstream: came.promise };
}

function accepted({ key }: Upstream, protocol: string = 'websocket'): string {
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  return `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
}

/** How the gateway answers the client when the app answers so. */
function check(title: string, answer: (upstream: Upstream) => string | null, status: number): void {
  void test(`an opening that is answered by ${title} is a ${status}`, options, async (t) => {
    const { gateway, stream, upstream } = await open(t);
    const response = once(stream, 'response') as Promise<[IncomingHttpHeaders]>;
    const app = await upstream;
    const text = answer(app);
    if (text === null) app.socket.resetAndDestroy();
    else app.socket.write(text, 'latin1');
    const [headers] = await response;
    assert.equal(headers[':status'], status);
    assert.deepEqual([headers['sec-websocket-accept'], headers['upgrade'], headers['connection']], [undefined, undefined, undefined]);
    const isOpen = status === 200;
    if (!isOpen) await once(stream.resume(), 'end');
    assert.deepEqual(gateway.stats().map(({ inFlight, tunnels }) => [inFlight, tunnels]), [[0, isOpen ? 1 : 0]]);
  });
}

check('the switch', (app) => accepted(app), 200);
check('the switch behind early hints', (app) => `HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${accepted(app)}`, 200);
check('the switch to another protocol', (app) => accepted(app, 'h2c'), 502);
check('a switch that proves nothing', () => 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n', 502);
check('a switch that proves the wrong thing', (app) => accepted({ ...app, key: 'another' }), 502);
check('a 200, which would say here that it is open', () => 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok', 502);
check('a refusal', () => 'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno', 403);
check('a refusal in chunks', () => 'HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\nX: y\r\n\r\n', 403);
check('a reset', () => null, 502);

void test('what either side says with its opening arrives once, behind it', options, async (t) => {
  const { stream, upstream } = await open(t);
  stream.write('early');
  const app = await upstream;
  assert.equal(app.read, '', 'a frame went out before the app had said that it speaks frames');
  app.socket.write(`${accepted(app)}from the app`);
  assert.equal(String((await once(stream, 'data'))[0]), 'from the app');
  stream.write(' and late');
  while (app.read.length < 'early and late'.length) await once(app.socket, 'data');
  assert.equal(app.read, 'early and late');
});

void test('a client that has said all before the answer is heard to its end', options, async (t) => {
  const { gateway, stream, upstream } = await open(t);
  stream.end('all');
  const app = await upstream;
  app.socket.write(accepted(app));
  await Promise.all([once(app.socket, 'end'), once(stream.resume(), 'close')]);
  assert.deepEqual([app.read, gateway.stats()[0]?.tunnels], ['all', 0]);
});

for (const phase of ['before the answer', 'in the tunnel'] as const) {
  void test(`a client that resets its stream ${phase} takes the app's connection with it`, options, async (t) => {
    const { gateway, stream, upstream } = await open(t);
    const app = await upstream;
    if (phase === 'in the tunnel') {
      app.socket.write(accepted(app));
      await once(stream, 'response');
    }
    stream.close(CANCEL);
    await once(app.socket, 'close');
    assert.deepEqual(gateway.stats().map(({ inFlight, tunnels }) => [inFlight, tunnels]), [[0, 0]]);
  });
}

void test('an app that leaves the tunnel ends the stream, with what it said last', options, async (t) => {
  const { gateway, stream, upstream } = await open(t);
  const app = await upstream;
  app.socket.end(`${accepted(app)}bye`);
  let text = '';
  stream.on('data', (chunk: Buffer) => text += chunk.toString()).once('end', () => stream.end('bye, too'));
  await Promise.all([once(stream, 'close'), once(app.socket, 'close')]);
  assert.deepEqual([text, app.read, gateway.stats()[0]?.tunnels], ['bye', 'bye, too', 0]);
});

void test('a reset of the app in its tunnel is a reset of the stream', options, async (t) => {
  const { stream, upstream } = await open(t);
  const app = await upstream;
  app.socket.write(accepted(app));
  await once(stream, 'response');
  stream.resume();
  app.socket.resetAndDestroy();
  if (!stream.closed) await once(stream, 'close');
  assert.equal(stream.rstCode, CANCEL);
});
