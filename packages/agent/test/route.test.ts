// Routing and forwarding between real workers: who serves, and what both sides see.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { exchange, get, json, undated } from './support/exchange.ts';
import { document, Supervisor } from './support/supervisor.ts';

describe('one stable and one canary worker', () => {
  let supervisor: Supervisor;
  let port: number;
  before(async () => {
    supervisor = await Supervisor.start();
    port = supervisor.port();
    await supervisor.worker({ app: 'mirror.mjs', ports: [port] });
    await supervisor.worker({ app: 'mirror.mjs', version: 'v2', role: 'canary', ports: [port] });
    await supervisor.introduce();
    await supervisor.publish(document([{ name: 'beta', when: [{ header: { 'x-beta': '1' } }], cache: 'off', versions: { web: 'v2' } }]));
  });
  after(async () => await supervisor.stop());

  test('a request that matches no release stays in its process', async () => {
    assert.equal(json(await exchange({ port }, get('/')))['version'], 'v1');
  });

  test('a request of the release goes to the canary', async () => {
    assert.equal(json(await exchange({ port }, get('/', { 'X-Beta': '1' })))['version'], 'v2');
  });

  test('the canary sees what stable would have seen', async () => {
    const ask = async (beta: string): Promise<Record<string, unknown>> => {
      const seen = json(await exchange({ port }, get('/a?b=c', { 'X-Beta': beta, Cookie: 'a=1', 'x-Twice': 'one', 'X-TWICE': 'two' })));
      return { ...seen, version: '', remotePort: typeof seen['remotePort'], address: seen['address'] };
    };
    const there = await ask('1');
    const here = await ask('0');
    assert.deepEqual(JSON.parse(JSON.stringify(there).replaceAll('"1"', '"0"')), here);
  });

  test('the bytes of the answer are the same but for the version', async () => {
    const response = async (beta: string): Promise<string> => undated(await exchange({ port }, get('/', { 'X-Beta': beta }))).replaceAll(/"remotePort":\d+/g, '');
    assert.equal((await response('1')).replaceAll('v2', 'v1').replaceAll('"1"', '"0"'), await response('0'));
  });

  test('a tag from the address is that of the client', async () => {
    await supervisor.publish(document([{ name: 'near', when: [{ tag: { from: '127.0.0.1' } }], cache: 'off', versions: { web: 'v2' } }], { tags: { from: { ip: true } } }));
    assert.equal(json(await exchange({ port }, get('/')))['version'], 'v2');
  });
});
