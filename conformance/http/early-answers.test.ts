// Answers that come before their request's body is complete: what becomes of the rest, and of the client's connection.

import assert from 'node:assert/strict';
import { onHops } from './kit/hops.ts';
import { RawClient } from './kit/raw-client.ts';
import { ok } from './kit/raw-upstream.ts';

const UPLOAD = 'POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nfirst';
const EARLY = 'HTTP/1.1 413 Payload Too Large\r\nContent-Length: 3\r\nConnection: keep-alive\r\n\r\nbig';

onHops('an app that hangs up on an upload it has answered hangs up on the client', { planes: ['transparent'], keepAliveTimeout: 0 }, async ({ port, upstream }) => {
  upstream.onHead = (socket) => {
    socket.write(EARLY);
  };
  const client = await RawClient.connect(port);
  client.send(UPLOAD);
  await client.until((text) => text.endsWith('big'));
  for (const socket of upstream.sockets) socket.end();
  assert.equal(await client.all(), EARLY);
});

onHops('an upload that goes on behind its answer leaves the connection to the next request', { planes: ['transparent'] }, async ({ port, upstream }) => {
  upstream.onHead = (socket) => {
    socket.write(EARLY);
  };
  const client = await RawClient.connect(port);
  client.send(UPLOAD);
  await client.until((text) => text.endsWith('big'));
  upstream.onHead = null;
  upstream.answer = ok('next');
  client.send('x'.repeat(95));
  await upstream.requests(1);
  client.send('GET /next HTTP/1.1\r\nHost: a\r\n\r\n');
  await client.until((text) => text.includes('next'));
  client.destroy();
});
