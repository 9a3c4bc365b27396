// What an upstream can do wrong, and what its client and the next exchange see of it.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { onHops } from './kit/hops.ts';
import { exchange, RawClient } from './kit/raw-client.ts';
import { RawUpstream, bytes, ok } from './kit/raw-upstream.ts';

const GET = 'GET /x HTTP/1.1\r\nHost: a\r\n\r\n';
const GET_CLOSE = 'GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
const POST_CLOSE = 'POST /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi';
const LIMITS = { responseHeadMs: 200, bodyIdleMs: 200, connectLocalMs: 200 };

onHops('1: a refused connection is answered by another instance of the same version', { limits: { slowStartMs: 0 } }, async ({ port, upstream, setUpstreams, events }) => {
  setUpstreams([{ key: 'gone', address: { path: '/nonexistent/u.sock' } }, { key: 'a', address: upstream.address }]);
  for (let i = 0; i < 20; i++) assert.match(await exchange(port, POST_CLOSE), /^HTTP\/1\.1 200 /);
  assert.equal(upstream.seen.length, 20);
  assert.ok(events.some(({ kind }) => kind === 'retried'));
});

onHops('1: with nobody else a refused connection is a 502 at once', {}, async ({ port, setUpstreams, events }) => {
  setUpstreams([{ key: 'gone', address: { path: '/nonexistent/u.sock' } }]);
  const started = performance.now();
  const answer = await exchange(port, GET_CLOSE);
  assert.match(answer, /^HTTP\/1\.1 502 /);
  assert.match(answer, /\r\nProxy-Status: graylane; error=connection_refused/);
  assert.ok(performance.now() - started < 400, 'no timeout was waited for');
  assert.ok(events.some((event) => event.kind === 'failed' && event.reason === 'connect-failed' && event.status === 502));
});

onHops('a version without any worker is a 503 with Retry-After', {}, async ({ port, setUpstreams }) => {
  setUpstreams([]);
  assert.match(await exchange(port, GET_CLOSE), /^HTTP\/1\.1 503 [^]*\r\nRetry-After: 1\r\n/);
});

onHops('2: a host that takes no connection is a 504 at the timeout', { limits: { connectRemoteMs: 300, attempts: 1 } }, async ({ port, setUpstreams }, t) => {
  // Its process is stopped and its backlog full, so that the system answers nothing.
  const hole = spawn(process.execPath, ['-e', `require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, function () {
    process.stdout.write(String(this.address().port));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  })`]);
  t.after(() => hole.kill('SIGKILL'));
  const [printed] = await once(hole.stdout, 'data') as [Buffer];
  const target = { host: '127.0.0.1', port: Number(printed.toString()) };
  const fillers = Array.from({ length: 4 }, () => net.connect(target).on('error', () => undefined));
  t.after(() => fillers.forEach((socket) => socket.destroy()));
  await once(fillers[0]!, 'connect');
  await sleep(100);
  setUpstreams([{ key: 'hole', address: target }]);
  const started = performance.now();
  assert.match(await exchange(port, GET_CLOSE), /^HTTP\/1\.1 504 [^]*error=connection_timeout/);
  const took = performance.now() - started;
  assert.ok(took >= 290 && took < 5_000, `${took} ms`);
});

onHops('3: a connection closed before the answer costs a GET nothing', { answer: (socket, request, count) => {
  if (count === 1) socket.destroy();
  else ok('second')(socket, request, count);
} }, async ({ port, upstream }) => {
  assert.match(await exchange(port, GET_CLOSE), /^HTTP\/1\.1 200 [^]*second$/);
  assert.equal(upstream.seen.length, 2);
});

onHops('3: a connection closed before the answer is a 502 for a POST, which is sent once', { answer: (socket) => void socket.destroy() }, async ({ port, upstream }) => {
  assert.match(await exchange(port, POST_CLOSE), /^HTTP\/1\.1 502 /);
  assert.equal(upstream.seen.length, 1);
});

onHops('3: a PUT with a body is sent once, too: the body is gone', { answer: (socket) => void socket.destroy() }, async ({ port, upstream }) => {
  assert.match(await exchange(port, POST_CLOSE.replace('POST', 'PUT')), /^HTTP\/1\.1 502 /);
  assert.equal(upstream.seen.length, 1);
});

for (const [title, head, part] of [
  ['Content-Length', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n', 'half'],
  ['chunked', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', '4\r\nhalf\r\n'],
] as const) {
  onHops(`4: an answer that breaks off in its body (${title}) never ends as if it were complete`, { answer: (socket) => {
    socket.write(head + part);
    setImmediate(() => socket.destroy());
  } }, async ({ port, event }) => {
    const client = await RawClient.connect(port);
    client.send(GET);
    await client.all();
    assert.match(client.received, /half/);
    assert.doesNotMatch(client.received, /0\r\n\r\n$/);
    await event((found) => found.kind === 'failed' && found.reason === 'cut-off');
  });
}

onHops('5: bytes beyond Content-Length reach nobody', { answer: (socket, _request, count) => {
  if (count === 1) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nstolen');
  else ok('own')(socket, _request, count);
} }, async ({ port, upstream }) => {
  const client = await RawClient.connect(port);
  client.send(GET);
  await client.until((text) => text.endsWith('ok'));
  client.send(GET_CLOSE);
  const all = await client.all();
  assert.match(all, /own$/);
  assert.doesNotMatch(all, /stolen/);
  assert.equal(upstream.connections, 2);
});

onHops('5: bytes on an idle connection reach nobody', {}, async ({ port, upstream }) => {
  const client = await RawClient.connect(port);
  client.send(GET);
  await client.until((text) => text.endsWith('hello'));
  const [idle] = upstream.sockets;
  idle?.write('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nstolen');
  await upstream.until(() => upstream.sockets.size === 0);
  client.send(GET_CLOSE);
  assert.doesNotMatch(await client.all(), /stolen/);
  assert.equal(upstream.connections, 2);
});

/** Each of these must be a 502 and must not leave a connection that anybody uses again. */
const INVALID: readonly (readonly [title: string, answer: string])[] = [
  ['Transfer-Encoding: foo', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: foo\r\n\r\nx'],
  ['Transfer-Encoding: gzip, chunked', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n'],
  ['Transfer-Encoding: gzip and no end', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nx'],
  ['Transfer-Encoding: gzip with Content-Length', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx'],
  ['gzip, then chunked', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n'],
  ['chunked, chunked', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n'],
  ['chunked twice', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['Content-Length with Transfer-Encoding', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['two Content-Length', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok'],
  ['a list of Content-Length', 'HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok'],
  ['a negative Content-Length', 'HTTP/1.1 200 OK\r\nContent-Length: -2\r\n\r\nok'],
  ['a huge Content-Length', 'HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nok'],
  ['whitespace before the colon', 'HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok'],
  ['obs-fold', 'HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 2\r\n\r\nok'],
  ['a bare CR', 'HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Length: 2\r\n\r\nok'],
  ['a bare LF', 'HTTP/1.1 200 OK\nContent-Length: 2\n\nok'],
  ['NUL', 'HTTP/1.1 200 OK\r\nX: \0\r\nContent-Length: 2\r\n\r\nok'],
  ['no status line', 'hello there, I am not HTTP\r\n\r\n'],
  ['HTTP/0.9', '<html></html>'],
  ['HTTP/2', 'HTTP/2 200 OK\r\n\r\n'],
  ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
  ['an unasked 101', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'],
  ['Transfer-Encoding in HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['a head over 64 KiB', `HTTP/1.1 200 OK\r\n${`X: ${'y'.repeat(1000)}\r\n`.repeat(70)}\r\n`],
  ['a flood of 1xx', `${'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(1_000)}HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n`],
];

for (const [title, answer] of INVALID) {
  onHops(`6: ${title} is a 502 and the connection is thrown away`, { answer: bytes(answer) }, async ({ port, upstream, stats }) => {
    const received = await exchange(port, POST_CLOSE);
    const final = received.replace(/^(?:HTTP\/1\.1 103 [^]*?\r\n\r\n)*/, '');
    assert.match(final, /^HTTP\/1\.1 502 /);
    await upstream.until(() => upstream.sockets.size === 0);
    assert.equal(stats().inFlight, 0);
  });
}

for (const [title, body] of [
  ['a malformed size', 'zz\r\nab\r\n0\r\n\r\n'], ['an empty size', '\r\nab\r\n0\r\n\r\n'], ['a signed size', '+2\r\nab\r\n0\r\n\r\n'],
  ['a chunk longer than its size', '2\r\nabc\r\n0\r\n\r\n'], ['a bare LF', '2\nab\r\n0\r\n\r\n'],
  ['a size over all bounds', 'ffffffffffffffff\r\n'], ['a malformed trailer', '2\r\nab\r\n0\r\nno colon\r\n\r\n'], ['a control octet in an extension', '2;\0\r\nab\r\n0\r\n\r\n'],
  ['trailers over the limit', `0\r\n${'X: y\r\n'.repeat(10_000)}\r\n`], ['extensions over the limit', `${`1;${'x'.repeat(1_000)}\r\na\r\n`.repeat(40)}0\r\n\r\n`],
] as const) {
  onHops(`6: chunked framing with ${title} aborts the answer`, { answer: bytes(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${body}`) }, async ({ port, upstream, event }) => {
    const client = await RawClient.connect(port);
    client.send(GET);
    await client.all();
    assert.doesNotMatch(client.received, /\r\n0\r\n\r\n$/);
    await event((found) => found.kind === 'failed' && found.reason === 'bad-response');
    await upstream.until(() => upstream.sockets.size === 0);
  });
}

onHops('7: an answer that never comes is a 504 at the timeout', { answer: () => undefined, limits: LIMITS }, async ({ port, upstream }) => {
  const started = performance.now();
  assert.match(await exchange(port, GET_CLOSE), /^HTTP\/1\.1 504 [^]*error=http_response_timeout/);
  const took = performance.now() - started;
  assert.ok(took >= 190 && took < 5_000, `${took} ms`);
  await upstream.until(() => upstream.sockets.size === 0);
});

onHops('7: a head that drips is a 504 at the timeout', { limits: LIMITS, answer: (socket) => {
  const drip = setInterval(() => socket.write('H'), 20);
  socket.write('HTTP/1.1 200 OK\r\nX: ');
  socket.on('close', () => clearInterval(drip));
} }, async ({ port }) => {
  const started = performance.now();
  assert.match(await exchange(port, GET_CLOSE), /^HTTP\/1\.1 504 /);
  assert.ok(performance.now() - started < 5_000);
});

onHops('7: a body that stops is aborted after the idle time', { limits: LIMITS, answer: bytes('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf') }, async ({ port, event }) => {
  const client = await RawClient.connect(port);
  client.send(GET);
  await event((found) => found.kind === 'failed' && found.reason === 'body-idle');
  await client.all();
  assert.match(client.received, /half$/);
});

onHops('7: an event stream outlives the idle time and is flushed event by event', { limits: LIMITS, answer: (socket) => {
  socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n');
  setTimeout(() => socket.write('8\r\ndata: 1\n\r\n'), 500);
} }, async ({ port }) => {
  const client = await RawClient.connect(port);
  client.send(GET);
  await client.until((text) => text.includes('text/event-stream'));
  await client.until((text) => text.includes('data: 1'));
  client.destroy();
});

onHops('8: an idle connection closed exactly on reuse costs a GET nothing', { answer: (socket, request, count) => {
  // Each connection serves one request and dies of the second.
  if (request.connection * 2 - 1 === count) ok('once')(socket, request, count);
  else socket.destroy();
} }, async ({ port }) => {
  const client = await RawClient.connect(port);
  for (let i = 1; i <= 10; i++) {
    client.send(GET);
    await client.until((text) => text.split('once').length === i + 1);
  }
  assert.doesNotMatch(client.received, /HTTP\/1\.1 50/);
  client.destroy();
});

onHops('9: 100, 102 and 103 are relayed before the answer', { answer: bytes('HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 2\r\n\r\nok') }, async ({ port }) => {
  const answer = await exchange(port, GET_CLOSE);
  assert.match(answer, /^HTTP\/1\.1 102 Processing\r\n\r\nHTTP\/1\.1 103 Early Hints\r\nLink: <\/a>\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
});

onHops('9: a client of HTTP/1.0 gets no 1xx', { planes: ['proxy'], answer: bytes('HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok') }, async ({ port }) => {
  assert.match(await exchange(port, 'GET / HTTP/1.0\r\nHost: a\r\n\r\n'), /^HTTP\/1\.1 200 /);
});

for (const [title, request, head] of [
  ['HEAD', 'HEAD / HTTP/1.1\r\nHost: a\r\n\r\n', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n'],
  ['204', GET, 'HTTP/1.1 204 No Content\r\n\r\n'],
  ['304', GET, 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n'],
] as const) {
  onHops(`10: a body behind ${title} harms neither this exchange nor the next`, { answer: (socket, request_, count) => {
    if (count === 1) socket.write(`${head}hello`);
    else ok('next')(socket, request_, count);
  } }, async ({ port }) => {
    const client = await RawClient.connect(port);
    client.send(request);
    await client.until((text) => text.includes('\r\n\r\n'));
    client.send(GET_CLOSE);
    const all = await client.all();
    assert.match(all, /next$/);
    assert.doesNotMatch(all, /hello/);
  });
}

onHops('11: an early 413 reaches a client that is still uploading', {}, async ({ port, upstream }) => {
  upstream.onHead = (socket) => socket.write('HTTP/1.1 413 Payload Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig');
  const client = await RawClient.connect(port);
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n');
  client.send('x'.repeat(300_000));
  await client.until((text) => text.endsWith('big'));
  assert.match(client.received, /^HTTP\/1\.1 413 [^]*\r\nConnection: close\r\n/i);
  assert.equal(client.reset, false);
  client.destroy();
});

for (const over of ['unix', 'tcp'] as const) {
  onHops(`11: an answer whose upstream then closes on the rest of the upload arrives whole (${over})`, { over }, async ({ port, upstream, stats }) => {
    const body = 'x'.repeat(100_000);
    upstream.onHead = (socket) => {
      socket.on('error', () => undefined);
      // Closed with bytes of the upload unread in it, so the next write of the other side fails.
      socket.write(`HTTP/1.1 413 Payload Too Large\r\nDate: x\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`, () => socket.destroy());
      socket.pause();
    };
    for (let i = 0; i < 10; i++) {
      const client = await RawClient.connect(port);
      client.socket.on('drain', () => client.send('y'.repeat(100_000)));
      client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n${'y'.repeat(1_000_000)}`);
      await client.until((text) => text.endsWith(body));
      assert.match(client.received, /^HTTP\/1\.1 413 [^]*\r\nConnection: close\r\n/i);
      client.destroy();
    }
    await upstream.until(() => upstream.sockets.size === 0);
    while (stats().inFlight > 0) await sleep(1);
  });
}

onHops('a POST whose upstream closes in the middle of its upload is a 502 at once', {}, async ({ port, upstream }) => {
  upstream.onHead = (socket) => void socket.destroy();
  const started = performance.now();
  const client = await RawClient.connect(port);
  client.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n${'y'.repeat(1_000_000)}`);
  assert.match(await client.until((text) => text.includes('\r\n\r\n')), /^HTTP\/1\.1 502 /);
  assert.ok(performance.now() - started < 1_000);
  client.destroy();
});

onHops('an answer in a registered transfer coding that ends with its connection passes between workers', { planes: ['transparent'], answer: (socket) => void socket.end('HTTP/1.1 200 OK\r\nDate: x\r\nTransfer-Encoding: gzip\r\nConnection: close\r\n\r\ncoded') }, async ({ port, events }) => {
  assert.equal(await exchange(port, GET_CLOSE), 'HTTP/1.1 200 OK\r\nDate: x\r\nTransfer-Encoding: gzip\r\nConnection: close\r\n\r\ncoded');
  assert.deepEqual(events, []);
});

onHops('6: a transfer coding is not for a proxy', { planes: ['proxy'], answer: (socket) => void socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nConnection: close\r\n\r\ncoded') }, async ({ port }) => {
  assert.match(await exchange(port, GET_CLOSE), /^HTTP\/1\.1 502 /);
});

onHops('an answer that ends with its connection is complete', { answer: (socket) => void socket.end('HTTP/1.1 200 OK\r\nDate: x\r\n\r\nuntil the end') }, async ({ port, events }) => {
  const answer = await exchange(port, GET_CLOSE);
  assert.match(answer, /until the end/);
  assert.deepEqual(events, []);
});

onHops('a reset in an answer that ends with its connection is no end', { over: 'tcp', answer: (socket) => {
  socket.write('HTTP/1.1 200 OK\r\n\r\nsome');
  setTimeout(() => socket.resetAndDestroy(), 20);
} }, async ({ port, event }) => {
  const client = await RawClient.connect(port);
  client.send(GET);
  await event((found) => found.kind === 'failed' && found.reason === 'cut-off');
  await client.all();
  assert.doesNotMatch(client.received, /0\r\n\r\n$/);
});

onHops('an upstream that goes away under load is ejected, and the other one serves', { limits: { slowStartMs: 0 } }, async ({ port, upstream, setUpstreams, events }, t) => {
  const dead = await RawUpstream.start((socket) => void socket.destroy());
  t.after(() => dead.stop());
  setUpstreams([{ key: 'dead', address: dead.address }, { key: 'a', address: upstream.address }]);
  const answers = [];
  for (let i = 0; i < 40; i++) answers.push(await exchange(port, GET_CLOSE));
  assert.ok(answers.every((answer) => answer.startsWith('HTTP/1.1 200 ')));
  assert.ok(events.some((event) => event.kind === 'ejected' && event.upstream === 'dead'));
});

for (const [title, answer] of [
  ['Content-Length', 'HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 5\r\n\r\nhello'],
  ['chunked', 'HTTP/1.1 200 OK\r\nDate: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n'],
] as const) {
  onHops(`4: an answer cut at any octet (${title}) is a 502 or an abort, never a shorter answer`, { limits: { ejectAfter: 1_000 } }, async ({ port, upstream }) => {
    for (let cut = 0; cut < answer.length; cut++) {
      upstream.answer = (socket) => void socket.end(answer.slice(0, cut), 'latin1');
      const received = await exchange(port, POST_CLOSE);
      const whole = /^HTTP\/1\.1 502 /.test(received) || /^HTTP\/1\.1 200 (?![^]*(?:\r\n\r\nhello|\r\nX: y\r\n\r\n)$)/.test(received) || received === '';
      assert.ok(whole, `cut at ${cut}: ${JSON.stringify(received)}`);
    }
  });
}

onHops('an upstream that leaves after an early answer frees its place while the client still uploads', {}, async ({ port, upstream, stats }) => {
  upstream.onHead = (socket) => {
    socket.write('HTTP/1.1 413 Payload Too Large\r\nContent-Length: 3\r\n\r\nbig');
    setTimeout(() => socket.destroy(), 20);
  };
  const client = await RawClient.connect(port);
  client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n');
  const upload = setInterval(() => client.send('x'.repeat(10_000)), 5);
  await client.until((text) => text.endsWith('big'));
  while (stats().inFlight > 0) await sleep(5);
  clearInterval(upload);
  client.destroy();
});

onHops('event streams leave room for exchanges: they may last for days', { limits: { inFlightPerUpstream: 1, waitMs: 200 }, answer: (socket, request, count) => {
  if (request.head.includes('/events')) socket.write('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n');
  else ok('plain')(socket, request, count);
} }, async ({ port, stats }) => {
  const streams = await Promise.all([1, 2, 3].map(async () => {
    const client = await RawClient.connect(port);
    client.send(GET.replace('/x', '/events'));
    await client.until((text) => text.includes('data: 1'));
    return client;
  }));
  assert.match(await exchange(port, GET_CLOSE), /plain$/);
  assert.deepEqual([stats().tunnels, stats().inFlight], [3, 0]);
  for (const client of streams) client.destroy();
  while (stats().tunnels > 0) await sleep(1);
});

onHops('51: when half of the answers fail, retries add a fifth to the load at most', { limits: { ejectAfter: 10_000 }, answer: (socket, request, count) => {
  if (count % 2 === 0) socket.destroy();
  else ok('good')(socket, request, count);
} }, async ({ port, upstream }) => {
  const requests = 300;
  for (let i = 0; i < requests; i += 10) await Promise.all(Array.from({ length: 10 }, () => exchange(port, GET_CLOSE)));
  assert.ok(upstream.seen.length <= requests * 1.2, `${upstream.seen.length} for ${requests}`);
});
