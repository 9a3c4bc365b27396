// What is stamped with a generation that is still on its way: every kind of exchange waits for it a moment.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import * as http2 from 'node:http2';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import type { StrategyDocument } from '@graylane/rules';
import { Stamps, type KeyRing, type Mac } from '@graylane/wire';
import { WebSocket } from 'ws';
import { exchange, get, open } from './support/exchange.ts';
import { Supervisor, type Worker } from './support/supervisor.ts';

const mac: Mac = (secret, value) => createHmac('sha256', Buffer.from(secret, 'base64url')).update(value, 'latin1').digest('base64url');
const ring: KeyRing = { sign: 'k1', keys: [{ kid: 'k1', secret: Buffer.alloc(32, 1).toString('base64url') }] };
const stamps = new Stamps(mac, Date.now);
stamps.setKeys(ring);

const stamp = (generation: number): string => stamps.write({ lane: 'android', generation, tags: '' }) ?? '';

function strategy(version: string): StrategyDocument {
  return {
    services: { web: { stable: 'v1', versions: { v1: {}, v2: {}, v3: {} }, trust: 'internal' }, next: { stable: 'v1', versions: { v1: {} } } },
    releases: [{ name: 'android', when: [{ header: { 'x-os': 'Android' } }], cache: 'off', versions: { web: version } }],
  };
}

interface Setting {
  readonly supervisor: Supervisor;
  readonly stable: Worker;
  readonly port: number;
}

/** Generation 1 sends the lane to v2. */
async function fleet(app: string, env: Readonly<Record<string, string>>): Promise<Setting> {
  const supervisor = await Supervisor.start();
  const port = supervisor.port();
  const stable = await supervisor.worker({ app, ports: [port], env });
  for (const version of ['v2', 'v3']) await supervisor.worker({ app, version, role: 'canary', ports: [port], env });
  await supervisor.introduce();
  for (const worker of supervisor.workers) worker.send({ kind: 'keys', epoch: 1, ring, overrides: false });
  await Promise.all(supervisor.workers.map((worker) => worker.message('keys-ack')));
  await supervisor.publish(strategy('v2'));
  return { supervisor, stable, port };
}

/** Publishes generation 2, which sends the lane to v3, once the worker has asked for it. */
async function publishLate({ supervisor, stable }: Setting): Promise<void> {
  await stable.message('fetch', ({ generation }) => generation === 2);
  await supervisor.publish(strategy('v3'));
}

describe('a WebSocket', () => {
  let setting: Setting;
  before(async () => {
    setting = await fleet('sockets.mjs', { PLAIN: 'none' });
  });
  after(async () => await setting.supervisor.stop());

  const connect = (generation: number): WebSocket => new WebSocket(`ws://127.0.0.1:${setting.port}/chat`, { headers: { baggage: stamp(generation) } });
  const greeting = async (socket: WebSocket): Promise<string> => {
    const [hello] = await once(socket, 'message') as [Buffer];
    return hello.toString();
  };

  test('waits for the generation that it is stamped with', async () => {
    const socket = connect(2);
    const [hello] = await Promise.all([greeting(socket), publishLate(setting)]);
    assert.match(hello, /^v3 /);
    socket.send('early and late');
    const [echo] = await once(socket, 'message') as [Buffer];
    assert.equal(echo.toString(), 'early and late');
    socket.terminate();
  });

  test('goes by the lane in the newest generation when it does not come, and that is counted', async () => {
    const socket = connect(99);
    assert.match(await greeting(socket), /^v3 /);
    socket.terminate();
    await setting.stable.until('count of generation-late', () => setting.stable.of('counts').some(({ counts }) => counts.some(({ reason }) => reason === 'generation-late')));
  });

  test('that is reset while it waits takes nothing with it', async () => {
    const client = open({ port: setting.port });
    client.write(get('/chat', { 'Upgrade': 'websocket', 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==', 'baggage': stamp(77) }, 'Upgrade'));
    await setting.stable.message('fetch', ({ generation }) => generation === 77);
    client.resetAndDestroy();
    await setting.supervisor.publish(strategy('v2'));
    assert.match(await exchange({ port: setting.port }, get('/')), /v1 plain/);
  });
});

for (const kind of ['h2c', 'h2-raw'] as const) {
  describe(`a stream of HTTP/2, ${kind}`, () => {
    let setting: Setting;
    before(async () => {
      setting = await fleet('protocols.mjs', { KIND: kind });
    });
    after(async () => await setting.supervisor.stop());

    test('waits for the generation that it is stamped with, its body too', async () => {
      const session = http2.connect(`${kind === 'h2c' ? 'http' : 'https'}://127.0.0.1:${setting.port}`, { rejectUnauthorized: false });
      const request = session.request({ ':method': 'POST', ':path': '/p', 'baggage': stamp(2) });
      request.end('body');
      const [body] = await Promise.all([text(request), publishLate(setting)]);
      session.close();
      const { version, body: received } = JSON.parse(body) as { readonly version: string; readonly body: string };
      assert.deepEqual([version, received], ['v3', 'body']);
    });
  });
}
