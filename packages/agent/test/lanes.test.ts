// Stamps at an app's public socket: what an edge and an internal listener make of them, by raw bytes.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { StrategyDocument } from '@graylane/rules';
import { Stamps, writeOverride, type KeyRing, type Mac } from '@graylane/wire';
import { exchange, get, json } from './support/exchange.ts';
import { Supervisor, type Worker } from './support/supervisor.ts';

const mac: Mac = (secret, text) => createHmac('sha256', Buffer.from(secret, 'base64url')).update(text, 'latin1').digest('base64url');
const secret = (seed: number): string => Buffer.alloc(32, seed).toString('base64url');
const ring: KeyRing = { sign: 'k1', keys: [{ kid: 'k1', secret: secret(1) }] };

function stampsOf(keys: KeyRing, nowMs: number = Date.now()): Stamps {
  const stamps = new Stamps(mac, () => nowMs);
  stamps.setKeys(keys);
  return stamps;
}

function strategy(trust: 'edge' | 'internal', v2: string = 'v2', more: Partial<StrategyDocument> = {}): StrategyDocument {
  return {
    tags: { os: { header: 'x-os' }, city: { header: 'x-city' } },
    services: {
      web: { stable: 'v1', versions: { v1: {}, v2: {}, v3: {} }, trust, hosts: ['web.internal'] },
      next: { stable: 'v1', versions: { v1: {} }, hosts: ['next.internal'] },
    },
    releases: [{ name: 'android', when: [{ tag: { os: 'Android' } }], cache: 'off', versions: { web: v2 } }],
    exposeRoute: true,
    ...more,
  };
}

async function fleet(): Promise<{ readonly supervisor: Supervisor; readonly port: number; readonly stable: Worker }> {
  const supervisor = await Supervisor.start();
  const port = supervisor.port();
  const stable = await supervisor.worker({ app: 'mirror.mjs', ports: [port] });
  await supervisor.worker({ app: 'mirror.mjs', version: 'v2', role: 'canary', ports: [port] });
  await supervisor.worker({ app: 'mirror.mjs', version: 'v3', role: 'canary', ports: [port] });
  await supervisor.introduce();
  for (const worker of supervisor.workers) worker.send({ kind: 'keys', epoch: 1, ring, overrides: true });
  await Promise.all(supervisor.workers.map((worker) => worker.message('keys-ack')));
  return { supervisor, port, stable };
}

/** The version that answered, and what it was shown of `baggage`. */
async function ask(port: number, headers: Readonly<Record<string, string>> = {}, target = '/'): Promise<{ readonly version: unknown; readonly baggage: unknown; readonly route: string; readonly head: string }> {
  const answer = await exchange({ port }, get(target, headers));
  const seen = json(answer);
  return { version: seen['version'], baggage: (seen['headers'] as Record<string, unknown>)['baggage'] ?? null, route: /graylane-route: (.*)/i.exec(answer)?.[1]?.trim() ?? '', head: answer };
}

async function noted(worker: Worker, reason: string): Promise<void> {
  await worker.until(`count of ${reason}`, () => worker.of('counts').some(({ counts }) => counts.some((count) => count.reason === reason)));
}

describe('an edge', () => {
  let setting: Awaited<ReturnType<typeof fleet>>;
  before(async () => {
    setting = await fleet();
    await setting.supervisor.publish(strategy('edge'));
  });
  after(async () => await setting.supervisor.stop());

  const valid = (lane: string): string => stampsOf(ring).write({ lane, generation: 1, tags: '' }) ?? '';
  const cases: Readonly<Record<string, string>> = {
    'a valid stamp, replayed': valid('android'),
    'a forged one': valid('android').replace(/.{6}$/, 'AAAAAA'),
    'a truncated one': valid('android').slice(0, 80),
    'an oversized one': `${valid('android')},graylane.tags=${'x'.repeat(2000)}`,
    'a duplicated one': `${valid('android')},${valid('android')}`,
    'one under another spelling': valid('android').replaceAll('graylane.', 'GrayLane%2E'),
    'one behind too many members': `${Array.from({ length: 70 }, (_, i) => `m${i}=1`).join(',')},${valid('android')}`,
    'one on a second line': `a=1\r\nBaggage: ${valid('android')}`,
  };
  for (const [name, baggage] of Object.entries(cases)) {
    test(`${name} chooses no lane, and the app never sees it`, async () => {
      const seen = await ask(setting.port, { Baggage: baggage });
      assert.equal(seen.version, 'v1');
      assert.doesNotMatch(String(seen.baggage), /graylane/i);
    });
  }

  test('strips are counted, and other members stay as they came', async () => {
    const seen = await ask(setting.port, { Baggage: `a=1,${valid('android')}, b=%20` });
    assert.equal(seen.baggage, 'a=1,b=%20');
    await noted(setting.stable, 'stamp-foreign');
  });

  test('nothing of ours in it: the header stays byte for byte', async () => {
    assert.equal((await ask(setting.port, { Baggage: ' a = 1 ,  b=%41 ' })).baggage, 'a = 1 ,  b=%41');
  });

  test('a selected request is served by its version', async () => {
    const seen = await ask(setting.port, { 'X-OS': 'Android', Baggage: valid('') });
    assert.equal(seen.version, 'v2');
    assert.equal(seen.baggage, null);
  });
});

describe('an internal listener', () => {
  let setting: Awaited<ReturnType<typeof fleet>>;
  before(async () => {
    setting = await fleet();
    await setting.supervisor.publish(strategy('internal'));
  });
  after(async () => await setting.supervisor.stop());

  const stamp = (lane: string, generation = 1): string => stampsOf(ring).write({ lane, generation, tags: 'os=Android' }) ?? '';

  test('follows a valid stamp whatever the request says', async () => {
    assert.equal((await ask(setting.port, { Baggage: `a=1,${stamp('android')}` })).version, 'v2');
    assert.equal((await ask(setting.port, { Baggage: stamp(''), 'X-OS': 'Android' })).version, 'v1');
  });

  test('selects for a request without one', async () => {
    assert.equal((await ask(setting.port, { 'X-OS': 'Android' })).version, 'v2');
  });

  const refused: readonly (readonly [reason: string, baggage: () => string])[] = [
    ['forged', () => stamp('android').replace('gen=1', 'gen=2')],
    ['unknown-key', () => stampsOf({ sign: 'k9', keys: [{ kid: 'k9', secret: secret(9) }] }).write({ lane: 'android', generation: 1, tags: '' }) ?? ''],
    ['expired', () => stampsOf(ring, Date.now() - 3_600_000).write({ lane: 'android', generation: 1, tags: '' }) ?? ''],
    ['repeated', () => `${stamp('android')},graylane.lane=android`],
    ['incomplete', () => 'graylane.lane=android'],
    ['malformed', () => stamp('android').slice(0, -9)],
    ['oversized', () => `graylane.lane=android,graylane.gen=1,graylane.tags=t=${'x'.repeat(1100)},graylane.sig=k1.1.a`],
  ];
  for (const [reason, baggage] of refused) {
    test(`takes no lane from a stamp that is ${reason}, and takes it off`, async () => {
      const seen = await ask(setting.port, { Baggage: `a=1,${baggage()}` });
      assert.equal(seen.version, 'v1');
      assert.equal(seen.baggage, 'a=1');
    });
  }

  test('each refusal is counted under its reason', async () => {
    for (const [reason] of refused) await noted(setting.stable, `stamp-${reason}`);
  });

  test('routes by the stamped generation, also after newer ones', async () => {
    await setting.supervisor.publish(strategy('internal', 'v3'));
    const old = await ask(setting.port, { Baggage: stamp('android', 1) });
    assert.deepEqual([old.version, old.route], ['v2', 'service=web, version=v2, lane=android, gen=1']);
    assert.equal((await ask(setting.port, { Baggage: stamp('android', 2) })).version, 'v3');
  });

  test('waits a moment for a generation that is on its way', async () => {
    const { supervisor, stable } = setting;
    const asked = ask(setting.port, { Baggage: stamp('android', 3) });
    await stable.message('fetch', ({ generation }) => generation === 3);
    await supervisor.publish(strategy('internal', 'v2'));
    const { version, route } = await asked;
    assert.deepEqual([version, route], ['v2', 'service=web, version=v2, lane=android, gen=3']);
  });

  test('goes by the lane in the newest generation when it does not come, and counts that', async () => {
    const { version, route } = await ask(setting.port, { Baggage: stamp('android', 99) });
    assert.deepEqual([version, route], ['v2', 'service=web, version=v2, lane=android, gen=3']);
    await noted(setting.stable, 'generation-late');
  });

  test('goes by the lane in the newest generation when the stamped one is no longer kept, and counts that', async () => {
    for (let i = 0; i < 8; i++) await setting.supervisor.publish(strategy('internal', 'v3'));
    assert.equal((await ask(setting.port, { Baggage: stamp('android', 1) })).version, 'v3');
    await noted(setting.stable, 'generation-expired');
  });
});

describe('two phases', () => {
  let setting: Awaited<ReturnType<typeof fleet>>;
  before(async () => {
    setting = await fleet();
    await setting.supervisor.publish(strategy('internal'));
  });
  after(async () => await setting.supervisor.stop());

  test('a staged generation is followed, but stamped on nothing before it begins', async () => {
    const { supervisor, stable, port } = setting;
    await supervisor.stage(strategy('internal', 'v3'));
    assert.equal((await ask(port, { 'X-OS': 'Android' })).version, 'v2');
    assert.equal((await ask(port, { Baggage: stampsOf(ring).write({ lane: 'android', generation: 2, tags: '' }) ?? '' })).version, 'v3');
    for (const worker of supervisor.workers) worker.send({ kind: 'begin', generation: 2 });
    await stable.message('in-flight', ({ current }) => current === 2);
    assert.equal((await ask(port, { 'X-OS': 'Android' })).version, 'v3');
  });
});

describe('override links', () => {
  let setting: Awaited<ReturnType<typeof fleet>>;
  before(async () => {
    setting = await fleet();
    await setting.supervisor.publish(strategy('edge'));
  });
  after(async () => await setting.supervisor.stop());

  const token = (lane: string, keys: KeyRing = ring, leftS = 3600): string => writeOverride(stampsOf(keys).seals, lane, Math.floor(Date.now() / 1000) + leftS) ?? '';
  const foreign: KeyRing = { sign: 'k1', keys: [{ kid: 'k1', secret: secret(9) }] };

  test('a link sets the cookie and leads to the clean address on the same host', async () => {
    const good = token('android');
    for (const [target, clean] of [[`/cart?a=1&graylane-override=${good}&b=2`, '/cart?a=1&b=2'], [`//evil.example/x?graylane-override=${good}`, '/evil.example/x'], [`/\\evil.example?graylane-override=${good}`, '/evil.example']] as const) {
      const answer = await exchange({ port: setting.port }, get(target));
      assert.match(answer, /^HTTP\/1\.1 302 /);
      assert.equal(/\r\nLocation: (.*)\r\n/.exec(answer)?.[1], clean);
      assert.match(answer, new RegExp(`\\r\\nSet-Cookie: graylane-override=${good}; Path=/; Max-Age=3[56]\\d\\d; HttpOnly; SameSite=Lax\\r\\n`));
    }
  });

  test('cookie and header choose the lane, and may choose stable', async () => {
    assert.equal((await ask(setting.port, { Cookie: `a=b; graylane-override=${token('android')}` })).version, 'v2');
    assert.equal((await ask(setting.port, { 'graylane-override': token('android') })).version, 'v2');
    assert.equal((await ask(setting.port, { 'graylane-override': token(''), 'X-OS': 'Android' })).version, 'v1');
  });

  for (const [reason, wrong] of [['expired', () => token('android', ring, -3600)], ['forged', () => token('android', foreign)], ['malformed', () => 'android']] as const) {
    test(`a token that is ${reason} chooses nothing, and whoever followed a link is told`, async () => {
      assert.equal((await ask(setting.port, { 'graylane-override': wrong() })).version, 'v1');
      assert.match(await exchange({ port: setting.port }, get(`/?graylane-override=${wrong()}`)), /^HTTP\/1\.1 403 /);
    });
  }

  test('refused tokens are counted under their reason', async () => {
    for (const reason of ['expired', 'forged', 'malformed']) await noted(setting.stable, `override-${reason}`);
  });

  test('a form that is sent to such an address is left to the app', async () => {
    const answer = await exchange({ port: setting.port }, `POST /?graylane-override=${token('android')} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    assert.equal(json(answer)['method'], 'POST');
  });
});
