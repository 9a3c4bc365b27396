// Large answers are written to streams from buffers that are used again: each stream gets its own bytes, also one whose client takes
// them late, while others come and are reset.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as http from 'node:http';
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { Gateway } from '../src/index.ts';
import { connectHttp2 } from './http2-support.ts';

const BYTES = 400_000;

async function start(t: TestContext): Promise<number> {
  const app = http.createServer((req, res) => void res.end((req.url ?? '').slice(1).repeat(BYTES))).listen(0, '127.0.0.1');
  await once(app, 'listening');
  const gateway = new Gateway({ listen: [{ port: 0, host: '127.0.0.1' }], service: 'web', stable: 'v1', upstreams: { v1: [{ key: 'app', address: { host: '127.0.0.1', port: (app.address() as AddressInfo).port } }] }, http2: true });
  const [address] = await gateway.listen();
  t.after(() => {
    gateway.close();
    app.closeAllConnections();
    app.close();
  });
  return (address as AddressInfo).port;
}

/** A stream whose answer has begun, and waits for the client's window. */
async function ask(session: ClientHttp2Session, letter: string): Promise<ClientHttp2Stream> {
  const stream = session.request({ ':path': `/${letter}` });
  stream.on('error', () => undefined);
  await once(stream, 'response');
  return stream;
}

async function check(stream: ClientHttp2Stream, letter: string): Promise<void> {
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  assert.equal(text === letter.repeat(BYTES), true, `the answer of the letter ${letter} has something else in it`);
}

void test('a stream that takes a large answer late gets its own bytes, whatever others got meanwhile', { timeout: 10_000 }, async (t) => {
  const url = `http://127.0.0.1:${await start(t)}`;
  const late = await Promise.all(['a', 'b', 'c'].map(async (letter) => ({ letter, stream: await ask(connectHttp2(t, url), letter) })));
  const other = connectHttp2(t, url);
  for (let round = 0; round < 4; round++) {
    (await ask(other, 'x')).close(8);
    await Promise.all(['d', 'e', 'f', 'g'].map(async (letter) => await check(await ask(other, letter), letter)));
  }
  for (const { stream, letter } of late) await check(stream, letter);
});
