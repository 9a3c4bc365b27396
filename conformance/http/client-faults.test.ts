// What clients do, on purpose or not: leave, half-close, drip, overrun limits. Others never notice.

import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { onHops } from './kit/hops.ts';
import { exchange, RawClient } from './kit/raw-client.ts';
import { ok } from './kit/raw-upstream.ts';
import type { Answer } from './kit/raw-upstream.ts';

const GET = 'GET /x HTTP/1.1\r\nHost: a\r\n\r\n';
const GET_CLOSE = 'GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
/** A quiet machine needs less than 100 ms; the next thing that would cancel comes after 500. */
const CANCEL_MS = 450;
const silent: Answer = () => undefined;

onHops('15: a client that leaves while it waits never reaches the upstream', { answer: silent, limits: { inFlightPerUpstream: 1 } }, async ({ port, upstream, stats, event }) => {
  const first = await RawClient.connect(port);
  first.send(GET);
  await upstream.requests(1);
  const second = await RawClient.connect(port);
  second.send(GET.replace('/x', '/second'));
  while (stats().waiting === 0) await sleep(1);
  second.destroy();
  await event((found) => found.kind === 'failed' && found.reason === 'client-gone');
  assert.equal(stats().waiting, 0);
  first.destroy();
  await upstream.until(() => upstream.sockets.size === 0);
  assert.equal(upstream.seen.length, 1);
});

onHops('16: a client that leaves in flight cancels its upstream exchange within 100 ms', { answer: silent }, async ({ port, upstream, stats }) => {
  const client = await RawClient.connect(port);
  client.send(GET);
  await upstream.requests(1);
  const left = performance.now();
  client.socket.resetAndDestroy();
  await upstream.until(() => upstream.sockets.size === 0);
  assert.ok(performance.now() - left < CANCEL_MS);
  assert.equal(stats().inFlight, 0);
});

onHops('16: a client that closes in flight cancels its upstream exchange within 100 ms', { answer: silent }, async ({ port, upstream, stats }) => {
  const client = await RawClient.connect(port);
  client.send(GET);
  await upstream.requests(1);
  const left = performance.now();
  client.destroy();
  await upstream.until(() => upstream.sockets.size === 0);
  assert.ok(performance.now() - left < CANCEL_MS, `${performance.now() - left} ms`);
  assert.equal(stats().inFlight, 0);
});

onHops('16: a client that leaves in the middle of its upload cancels it', { answer: silent }, async ({ port, upstream, stats }) => {
  upstream.onHead = () => undefined;
  const client = await RawClient.connect(port);
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nhalf');
  await upstream.until(() => upstream.sockets.size === 1);
  client.destroy();
  await upstream.until(() => upstream.sockets.size === 0);
  assert.deepEqual(upstream.seen, []);
  assert.equal(stats().inFlight, 0);
});

onHops('16: a client that leaves in the middle of its answer cancels it', { answer: (socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf') }, async ({ port, upstream }) => {
  const client = await RawClient.connect(port);
  client.send(GET);
  await client.until((text) => text.endsWith('half'));
  client.destroy();
  await upstream.until(() => upstream.sockets.size === 0);
});

onHops('16: a client that leaves in the middle of its upload, answered before its end, gives its place back', { answer: silent }, async ({ port, upstream, stats }) => {
  upstream.onHead = (socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nearly');
  const client = await RawClient.connect(port);
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nhalf');
  await client.until((text) => text.endsWith('early'));
  client.destroy();
  await upstream.until(() => upstream.sockets.size === 0);
  assert.equal(stats().inFlight, 0);
});

onHops('17: a client that half-closes after its request is answered', { answer: (socket, request, count) => {
  setImmediate(() => ok('late')(socket, request, count));
} }, async ({ port }) => {
  const client = await RawClient.connect(port);
  client.socket.end(GET);
  assert.match(await client.all(), /late$/);
});

onHops('17: a half-closed client waits for a slow answer, too', { planes: ['proxy'], answer: (socket, request, count) => {
  setTimeout(() => ok('very late')(socket, request, count), 400);
} }, async ({ port }) => {
  const client = await RawClient.connect(port);
  client.socket.end(GET);
  assert.match(await client.all(), /very late$/);
});

onHops('19: a body over the limit is a 413 with its connection closed cleanly', { limits: { requestBodyBytes: 1_000 }, answer: silent }, async ({ port, upstream }) => {
  const client = await RawClient.connect(port);
  client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
  client.send(`7d0\r\n${'x'.repeat(2_000)}\r\n0\r\n\r\n`);
  const answer = await client.all();
  assert.match(answer, /^HTTP\/1\.1 413 [^]*\r\nConnection: close\r\n/i);
  assert.equal(client.reset, false);
  assert.deepEqual(upstream.seen, []);
});

onHops('a body that becomes unreadable is a 400 that says so, and no reset takes it away while the client still sends', { planes: ['proxy'], answer: silent }, async ({ port, upstream, stats, event }) => {
  const client = await RawClient.connect(port);
  client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n');
  await upstream.until(() => upstream.sockets.size === 1);
  client.send(`no size\r\n${'x'.repeat(1_000_000)}`);
  assert.match(await client.all(), /^HTTP\/1\.1 400 [^]*\r\nConnection: close\r\n[^]*graylane: bad-framing\n$/i);
  assert.equal(client.reset, false);
  await event((found) => found.kind === 'failed' && found.reason === 'bad-framing' && found.status === 400);
  await upstream.until(() => upstream.sockets.size === 0);
  assert.deepEqual([upstream.seen, stats().inFlight], [[], 0]);
});

onHops('a head that nobody can read is counted with its reason', { planes: ['proxy'] }, async ({ port, event }) => {
  await exchange(port, 'GET / HTTP/1.1\r\nHost : a\r\n\r\n');
  await event((found) => found.kind === 'failed' && found.reason === 'bad-framing' && found.status === 400);
});

onHops('20: the upstream decides on Expect, and the body is sent once', { answer: ok('thanks') }, async ({ port, upstream }) => {
  upstream.onHead = (socket, head) => {
    if (/^expect: 100-continue/im.test(head)) socket.write('HTTP/1.1 100 Continue\r\n\r\n');
  };
  const client = await RawClient.connect(port);
  client.send('POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\nConnection: close\r\n\r\n');
  await client.until((text) => text === 'HTTP/1.1 100 Continue\r\n\r\n');
  client.send('hello');
  assert.match(await client.all(), /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 [^]*thanks$/);
  assert.equal(upstream.seen.length, 1);
  assert.equal(upstream.seen[0]?.body, 'hello');
});

onHops('20: an upstream that refuses an expectation gets no body', {}, async ({ port, upstream }) => {
  upstream.onHead = (socket) => socket.end('HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
  const client = await RawClient.connect(port);
  client.send('POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n');
  await client.until((text) => text.startsWith('HTTP/1.1 417 '));
  assert.doesNotMatch(client.received, /100 Continue/);
  assert.deepEqual(upstream.seen, []);
  client.destroy();
});

onHops('14: 500 clients that drip keep nobody else waiting, and are gone at their timeout', { planes: ['proxy'], frontLimits: { headMs: 500, checkMs: 50 } }, async ({ port }) => {
  const slow = await Promise.all(Array.from({ length: 500 }, async () => await RawClient.connect(port)));
  for (const client of slow) client.send('GET / HTTP/1.1\r\nX-Slow: ');
  for (let i = 0; i < 5; i++) {
    for (const client of slow) if (!client.socket.destroyed) client.send('y');
    assert.match(await exchange(port, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'), /^HTTP\/1\.1 200 /);
  }
  const ends = await Promise.all(slow.map(async (client) => await client.all()));
  assert.ok(ends.every((text) => text.startsWith('HTTP/1.1 408 ')));
});

onHops('14: a head that drips is gone at its timeout', { planes: ['proxy'], frontLimits: { headMs: 200, checkMs: 50 } }, async ({ port }) => {
  const client = await RawClient.connect(port);
  const drip = setInterval(() => client.send('X: y\r\n'), 20);
  client.send('GET / HTTP/1.1\r\n');
  assert.match(await client.all().finally(() => clearInterval(drip)), /^HTTP\/1\.1 408 [^]*\r\nConnection: close\r\n/i);
});

for (const [title, everyMs] of [['stalls', 0], ['drips', 20]] as const) {
  onHops(`14: a body that ${title} is a 408 at its timeout`, { planes: ['proxy'], answer: silent, limits: { clientIdleMs: 200 } }, async ({ port, upstream }) => {
    const client = await RawClient.connect(port);
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nx');
    const drip = everyMs === 0 ? undefined : setInterval(() => client.send('x'), everyMs);
    const started = performance.now();
    assert.match(await client.all().finally(() => clearInterval(drip)), /^HTTP\/1\.1 408 [^]*\r\nConnection: close\r\n/i);
    assert.ok(performance.now() - started < 1_500);
    await upstream.until(() => upstream.sockets.size === 0);
  });
}

onHops('14: a client that reads nothing holds its upstream only until the stall time', { limits: { clientStallMs: 300 }, answer: (socket) => {
  socket.on('error', () => undefined);
  socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n');
  socket.write(Buffer.alloc(100_000_000));
} }, async ({ port, upstream, event }) => {
  const client = await RawClient.connect(port);
  client.socket.pause();
  client.send(GET);
  await event((found) => found.kind === 'failed' && found.reason === 'client-too-slow');
  await upstream.until(() => upstream.sockets.size === 0);
  client.destroy();
});

onHops('12: a slow reader of a large answer costs little memory', { answer: (socket) => {
  socket.on('error', () => undefined);
  socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n');
  const block = Buffer.alloc(1_000_000);
  const more = (): void => {
    while (!socket.destroyed && socket.write(block));
  };
  socket.on('drain', more);
  more();
} }, async ({ port, upstream }) => {
  const client = await RawClient.connect(port);
  client.socket.pause();
  client.send(GET);
  await upstream.requests(1);
  await sleep(300);
  const before = process.memoryUsage.rss();
  await sleep(500);
  assert.ok(process.memoryUsage.rss() - before < 32_000_000);
  client.destroy();
});

onHops('a client of HTTP/1.0 gets an answer that ends with its connection', { answer: (socket) => void socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n') }, async ({ port, kind }) => {
  const answer = await exchange(port, 'GET / HTTP/1.0\r\nHost: a\r\n\r\n');
  // The transparent hop hands on what the far server chose to say to HTTP/1.0.
  if (kind === 'proxy') assert.match(answer, /^HTTP\/1\.1 200 OK\r\n(?![^]*chunked)[^]*Connection: close\r\n\r\nhello$/);
});

onHops('a client that says Connection: close gets its answer and the end', {}, async ({ port }) => {
  assert.match(await exchange(port, GET_CLOSE), /hello$/);
});

onHops('a chunked upload keeps its trailers', {}, async ({ port, upstream }) => {
  await exchange(port, 'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\nhi\r\n0\r\nX-Sum: 42\r\nCookie: a=b\r\n\r\n');
  assert.match(upstream.seen[0]?.raw ?? '', /\r\n0\r\nX-Sum: 42\r\n\r\n$/);
});

onHops('an answer keeps its trailers', { answer: (socket) => void socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\nhi\r\n0\r\nX-Sum: 42\r\n\r\n') }, async ({ port }) => {
  const client = await RawClient.connect(port);
  client.send(GET);
  await client.until((text) => /2\r\nhi\r\n0\r\nX-Sum: 42\r\n\r\n$/.test(text));
  client.destroy();
});

onHops('trailers that speak of framing or the connection end at the gateway', { planes: ['proxy'], answer: (socket) => void socket.write('HTTP/1.1 200 OK\r\nDate: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nContent-Length: 9\r\nX-Sum: 1\r\nset-cookie: a=b\r\n\r\n') }, async ({ port }) => {
  assert.match(await exchange(port, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'), /\r\n2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n$/);
});

onHops('a client that resets while its CONNECT waits behind another answer ends nothing but itself', { planes: ['proxy'] }, async ({ port, upstream, stats }) => {
  upstream.answer = (socket) => {
    socket.on('error', () => undefined);
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 20000000\r\n\r\n${'x'.repeat(20_000_000)}`);
  };
  const client = await RawClient.connect(port);
  client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\nCONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n');
  await client.until((text) => text.includes('200'));
  client.socket.resetAndDestroy();
  await upstream.until(() => upstream.sockets.size === 0);
  while (stats().inFlight > 0) await sleep(1);
});
