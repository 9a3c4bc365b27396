// What the agent says on the app's own response, whoever took the request, and when it says nothing.

import assert from 'node:assert/strict';
import type { StrategyDocument } from '@graylane/rules';
import { after, before, describe, test } from 'node:test';
import { exchange, get } from './support/exchange.ts';
import { document, Supervisor } from './support/supervisor.ts';

describe('marks on responses', () => {
  let supervisor: Supervisor;
  let port: number;
  before(async () => {
    supervisor = await Supervisor.start();
    port = supervisor.port();
    await supervisor.worker({ app: 'bytes.mjs', ports: [port] });
    await supervisor.worker({ app: 'bytes.mjs', version: 'v2', role: 'canary', ports: [port] });
    await supervisor.introduce();
  });
  after(async () => await supervisor.stop());

  /** The head of the answer under a strategy, without the lines that every answer has. */
  async function head(strategy: StrategyDocument, path: string, headers: Readonly<Record<string, string>> = {}): Promise<string[]> {
    await supervisor.publish(strategy);
    const response = await exchange({ port }, get(path, headers));
    return response.slice(0, response.indexOf('\r\n\r\n')).split('\r\n').slice(1).filter((line) => !/^(?:Date|Connection|Content-Length|X-Method|Transfer-Encoding):/.test(line));
  }

  const release = (more: object): StrategyDocument['releases'] => [{ name: 'beta', when: [{ header: { 'x-beta': '1' } }], versions: { web: 'v2' }, ...more }];
  const navigation = { 'Sec-Fetch-Mode': 'navigate' };

  test('a request of no release gets none', async () => {
    assert.deepEqual(await head(document(release({})), '/length'), []);
  });

  test('exposeRoute names the version that served, and the lane if there is one', async () => {
    const strategy = document(release({ cache: 'off' }), { exposeRoute: true });
    assert.match((await head(strategy, '/length')).join(), /^Graylane-Route: service=web, version=v1, gen=\d+$/);
    assert.match((await head(strategy, '/length', { 'X-Beta': '1' })).join(), /^Graylane-Route: service=web, version=v2, lane=beta, gen=\d+$/);
  });

  test('a cacheable response of a lane becomes private, another one stays as it is', async () => {
    assert.deepEqual(await head(document(release({})), '/length', { 'X-Beta': '1' }), ['Cache-Control: private']);
    assert.deepEqual(await head(document(release({ cache: 'off' })), '/length', { 'X-Beta': '1' }), []);
  });

  test('an anonymous id is minted on a navigation whose percentage had to be decided, once it may not be shared', async () => {
    const half = document([{ name: 'half', when: [{}], percent: 99.99, versions: { web: 'v2' } }]);
    const lines = await head(half, '/length', navigation);
    assert.equal(lines[0], 'Cache-Control: private');
    assert.match(lines[1] ?? '', /^Set-Cookie: graylane-id=[^;]+; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Lax$/);
    assert.deepEqual((await head(half, '/length')).filter((line) => line.startsWith('Set-Cookie')), []);
    const few = document([{ name: 'few', when: [{}], percent: 0.0001, versions: { web: 'v2' } }]);
    assert.deepEqual(await head(few, '/length', navigation), []);
  });

  test('what the app wrote stays, in its order', async () => {
    const strategy = document(release({}), { exposeRoute: true });
    const lines = await head(strategy, '/raw', { 'X-Beta': '1' });
    assert.deepEqual(lines.slice(0, 5), ['X-b: 1', 'X-A: 2', 'x-b: 3', 'Set-Cookie: a=1', 'Set-Cookie: b=2']);
    assert.equal(lines.length, 7);
  });
});
