// Clients that pipeline: answers in order, work that changes something one at a time, and no more places than others can spare.

import assert from 'node:assert/strict';
import { onHops } from './kit/hops.ts';
import { exchange, RawClient } from './kit/raw-client.ts';
import { ok } from './kit/raw-upstream.ts';

const GET = 'GET /x HTTP/1.1\r\nHost: a\r\n\r\n';
const GET_CLOSE = 'GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

function statuses(text: string): (string | undefined)[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => match[1]);
}

onHops('18: 100 pipelined requests are answered in order', { answer: (socket, request, count) => {
  // The later ones are ready first.
  const path = /^GET (\S+)/.exec(request.head)?.[1] ?? '';
  setTimeout(() => ok(`[${path}]`)(socket, request, count), (100 - Number(path.slice(1))) / 2);
} }, async ({ port }) => {
  const client = await RawClient.connect(port);
  const paths = Array.from({ length: 100 }, (_, i) => `/${i}`);
  client.send(paths.map((path) => GET.replace('/x', path)).join(''));
  await client.until((text) => text.includes('[/99]'));
  assert.deepEqual([...client.received.matchAll(/\[(\/\d+)\]/g)].map((match) => match[1]), paths);
  client.destroy();
});

onHops('18: pipelined requests that change something are worked on one at a time and in their order, safe ones together', { answer: () => undefined }, async ({ port, upstream }) => {
  const client = await RawClient.connect(port);
  const post = 'POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi';
  client.send(`${GET.replace('/x', '/0')}${GET.replace('/x', '/1')}${post}${GET.replace('/x', '/3')}${GET.replace('GET /x', 'DELETE /4')}${GET.replace('/x', '/5')}`);
  const answerAll = (count: number): void => {
    for (const socket of upstream.sockets) socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n${upstream.seen.length}.`);
    assert.equal(upstream.seen.length, count);
  };
  const order = ['/0', '/1', '/2', '/3', '/4', '/5'];
  await upstream.requests(2);
  answerAll(2);
  for (let count = 3; count <= order.length; count++) {
    await upstream.requests(count);
    assert.deepEqual(upstream.seen.map(({ head }) => head.split(' ')[1]).slice(2), order.slice(2, count));
    // Only the one that is under way has a connection that waits for an answer.
    const { connection } = upstream.seen.at(-1)!;
    upstream.answerOn(connection, `HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n${count}.`);
  }
  await client.until((text) => text.endsWith('6.'));
  assert.deepEqual([...client.received.matchAll(/\r\n\r\n(\d)\./g)].map((match) => match[1]), ['2', '2', '3', '4', '5', '6']);
  client.destroy();
});

onHops('18: who pipelines many requests that change something is answered for all of them', {}, async ({ port, upstream, stats }) => {
  const all = await exchange(port, GET.replace('GET', 'DELETE').repeat(299) + GET_CLOSE.replace('GET', 'DELETE'));
  assert.deepEqual(statuses(all), Array.from({ length: 300 }, () => '200'));
  assert.equal(upstream.seen.length, 300);
  assert.equal(stats().inFlight, 0);
});

onHops('18: who floods with pipelined requests is answered for all of them, and takes few places', { limits: { inFlightPerUpstream: 100, waitingPerGroup: 0 } }, async ({ port, upstream, stats }) => {
  let most = 0;
  upstream.answer = (...answered) => {
    most = Math.max(most, stats().inFlight);
    ok('hello')(...answered);
  };
  const all = await exchange(port, GET.repeat(4_999) + GET_CLOSE);
  assert.equal(statuses(all).filter((status) => status === '200').length, 5_000);
  assert.ok(most > 1 && most <= 17, `${most} in flight`);
});

onHops('18: a malformed request behind good ones is refused after their answers', { answer: (socket, request, count) => {
  setTimeout(() => ok('good')(socket, request, count), 20);
} }, async ({ port, kind }) => {
  const client = await RawClient.connect(port);
  client.send(`${GET}GET / HTTP/1.1\r\nNo colon here\r\n\r\n`);
  const all = await client.all();
  // In the in-process plane the app's own server answers what it cannot parse.
  if (kind === 'proxy') assert.match(all, /^HTTP\/1\.1 200 [^]*good[^]*HTTP\/1\.1 400 /);
});
