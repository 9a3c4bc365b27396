// What an agent says by itself on a connection that Node has handed over comes in its turn, and ends nothing but that connection.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as http from 'node:http';
import * as net from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { refuseUpgrade } from '../src/refusal.ts';

const PIPELINED = 'GET / HTTP/1.1\r\nHost: a\r\n\r\nCONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n';

async function client(t: TestContext, answer: http.RequestListener): Promise<{ socket: Socket; server: http.Server }> {
  const server = http.createServer(answer).on('connect', (_request, socket) => refuseUpgrade(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
  t.after(() => {
    socket.destroy();
    server.close();
    server.closeAllConnections();
  });
  return { socket, server };
}

void test('a refusal comes behind the answer that is under way', { timeout: 10_000 }, async (t) => {
  const { socket } = await client(t, (_request, response) => setTimeout(() => response.end('first'), 30));
  let text = '';
  socket.on('data', (chunk) => text += String(chunk));
  socket.write(PIPELINED);
  await once(socket, 'end');
  assert.match(text, /^HTTP\/1\.1 200 [^]*first[^]*HTTP\/1\.1 503 /);
});

void test('a client that resets before its refusal ends nothing else', { timeout: 10_000 }, async (t) => {
  const { socket, server } = await client(t, (_request, response) => response.end('x'.repeat(20_000_000)));
  const [accepted] = await Promise.all([once(server, 'connection') as Promise<[Socket]>, once(socket, 'connect')]);
  socket.write(PIPELINED);
  await once(socket, 'data');
  socket.resetAndDestroy();
  if (!accepted[0].destroyed) await new Promise((resolve) => accepted[0].once('close', resolve));
});
