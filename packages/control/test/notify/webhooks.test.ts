// Webhooks over fake time: signed, in order, retried, bounded, and never in the way of anything else.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import type { Send } from '../../src/notify/delivery.ts';
import { sendByFetch } from '../../src/notify/send.ts';
import { ControlError } from '../../src/problem.ts';
import { StoreError } from '../../src/store/errors.ts';
import { settle } from '../fake-clock.ts';
import { weakened } from '../plane/weak-store.ts';
import type { Weakness } from '../plane/weak-store.ts';
import { openWorld, withRelease } from '../plane/world.ts';
import type { World } from '../plane/world.ts';

interface Sent {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface Receiver extends World {
  readonly sent: Sent[];
  /** What the receiver answers; a test changes it. */
  answer: () => Promise<number>;
}

describe('a webhook', () => {
  received('is told of events in order, from its creation on', async ({ plane, sent }) => {
    await plane.split('r', '6%', null, 'test');
    await plane.webhooks.create('https://hooks.example/x', []);
    await plane.split('r', '7%', null, 'test');
    await plane.verb('r', 'rollback', { who: 'ann', why: 'errors' });
    await settle();
    assert.deepEqual(sent.map(({ body }) => (JSON.parse(body) as { data: { to: string } }).data.to), ['7 %', 'rolled-back']);
  });

  received('can verify the signature by the published scheme', async ({ plane, sent }) => {
    const { secret } = await plane.webhooks.create('https://hooks.example/x', []);
    await plane.split('r', '7%', null, 'test');
    await settle();
    const [first] = sent;
    const content = `${first?.headers['webhook-id'] ?? ''}.${first?.headers['webhook-timestamp'] ?? ''}.${first?.body ?? ''}`;
    const wanted = createHmac('sha256', Buffer.from(secret.slice('whsec_'.length), 'base64')).update(content).digest('base64');
    assert.equal(first?.headers['webhook-signature'], `v1,${wanted}`);
  });

  received('is told only of the kinds that it asked for', async ({ plane, sent }) => {
    await plane.webhooks.create('https://hooks.example/x', ['freeze']);
    await plane.split('r', '7%', null, 'test');
    await plane.freeze('holidays', 'ann');
    await settle();
    assert.deepEqual(sent.map(({ body }) => (JSON.parse(body) as { type: string }).type), ['graylane.freeze']);
  });

  received('that fails is asked again with growing waits and the same id, and gets everything in the end', async (world) => {
    const { plane, sent, clock } = world;
    await plane.webhooks.create('https://hooks.example/x', []);
    world.answer = () => Promise.resolve(500);
    await plane.split('r', '7%', null, 'test');
    await plane.split('r', '8%', null, 'test');
    await settle();
    assert.equal(sent.length, 1);
    await clock.advance(1_000);
    assert.equal(sent.length, 2);
    await clock.advance(1_900);
    assert.equal(sent.length, 2);
    world.answer = () => Promise.resolve(204);
    await clock.advance(100);
    const ids = sent.map(({ headers }) => headers['webhook-id']);
    assert.equal(ids.length, 4);
    assert.equal(new Set(ids.slice(0, 3)).size, 1);
    assert.deepEqual((await plane.webhooks.list()).map(({ failures, lastError }) => [failures, lastError]), [[0, null]]);
  });

  received('that never answers is given up at last, and the next event gets its turn', async (world) => {
    const { plane, sent, clock } = world;
    await plane.webhooks.create('https://hooks.example/x', []);
    world.answer = () => Promise.reject(new Error('no answer in time'));
    await plane.split('r', '7%', null, 'test');
    for (let wait = 0; wait < 40; wait += 1) await clock.advance(300_000);
    const [hook] = await plane.webhooks.list();
    assert.match(hook?.lastError ?? '', /^gave up event 2: no answer in time/);
    assert.equal(sent.length, 32);
  });

  received('that hangs holds up neither a rollback nor another webhook', async (world) => {
    const { plane, sent } = world;
    await plane.webhooks.create('https://hooks.example/hangs', []);
    world.answer = () => new Promise(() => undefined);
    await plane.split('r', '7%', null, 'test');
    await settle();
    world.answer = () => Promise.resolve(200);
    await plane.webhooks.create('https://hooks.example/fine', []);
    await plane.verb('r', 'rollback', { who: 'ann', why: 'errors' });
    await settle();
    assert.equal((await plane.release('r')).phase, 'rolled-back');
    assert.equal(sent.length, 2);
  });

  received('that hangs does not hold up the end of the process, and is told after the next start', async (world) => {
    const { plane, sent } = world;
    await plane.webhooks.create('https://hooks.example/hangs', []);
    world.answer = () => new Promise(() => undefined);
    await plane.split('r', '7%', null, 'test');
    await settle();
    // Nothing here moves the clock: whoever waits for the receiver waits for ever.
    await plane.stop();
    world.answer = () => Promise.resolve(200);
    await world.restart();
    assert.deepEqual(sent.map(({ headers }) => headers['webhook-id']), [sent[0]?.headers['webhook-id'], sent[0]?.headers['webhook-id']]);
    assert.deepEqual((await world.plane.webhooks.list()).map(({ failures }) => failures), [0]);
  });

  it('outlives a store that has no room for a while: everything is told once, and in order', async () => {
    const weakness: Weakness = { failure: null, refused: 0 };
    const told: string[] = [];
    const send: Send = (_url, headers) => {
      told.push(headers['webhook-id'] ?? '');
      // The disk fills up while the receiver answers.
      if (told.length === 1) weakness.failure = 'full';
      return Promise.resolve(200);
    };
    const world = await openWorld(withRelease(), { send }, (store) => weakened(store, weakness));
    await world.plane.webhooks.create('https://hooks.example/x', []);
    await world.plane.split('r', '7%', null, 'test');
    await world.clock.advance(60_000);
    assert.equal(told.length, 1, 'what was taken is not sent again');
    assert.ok(world.faults.some((fault) => fault.startsWith('webhook ')), 'it is said');
    weakness.failure = null;
    await world.plane.split('r', '8%', null, 'test');
    await world.plane.split('r', '9%', null, 'test');
    await world.clock.advance(60_000);
    assert.deepEqual(told.map((id) => Number(id.split('_')[1])), [2, 3, 4]);
    assert.deepEqual((await world.plane.webhooks.list()).map(({ cursor, failures }) => [cursor, failures]), [[4, 0]]);
    await world.end();
  });

  it('is told of what came while the store did not let itself be watched', async () => {
    let isBroken = true;
    const told: string[] = [];
    const send: Send = (_url, headers) => {
      told.push(headers['webhook-id'] ?? '');
      return Promise.resolve(200);
    };
    const world = await openWorld(withRelease(), { send }, (store) => ({
      ...weakened(store, { failure: null, refused: 0 }),
      watch: (prefix, after, signal) => {
        if (isBroken) throw new StoreError('compacted', 'revisions up to 5 are no longer kept');
        return store.watch(prefix, after, signal);
      },
    }));
    await world.plane.webhooks.create('https://hooks.example/x', []);
    await settle();
    await world.plane.split('r', '7%', null, 'test');
    isBroken = false;
    await world.clock.advance(10_000);
    assert.equal(told.length, 1);
    await world.plane.split('r', '8%', null, 'test');
    await settle();
    assert.equal(told.length, 2);
    await world.end();
  });

  received('goes on after a restart with what it has not been told yet', async (world) => {
    const { sent, clock } = world;
    await world.plane.webhooks.create('https://hooks.example/x', []);
    world.answer = () => Promise.resolve(503);
    await world.plane.split('r', '7%', null, 'test');
    await settle();
    await world.plane.stop();
    world.answer = () => Promise.resolve(200);
    const told = sent.length;
    await world.restart();
    await clock.advance(5_000);
    assert.deepEqual(sent.slice(told).map(({ body }) => (JSON.parse(body) as { data: { to: string } }).data.to), ['7 %']);
  });

  received('must be an address that can be called', async ({ plane }) => {
    for (const url of ['', 'ftp://x/', 'file:///etc/passwd', 'https://user:secret@host/', 'javascript:alert(1)']) {
      await assert.rejects(plane.webhooks.create(url, []), (error) => error instanceof ControlError && error.code === 'GL3012', url);
    }
  });

  received('keeps its secret to itself', async ({ plane }) => {
    await plane.webhooks.create('https://hooks.example/x', []);
    assert.equal(JSON.stringify(await plane.webhooks.list()).includes('whsec_'), false);
  });

  it('follows no redirect and waits no longer than it may', async () => {
    const server = createServer((request, response) => {
      if (request.url === '/redirect') response.writeHead(302, { location: '/elsewhere' }).end();
      else if (request.url === '/elsewhere') response.writeHead(200).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const limits = (timeoutMs: number): Parameters<Send>[3] => ({ timeoutMs, signal: new AbortController().signal });
    assert.equal(await sendByFetch(`${base}/redirect`, {}, '{}', limits(5_000)), 302);
    await assert.rejects(sendByFetch(`${base}/hang`, {}, '{}', limits(50)));
    await assert.rejects(sendByFetch(`${base}/hang`, {}, '{}', { timeoutMs: 60_000, signal: AbortSignal.timeout(50) }));
    server.closeAllConnections();
    server.close();
  });
});

for (const [url, why] of [
  ['http://169.254.169.254/latest/meta-data', 'metadata'], ['http://2852039166/', 'the same as a number'], ['http://[::ffff:169.254.169.254]/', 'the same in IPv6'],
  ['http://[fe80::1]/', 'link-local'], ['http://metadata.google.internal/', 'metadata by name'], ['ftp://hooks.example/', 'not http'], ['https://ann:secret@hooks.example/', 'a password'], ['hooks', 'no URL'],
] as const) {
  it(`is not made for ${url} (${why})`, async () => {
    const world = await openWorld(withRelease());
    await assert.rejects(world.plane.webhooks.create(url, []), (error) => error instanceof ControlError && error.code === 'GL3012');
    assert.deepEqual(await world.plane.webhooks.list(), []);
    await world.end();
  });
}

function received(title: string, body: (receiver: Receiver) => Promise<void>): void {
  it(title, async () => {
    const sent: Sent[] = [];
    const state: { answer: () => Promise<number> } = { answer: () => Promise.resolve(200) };
    const world = await openWorld(withRelease(), {
      send: (_url, headers, text, { signal }) => {
        sent.push({ headers, body: text });
        return Promise.race([state.answer(), new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(new Error('ended'))))]);
      },
    });
    const receiver: Receiver = Object.assign(world, { sent, answer: state.answer });
    Object.defineProperty(receiver, 'answer', { set: (answer: () => Promise<number>) => {
      state.answer = answer;
    } });
    try {
      await body(receiver);
      assert.deepEqual(world.faults, []);
    } finally {
      await world.end();
    }
  });
}
