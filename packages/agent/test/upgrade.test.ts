// Upgrades: WebSockets to either version, and versions of which only one knows them.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { describe, test, type TestContext } from 'node:test';
import { WebSocket } from 'ws';
import { exchange, get } from './support/exchange.ts';
import { document, Supervisor } from './support/supervisor.ts';

async function pair(t: TestContext, plain: string): Promise<number> {
  const supervisor = await Supervisor.start();
  t.after(async () => await supervisor.stop());
  const port = supervisor.port();
  const app = { app: 'sockets.mjs', ports: [port], env: { PLAIN: plain } };
  await supervisor.worker(app);
  await supervisor.worker({ ...app, version: 'v2', role: 'canary' });
  await supervisor.introduce();
  await supervisor.publish(document([{ name: 'beta', when: [{ header: { 'x-beta': '1' } }], versions: { web: 'v2' } }]));
  return port;
}

const handshake = { Upgrade: 'websocket', 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==' };

describe('WebSockets', () => {
  for (const [beta, version] of [['0', 'v1'], ['1', 'v2']] as const) {
    test(`frames and close codes pass both ways to ${version}`, async (t) => {
      const port = await pair(t, 'none');
      const socket = new WebSocket(`ws://127.0.0.1:${port}/chat`, { headers: { 'x-beta': beta } });
      const [hello] = await once(socket, 'message') as [Buffer];
      assert.equal(hello.toString(), `${version} 127.0.0.1 /chat`);
      const data = randomBytes(1_000_000);
      socket.send(data);
      const [echo] = await once(socket, 'message') as [Buffer];
      assert.ok(echo.equals(data));
      socket.close(4001, 'bye');
      const [code] = await once(socket, 'close') as [number];
      assert.equal(code, 4001);
    });
  }

  test('a canary that adds them gets them, though stable knows none', async (t) => {
    const port = await pair(t, 'v1');
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { headers: { 'x-beta': '1' } });
    const [hello] = await once(socket, 'message') as [Buffer];
    assert.match(hello.toString(), /^v2 /);
    socket.terminate();
  });

  test('a server that knows none still answers a handshake as a plain request', async (t) => {
    const port = await pair(t, 'v1');
    assert.match(await exchange({ port }, get('/', handshake, 'Upgrade, close')), /^HTTP\/1.1 200 [^]*v1 plain, upgrade: websocket$/);
  });

  test('a canary that dropped them answers a handshake as a plain request', async (t) => {
    const port = await pair(t, 'v2');
    assert.match(await exchange({ port }, get('/', { ...handshake, 'X-Beta': '1' }, 'Upgrade')), /^HTTP\/1.1 200 [^]*v2 plain, upgrade: websocket/);
  });
});

describe('an app that looks at its own server', () => {
  for (const plain of ['none', 'v1']) {
    test(`finds its own listeners and no others, with WebSockets in ${plain === 'none' ? 'both versions' : 'v2 alone'}`, async (t) => {
      const port = await pair(t, plain);
      assert.match(await exchange({ port }, get('/listeners', {}, 'close')), new RegExp(`\\r\\n\\r\\n${plain === 'none' ? 1 : 0},0,1$`));
    });
  }

  test('may reset a client that was forwarded to it', async (t) => {
    const port = await pair(t, 'none');
    assert.equal(await exchange({ port }, get('/reset', { 'X-Beta': '1' }, 'close')), '');
    assert.match(await exchange({ port }, get('/errors', { 'X-Beta': '1' }, 'close')), /v2 saw 0$/);
  });
});

describe('CONNECT', () => {
  const connect = (beta: string): string => `CONNECT far:443 HTTP/1.1\r\nHost: far:443\r\nX-Beta: ${beta}\r\n\r\n`;

  test('stays with the process that it reached, where that is the right version, on a socket with Node\'s listener alone', async (t) => {
    const port = await pair(t, 'none');
    assert.match(await exchange({ port }, connect('0')), /^HTTP\/1.1 200 [^]*v1 tunnels to far:443, end$/);
  });

  test('reaches another version where that one is meant', async (t) => {
    const port = await pair(t, 'none');
    assert.match(await exchange({ port }, connect('1')), /^HTTP\/1.1 200 Connection Established\r\n\r\nv2 tunnels to far:443, /);
  });
});
