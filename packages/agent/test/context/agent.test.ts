// The plane under the real agent: what reaches the next service, and that a strategy of one service has nothing of it.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { after, before, describe, test } from 'node:test';
import type { StrategyDocument } from '@graylane/rules';
import { parseBaggage, Stamps, type KeyRing, type Mac, type Opened } from '@graylane/wire';
import { exchange, get, json } from '../support/exchange.ts';
import { Supervisor } from '../support/supervisor.ts';
import { builtApi } from './support/process.ts';

const mac: Mac = (secret, text) => createHmac('sha256', Buffer.from(secret, 'base64url')).update(text, 'latin1').digest('base64url');
const ring: KeyRing = { sign: 'k1', keys: [{ kid: 'k1', secret: Buffer.alloc(32, 1).toString('base64url') }] };
const stamps = new Stamps(mac, Date.now);
stamps.setKeys(ring);

const nothing = { channel: false, requests: false, messages: false, shared: false };
const everything = { channel: true, requests: true, messages: true, shared: true };

describe('a service that calls the next one', () => {
  let supervisor: Supervisor;
  let next: Server;
  let port: number;

  /** The next service is `localhost`; its versions do not run here. */
  const strategy = (services: 1 | 2): StrategyDocument => ({
    tags: { os: { header: 'x-os' } },
    services: {
      web: { stable: 'v1', versions: { v1: {}, v2: {} } },
      ...(services === 2 ? { next: { stable: 'v1', versions: { v1: {} }, hosts: ['localhost'] } } : {}),
    },
    releases: [{ name: 'android', when: [{ tag: { os: 'Android' } }], cache: 'off', versions: { web: 'v2' } }],
    propagate: { headers: ['x-location'] },
  });

  before(async () => {
    next = createServer((request, response) => response.end(JSON.stringify({ baggage: request.headers['baggage'] ?? null, location: request.headers['x-location'] ?? null }))).listen(0);
    await once(next, 'listening');
    const address = next.address();
    const env = { CONTEXT_API: builtApi(), NEXT: `http://localhost:${typeof address === 'object' ? address?.port ?? 0 : 0}/` };
    supervisor = await Supervisor.start();
    port = supervisor.port();
    await supervisor.worker({ app: 'caller.mjs', ports: [port], env });
    await supervisor.worker({ app: 'caller.mjs', version: 'v2', role: 'canary', ports: [port], env });
    await supervisor.introduce();
    for (const worker of supervisor.workers) worker.send({ kind: 'keys', epoch: 1, ring, overrides: true });
    await Promise.all(supervisor.workers.map((worker) => worker.message('keys-ack')));
  });
  after(async () => {
    await supervisor.stop();
    next.close();
  });

  const ask = async (headers: Readonly<Record<string, string>>): Promise<Record<string, unknown>> => json(await exchange({ port }, get('/', headers)));
  const sent = (answer: Record<string, unknown>): { readonly baggage: string | null; readonly location: string | null } => answer['next'] as { baggage: string | null; location: string | null };
  const opened = (answer: Record<string, unknown>): Opened => stamps.open(parseBaggage(sent(answer).baggage ?? ''));

  test('with a strategy of one service there is no hook in the process, and nothing is sent', async () => {
    await supervisor.publish(strategy(1));
    const answer = await ask({ 'X-Os': 'Android', 'X-Location': 'here' });
    assert.deepEqual(answer, { version: 'v2', lane: null, tags: {}, carried: [], hooks: nothing, next: { baggage: null, location: null } });
  });

  test('with several services, a request of a release carries its lane, also in a canary that it was forwarded to', async () => {
    const generation = await supervisor.publish(strategy(2));
    const answer = await ask({ 'X-Os': 'Android', 'X-Location': 'here', 'Baggage': 'a=1' });
    assert.deepEqual(opened(answer), { kind: 'valid', stamp: { lane: 'android', generation, tags: 'os=Android' } });
    assert.deepEqual({ ...answer, next: sent(answer).location }, { version: 'v2', lane: 'android', tags: { os: 'Android' }, carried: ['baggage', 'x-location'], hooks: everything, next: 'here' });
  });

  test('a request of no release carries that it is none', async () => {
    const answer = await ask({ 'X-Os': 'iOS' });
    assert.deepEqual([answer['version'], answer['lane'], answer['tags'], opened(answer)], ['v1', null, { os: 'iOS' }, { kind: 'valid', stamp: { lane: '', generation: 2, tags: 'os=iOS' } }]);
  });

  test('twenty users at once, each with a lane of their own answer', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, async (_, user) => await ask({ 'X-Os': user % 2 === 0 ? 'Android' : `os-${user}` })));
    for (const [user, answer] of answers.entries()) {
      const stamp = opened(answer);
      assert.deepEqual(stamp.kind === 'valid' ? [stamp.stamp.lane, stamp.stamp.tags] : stamp, user % 2 === 0 ? ['android', 'os=Android'] : ['', `os=os-${user}`]);
    }
  });
});
