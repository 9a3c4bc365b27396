// Stamps at a gateway: what an edge and an internal listener make of them, and what the app behind gets.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, test } from 'node:test';
import type { TestContext } from 'node:test';
import { connect, type AddressInfo } from 'node:net';
import { parseBaggage, Stamps, writeOverride, type KeyRing, type Mac, type Opened } from '@graylane/wire';
import { Gateway } from '../src/gateway.ts';
import { Lanes } from '../src/lanes.ts';
import { ask, seenValues, startApp, strategy, type Reply } from './support.ts';

const mac: Mac = (secret, text) => createHmac('sha256', Buffer.from(secret, 'base64url')).update(text, 'latin1').digest('base64url');
const ring: KeyRing = { sign: 'k1', keys: [{ kid: 'k1', secret: Buffer.alloc(32, 1).toString('base64url') }] };
const stamps = new Stamps(mac, Date.now);
stamps.setKeys(ring);

const stamp = (lane: string, generation = 1, tags = ''): string => stamps.write({ lane, generation, tags }) ?? '';

function document(trust: 'edge' | 'internal', v2 = 'v2'): object {
  return {
    tags: { os: { header: 'x-os' } },
    services: { web: { stable: 'v1', versions: { v1: {}, v2: {}, v3: {} }, trust }, next: { stable: 'v1', versions: { v1: {} } } },
    releases: [{ name: 'android', when: [{ tag: { os: 'Android' } }], cache: 'off', versions: { web: v2 } }],
  };
}

async function gatewayFor(t: TestContext, trust: 'edge' | 'internal'): Promise<{ readonly gateway: Gateway; readonly address: AddressInfo; readonly lanes: Lanes; readonly ask: (lines: string, target?: string) => Promise<Reply> }> {
  const apps = Object.fromEntries(await Promise.all(['v1', 'v2', 'v3'].map(async (name) => [name, [(await startApp(t, name)).upstream]] as const)));
  const lanes = new Lanes(Date.now);
  lanes.setKeys(ring, true);
  const gateway = new Gateway({ listen: [{ port: 0, host: '127.0.0.1' }], service: 'web', stable: 'v1', upstreams: apps, strategy: strategy(1, document(trust)), lanes });
  t.after(() => gateway.close());
  const [address] = await gateway.listen();
  return { gateway, lanes, address: address as AddressInfo, ask: (lines, target) => ask(address as AddressInfo, lines, target) };
}

/** What the app behind can believe. */
function openedOf(reply: Reply): Opened {
  return stamps.open(parseBaggage(seenValues(reply, 'baggage').join(',')));
}

describe('an edge', () => {
  const attacks: Readonly<Record<string, string>> = {
    'a valid stamp, replayed': stamp('android'),
    'a forged one': stamp('android').replace(/.{6}$/, 'AAAAAA'),
    'a truncated one': stamp('android').slice(0, 80),
    'an oversized one': `${stamp('android')},graylane.tags=${'x'.repeat(2000)}`,
    'a duplicated one': `${stamp('android')},${stamp('android')}`,
    'one under another spelling': stamp('android').replaceAll('graylane.', 'Graylane%2e'),
    'one behind too many members': `${Array.from({ length: 70 }, (_, i) => `m${i}=1`).join(',')},${stamp('android')}`,
    'one on a second line': `a=1\r\nbaggage: ${stamp('android')}`,
  };
  for (const [name, baggage] of Object.entries(attacks)) {
    test(`${name} chooses no lane; the app gets the stamp that was made here, and one only`, async (t) => {
      const { ask: asked } = await gatewayFor(t, 'edge');
      const reply = await asked(`baggage: ${baggage}\r\n`);
      assert.equal(reply.seen?.name, 'v1');
      assert.deepEqual(openedOf(reply), { kind: 'valid', stamp: { lane: '', generation: 1, tags: '' } });
    });
  }

  test('stamps what it selects, with the tags that it read; other members stay', async (t) => {
    const { ask: asked, gateway } = await gatewayFor(t, 'edge');
    const reply = await asked(`x-os: Android\r\nbaggage: a=1;p,b=%20,${stamp('')}\r\n`);
    assert.equal(reply.seen?.name, 'v2');
    assert.deepEqual(openedOf(reply), { kind: 'valid', stamp: { lane: 'android', generation: 1, tags: 'os=Android' } });
    const [line, ...others] = seenValues(reply, 'baggage');
    assert.match(line ?? '', /^graylane\..*,a=1;p,b=%20$/);
    assert.deepEqual(others, []);
    assert.ok(gateway.takeCounts().some(({ reason }) => reason === 'stamp-foreign'));
  });

  test('answers override links, and believes no token but its own', async (t) => {
    const { ask: asked, gateway } = await gatewayFor(t, 'edge');
    const token = writeOverride(stamps.seals, 'android', Math.floor(Date.now() / 1000) + 60) ?? '';
    const linked = await asked('', `//evil.example/a?x=1&graylane-override=${token}`.replace('//', '/'));
    assert.match(linked.head, /^HTTP\/1\.1 302 [\s\S]*\r\nlocation: \/evil\.example\/a\?x=1\r\n/);
    assert.match(linked.head, new RegExp(`set-cookie: graylane-override=${token}; Path=/; Max-Age=\\d+; HttpOnly; SameSite=Lax\\r\\n`));
    assert.equal((await asked(`cookie: graylane-override=${token}\r\n`)).seen?.name, 'v2');
    assert.equal((await asked(`graylane-override: ${token.replace('.android', '.beta')}\r\n`)).seen?.name, 'v1');
    assert.equal((await asked('', `/?graylane-override=${token.slice(1)}`)).status, 403);
    const reasons = gateway.takeCounts().map(({ reason }) => reason);
    assert.ok(reasons.includes('override-forged') && reasons.includes('override-unknown-key'), reasons.join());
  });
});

describe('an internal listener', () => {
  test('follows a valid stamp, and hands the same lane, generation and tags on', async (t) => {
    const { ask: asked } = await gatewayFor(t, 'internal');
    const reply = await asked(`baggage: ${stamp('android', 1, 'os=iOS')}\r\n`);
    assert.equal(reply.seen?.name, 'v2');
    assert.deepEqual(openedOf(reply), { kind: 'valid', stamp: { lane: 'android', generation: 1, tags: 'os=iOS' } });
  });

  test('takes no lane from a stamp that does not hold', async (t) => {
    const { ask: asked, gateway } = await gatewayFor(t, 'internal');
    assert.equal((await asked(`baggage: ${stamp('android').replace('gen=1', 'gen=2')}\r\n`)).seen?.name, 'v1');
    assert.ok(gateway.takeCounts().some(({ reason }) => reason === 'stamp-forged'));
  });

  test('routes by the stamped generation, staged or past', async (t) => {
    const { ask: asked, gateway } = await gatewayFor(t, 'internal');
    gateway.publish({ ...strategy(2, document('internal', 'v3')), staged: true });
    assert.equal((await asked('x-os: Android\r\n')).seen?.name, 'v2');
    assert.equal((await asked(`baggage: ${stamp('android', 2)}\r\n`)).seen?.name, 'v3');
    gateway.publish(strategy(2, document('internal', 'v3')));
    assert.equal((await asked('x-os: Android\r\n')).seen?.name, 'v3');
    assert.equal((await asked(`baggage: ${stamp('android', 1)}\r\n`)).seen?.name, 'v2');
  });

  test('waits a moment for a generation that is on its way', async (t) => {
    const { ask: asked, gateway, lanes } = await gatewayFor(t, 'internal');
    const wanted = new Promise<number>((resolve) => {
      lanes.reports = { fetch: resolve, left: () => undefined };
    });
    const reply = asked(`baggage: ${stamp('android', 5)}\r\n`);
    assert.equal(await wanted, 5);
    gateway.publish(strategy(5, document('internal', 'v3')));
    lanes.arrivals.arrived(5);
    assert.equal((await reply).seen?.name, 'v3');
  });

  const handshake = `baggage: ${stamp('android', 5)}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n`;

  test('a WebSocket that is reset while it waits takes nothing with it', async (t) => {
    const { ask: asked, address, lanes } = await gatewayFor(t, 'internal');
    const wanted = new Promise<number>((resolve) => {
      lanes.reports = { fetch: resolve, left: () => undefined };
    });
    const socket = connect(address.port, '127.0.0.1');
    socket.write(`GET / HTTP/1.1\r\nHost: a\r\n${handshake}\r\n`);
    assert.equal(await wanted, 5);
    socket.resetAndDestroy();
    assert.equal((await asked('')).seen?.name, 'v1');
  });

  test('a WebSocket waits for it as well', async (t) => {
    const { ask: asked, gateway, lanes } = await gatewayFor(t, 'internal');
    const wanted = new Promise<number>((resolve) => {
      lanes.reports = { fetch: resolve, left: () => undefined };
    });
    // The apps know no WebSockets and answer the handshake as a request: which of them does, is the question.
    const reply = asked(handshake);
    assert.equal(await wanted, 5);
    gateway.publish(strategy(5, document('internal', 'v3')));
    lanes.arrivals.arrived(5);
    assert.equal((await reply).seen?.name, 'v3');
  });

  test('goes by the lane in the newest one when it does not come, and restamps what goes on', async (t) => {
    const { ask: asked, gateway } = await gatewayFor(t, 'internal');
    const reply = await asked(`baggage: ${stamp('android', 9)}\r\n`);
    assert.equal(reply.seen?.name, 'v2');
    assert.deepEqual(openedOf(reply), { kind: 'valid', stamp: { lane: 'android', generation: 1, tags: '' } });
    assert.ok(gateway.takeCounts().some(({ reason }) => reason === 'generation-late'));
  });
});

test('a strategy of one service stamps nothing', async (t) => {
  const { ask: asked, gateway } = await gatewayFor(t, 'edge');
  gateway.publish(strategy(2, { services: { web: { stable: 'v1', versions: { v1: {} } } } }));
  assert.deepEqual(seenValues(await asked(''), 'baggage'), []);
});
