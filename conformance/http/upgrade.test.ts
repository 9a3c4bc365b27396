// Upgrades: bytes pass unchanged in both directions, both sides end together, and nobody gets a tunnel unasked.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import * as http from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket, WebSocketServer } from 'ws';
import { onHops } from './kit/hops.ts';
import { RawClient } from './kit/raw-client.ts';
import { ok } from './kit/raw-upstream.ts';

const UPGRADE = 'GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n\r\n';
const SWITCH = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n';

onHops('21: WebSocket frames of 1 MB pass unchanged, and close codes go both ways', {}, async ({ port, setUpstreams, stats }, t) => {
  const folder = mkdtempSync(join(tmpdir(), 'gl-'));
  const app = http.createServer().listen(join(folder, 'ws.sock'));
  await once(app, 'listening');
  const sockets = new WebSocketServer({ server: app });
  const closed = new Promise<number>((resolve) => sockets.once('connection', (socket) => socket.on('close', resolve)));
  sockets.on('connection', (socket) => {
    socket.on('message', (data, binary) => socket.send(data, { binary }));
  });
  t.after(() => {
    sockets.close();
    app.close();
    rmSync(folder, { recursive: true, force: true });
  });
  setUpstreams([{ key: 'ws', address: { path: join(folder, 'ws.sock') } }]);
  const client = new WebSocket(`ws://127.0.0.1:${port}/`);
  await once(client, 'open');
  for (let i = 0; i < 4; i++) {
    const sent = randomBytes(1_000_000);
    client.send(sent);
    const [received] = await once(client, 'message') as [Buffer];
    assert.equal(createHash('sha256').update(received).digest('hex'), createHash('sha256').update(sent).digest('hex'));
  }
  assert.equal(stats().tunnels, 1);
  assert.equal(stats().inFlight, 0);
  client.close(4001);
  const [code] = await once(client, 'close') as [number];
  assert.equal(code, 4001);
  assert.equal(await closed, 4001);
  const other = new WebSocket(`ws://127.0.0.1:${port}/`);
  await once(other, 'open');
  for (const socket of sockets.clients) socket.close(4002);
  assert.equal((await once(other, 'close') as [number])[0], 4002);
});

onHops('bytes that come with the head are not lost, on either side', { answer: (socket) => {
  socket.on('data', (chunk) => socket.write(`echo ${chunk.toString()}`));
  socket.write(`${SWITCH}early from upstream|`);
} }, async ({ port }) => {
  const client = await RawClient.connect(port);
  client.send(`${UPGRADE}early from client|`);
  await client.until((text) => /early from upstream\|.*early from client\|/s.test(text));
  client.destroy();
});

onHops('a client that leaves a tunnel takes the upstream with it', { answer: (socket) => void socket.write(SWITCH) }, async ({ port, upstream, stats }) => {
  const client = await RawClient.connect(port);
  client.send(UPGRADE);
  await client.until((text) => text.includes('101'));
  client.socket.resetAndDestroy();
  await upstream.until(() => upstream.sockets.size === 0);
  while (stats().tunnels > 0) await sleep(1);
});

onHops('an upstream that leaves a tunnel takes the client with it', { answer: (socket) => {
  socket.write(SWITCH);
  setTimeout(() => socket.destroy(), 20);
} }, async ({ port, stats }) => {
  const client = await RawClient.connect(port);
  client.send(UPGRADE);
  await client.all();
  while (stats().tunnels > 0) await sleep(1);
});

onHops('a reset of the upstream is a reset in its tunnel, and an orderly end is none', { over: 'tcp', answer: (socket) => void socket.write(SWITCH) }, async ({ port, upstream, stats }) => {
  for (const brokeOff of [true, false]) {
    const client = await RawClient.connect(port);
    client.send(UPGRADE);
    await client.until((text) => text.includes('101'));
    for (const socket of upstream.sockets) {
      if (brokeOff) socket.resetAndDestroy();
      else socket.end('bye');
    }
    await client.all();
    assert.equal(client.reset, brokeOff);
    while (stats().tunnels > 0) await sleep(1);
  }
});

onHops('a reset of the client is a reset for the upstream of its tunnel', { over: 'tcp', answer: (socket) => void socket.write(SWITCH) }, async ({ port, upstream }) => {
  const client = await RawClient.connect(port);
  client.send(UPGRADE);
  await client.until((text) => text.includes('101'));
  const [socket] = upstream.sockets;
  const ended = new Promise<string | undefined>((resolve) => socket?.on('error', (error: NodeJS.ErrnoException) => resolve(error.code)).on('end', () => resolve('end')));
  client.socket.resetAndDestroy();
  assert.equal(await ended, 'ECONNRESET');
});

onHops('a half-closed tunnel is ended after its linger time', { limits: { tunnelLingerMs: 100 }, answer: (socket) => {
  socket.removeAllListeners('end');
  socket.write(SWITCH);
} }, async ({ port, stats }) => {
  const client = await RawClient.connect(port);
  client.send(UPGRADE);
  await client.until((text) => text.includes('101'));
  client.socket.end();
  await client.all();
  while (stats().tunnels > 0) await sleep(1);
});

onHops('a client that closes its side before the answer is heard, and still answered', { answer: (socket) => {
  socket.removeAllListeners('end');
  socket.once('end', () => socket.end(`${SWITCH}bye`));
} }, async ({ port, stats }) => {
  const client = await RawClient.connect(port);
  client.send(UPGRADE);
  client.socket.end();
  assert.match(await client.all(), /^HTTP\/1\.1 101 [^]*\r\n\r\nbye$/);
  while (stats().tunnels > 0) await sleep(1);
});

onHops('what a client says before the answer, and that it was all, arrives behind the switch and not before', { answer: (socket) => {
  const before: Buffer[] = [];
  socket.removeAllListeners('end');
  socket.on('data', (bytes: Buffer) => before.push(bytes));
  setTimeout(() => {
    socket.write(`${SWITCH}${Buffer.concat(before).length}|`);
    socket.once('end', () => socket.end(Buffer.concat(before)));
  }, 50);
} }, async ({ port }) => {
  const client = await RawClient.connect(port);
  client.send(UPGRADE);
  client.send('early words');
  client.socket.end();
  assert.match(await client.all(), /\r\n\r\n0\|early words$/);
});

onHops('a client that leaves before the answer takes the upstream with it', { answer: (socket) => {
  socket.removeAllListeners('end');
  socket.once('end', () => socket.destroy());
} }, async ({ port, upstream, stats }) => {
  const client = await RawClient.connect(port);
  client.send(UPGRADE);
  await upstream.requests(1);
  client.socket.destroy();
  await upstream.until(() => upstream.sockets.size === 0);
  while (stats().inFlight > 0) await sleep(1);
});

onHops('two sides that close without a word leave nothing to say', { answer: (socket) => {
  socket.removeAllListeners('end');
  socket.once('end', () => socket.destroy());
} }, async ({ port }) => {
  const client = await RawClient.connect(port);
  client.send(UPGRADE);
  client.socket.end();
  assert.equal(await client.all(), '');
});

onHops('a refused upgrade is an ordinary answer', { answer: (socket) => void socket.write('HTTP/1.1 403 Forbidden\r\nDate: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n') }, async ({ port, upstream }) => {
  const client = await RawClient.connect(port);
  client.send(UPGRADE);
  assert.match(await client.all(), /^HTTP\/1\.1 403 Forbidden\r\n[^]*Connection: close\r\n[^]*2\r\nno\r\n0\r\n\r\n$/i);
  await upstream.until(() => upstream.sockets.size <= 1);
});

onHops('more tunnels than the limit are refused with 503', { limits: { tunnels: 1 }, answer: (socket) => void socket.write(SWITCH) }, async ({ port }) => {
  const first = await RawClient.connect(port);
  first.send(UPGRADE);
  await first.until((text) => text.includes('101'));
  const second = await RawClient.connect(port);
  second.send(UPGRADE);
  assert.match(await second.all(), /^HTTP\/1\.1 503 [^]*Retry-After: 1\r\n/);
  first.destroy();
});

onHops('an upgrade with a body is refused: Nodes differ on what its bytes are', {}, async ({ port, upstream }) => {
  const client = await RawClient.connect(port);
  client.send(UPGRADE.replace('\r\n\r\n', '\r\nContent-Length: 34\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n'));
  assert.match(await client.all(), /^HTTP\/1\.1 400 /);
  assert.deepEqual(upstream.seen, []);
});

onHops('an upgrade to anything but WebSocket is an ordinary request', { planes: ['proxy'] }, async ({ port, upstream }) => {
  const client = await RawClient.connect(port);
  client.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n');
  assert.match(await client.all(), /^HTTP\/1\.1 200 /);
  assert.doesNotMatch(upstream.seen[0]?.head ?? '', /upgrade|settings/i);
});

for (const [title, lines] of [['another protocol than asked for', 'Upgrade: other\r\nConnection: Upgrade\r\n'], ['no protocol', '']] as const) {
  onHops(`9: a switch to ${title} is a 502`, { planes: ['proxy'], answer: (socket) => void socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines}\r\n`) }, async ({ port, upstream }) => {
    const client = await RawClient.connect(port);
    client.send(UPGRADE);
    assert.match(await client.all(), /^HTTP\/1\.1 502 [^]*upgrade-unasked/);
    await upstream.until(() => upstream.sockets.size === 0);
  });
}

const UNASKED = 'HTTP/1.1 101 Switching Protocols\r\nDate: x\r\nConnection: keep-alive\r\n\r\n';

onHops('a switch that nobody asked for is a 502 behind a gateway', { planes: ['proxy'], answer: (socket) => void socket.write(UNASKED) }, async ({ port, upstream }) => {
  const client = await RawClient.connect(port);
  client.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  assert.match(await client.all(), /^HTTP\/1\.1 502 [^]*upgrade-unasked/);
  await upstream.until(() => upstream.sockets.size === 0);
});

onHops('between workers a switch to nothing that nobody asked for is passed on as the last answer of both connections', { planes: ['transparent'], answer: (socket) => void socket.write(`${UNASKED}HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret`) }, async ({ port, upstream }) => {
  const client = await RawClient.connect(port);
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /next HTTP/1.1\r\nHost: a\r\n\r\n');
  assert.equal(await client.all(), UNASKED.replace('keep-alive', 'close'));
  await upstream.until(() => upstream.sockets.size === 0);
});

onHops('an upgrade whose upstream is gone is a 502', {}, async ({ port, setUpstreams }) => {
  setUpstreams([{ key: 'gone', address: { path: '/nonexistent/u.sock' } }]);
  const client = await RawClient.connect(port);
  client.send(UPGRADE);
  assert.match(await client.all(), /^HTTP\/1\.1 502 [^]*Connection: close\r\n/);
});

onHops('an upgrade behind a pipelined request switches after its answer', { answer: (socket, request) => {
  if (/^upgrade:/im.test(request.head)) socket.write(SWITCH);
  else setTimeout(() => socket.write('HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 4\r\n\r\nlate'), 30);
} }, async ({ port }) => {
  const client = await RawClient.connect(port);
  client.send(`GET / HTTP/1.1\r\nHost: a\r\n\r\n${UPGRADE}`);
  await client.until((text) => text.includes('101'));
  assert.match(client.received, /^HTTP\/1\.1 200 [^]*lateHTTP\/1\.1 101 /);
  client.destroy();
});

onHops('a client that resets while its upgrade waits behind another answer ends nothing but itself', {}, async ({ port, upstream, stats }) => {
  upstream.answer = (socket) => {
    // An answer large enough that it is still being written when the client breaks off.
    socket.on('error', () => undefined);
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 20000000\r\n\r\n${'x'.repeat(20_000_000)}`);
  };
  const client = await RawClient.connect(port);
  client.send(`GET / HTTP/1.1\r\nHost: a\r\n\r\n${UPGRADE}`);
  await client.until((text) => text.includes('200'));
  client.socket.resetAndDestroy();
  await upstream.until(() => upstream.sockets.size === 0);
  while (stats().inFlight > 0) await sleep(1);
  upstream.answer = ok('alive');
  const next = await RawClient.connect(port);
  next.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  assert.match(await next.all(), /alive$/);
});
