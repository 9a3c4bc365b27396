// The API on TCP against strangers: raw requests without, with a wrong, an expired and a too weak token, from foreign pages,
// and under a foreign name.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { describe, it } from 'node:test';
import { apiApp } from '../../src/api/app.ts';
import { tcpGuard } from '../../src/api/guard.ts';
import { listenOnTcp } from '../../src/api/listen.ts';
import { ControlError } from '../../src/problem.ts';
import { settle } from '../fake-clock.ts';
import { openWorld, withRelease } from '../plane/world.ts';
import type { World } from '../plane/world.ts';

interface Door extends World {
  readonly port: number;
  /** `read`, `operate` and `admin` tokens. */
  readonly tokens: Readonly<Record<'read' | 'operate' | 'admin', string>>;
}

const ROLLBACK = ['POST', '/api/v1/releases/r/rollback'] as const;
const STATUS = ['GET', '/api/v1/status'] as const;

describe('the API on TCP', () => {
  check('wants a token', STATUS, () => ({}), 401, 'GL3016');
  check('refuses a wrong token', STATUS, ({ tokens }) => bearer(`${tokens.admin.slice(0, -1)}${tokens.admin.endsWith('A') ? 'B' : 'A'}`), 401, 'GL3016');
  check('refuses what looks like no token at all', STATUS, () => bearer('../../etc/passwd'), 401, 'GL3016');
  check('refuses another scheme', STATUS, ({ tokens }) => ({ authorization: `Basic ${tokens.admin}` }), 401, 'GL3016');
  check('lets a reader read', STATUS, ({ tokens }) => bearer(tokens.read), 200);
  check('does not let a reader operate', ROLLBACK, ({ tokens }) => bearer(tokens.read), 403, 'GL3017');
  check('lets an operator operate', ROLLBACK, ({ tokens }) => bearer(tokens.operate), 200);
  check('does not let an operator make tokens', ['POST', '/api/v1/tokens'], ({ tokens }) => bearer(tokens.operate), 403, 'GL3017');
  check('refuses a foreign Host, as after a DNS rebinding', STATUS, ({ tokens }) => ({ ...bearer(tokens.admin), host: 'evil.example' }), 403, 'GL3017');
  check('refuses the right address under another port', STATUS, ({ tokens }) => ({ ...bearer(tokens.admin), host: '127.0.0.1:1' }), 403, 'GL3017');
  check('refuses a foreign host in the target, whatever the Host field says', ['GET', 'http://evil.example/api/v1/status'], ({ tokens }) => bearer(tokens.admin), 403, 'GL3017');
  check('refuses a foreign Origin, the token right or not', ROLLBACK, ({ tokens }) => ({ ...bearer(tokens.admin), origin: 'https://evil.example' }), 403, 'GL3017');
  check('refuses Origin null', ROLLBACK, ({ tokens }) => ({ ...bearer(tokens.admin), origin: 'null' }), 403, 'GL3017');
  check('refuses a foreign Origin on the event stream', ['GET', '/api/v1/watch'], ({ tokens }) => ({ ...bearer(tokens.admin), origin: 'https://evil.example' }), 403, 'GL3017');
  check('refuses a form of another site', ROLLBACK, ({ tokens }) => ({ ...bearer(tokens.admin), 'sec-fetch-site': 'cross-site', 'content-type': 'text/plain' }), 403, 'GL3017');
  check('takes its own pages', STATUS, ({ port, tokens }) => ({ ...bearer(tokens.read), origin: `http://127.0.0.1:${port}`, 'sec-fetch-site': 'same-origin' }), 200);
  check('guards the metrics too', ['GET', '/metrics'], () => ({}), 401, 'GL3016');
  check('says that it lives to anybody', ['GET', '/livez'], () => ({}), 200);

  atDoor('takes no token that has expired or was revoked', async ({ plane, clock, port }) => {
    const { token } = await plane.tokens.create({ name: 'short', scope: 'read', lifetimeMs: 60_000 });
    assert.equal((await ask(port, STATUS, bearer(token))).status, 200);
    await clock.advance(60_000);
    assert.equal((await ask(port, STATUS, bearer(token))).status, 401);
    const { token: other, id } = await plane.tokens.create({ name: 'revoked', scope: 'read', lifetimeMs: null });
    await plane.tokens.revoke(id);
    assert.equal((await ask(port, STATUS, bearer(other))).status, 401);
  });

  atDoor('ends the stream of whoever watches with a token that is revoked', async ({ plane, port }) => {
    const { token, id } = await plane.tokens.create({ name: 'watcher', scope: 'read', lifetimeMs: null });
    const { seen, ended } = await watched(port, token);
    await plane.split('r', '6%', null, 'test');
    await plane.tokens.revoke(id);
    await plane.split('r', '7%', null, 'secret');
    await ended;
    assert.match(seen(), /"to":"6 %"/);
    assert.doesNotMatch(seen(), /secret/);
  });

  atDoor('ends it also when the token expires, and not before', async ({ plane, port, clock }) => {
    const { token } = await plane.tokens.create({ name: 'watcher', scope: 'read', lifetimeMs: 40_000 });
    const { seen, ended } = await watched(port, token);
    await clock.advance(39_000);
    await plane.split('r', '6%', null, 'test');
    while (!seen().includes('"to":"6 %"')) await settle();
    await clock.advance(20_000);
    await plane.split('r', '7%', null, 'secret');
    await ended;
    assert.doesNotMatch(seen(), /secret/);
  });

  atDoor('stores no token, only its hash', async ({ store, tokens }) => {
    const text = (await store.list('token/')).map(({ value }) => value).join();
    // A secret may hold the character that stands before it.
    for (const token of Object.values(tokens)) assert.equal(text.includes(token.split('_').slice(2).join('_')), false);
    assert.match(text, /"hash":"[0-9a-f]{64}"/);
  });

  atDoor('names the token in the event', async ({ plane, port, tokens }) => {
    await ask(port, ROLLBACK, { ...bearer(tokens.operate), 'graylane-who': 'somebody else' });
    assert.equal((await plane.events({ limit: 1 }))[0]?.who, 'token operate');
  });

  it('is not opened beyond this machine', async () => {
    const world = await openWorld(withRelease());
    const app = apiApp({ plane: world.plane, clock: world.clock, guard: tcpGuard({ hosts: new Set(), holder: () => Promise.resolve(null) }) });
    await assert.rejects(listenOnTcp(app, '0.0.0.0', 0), (error) => error instanceof ControlError && error.code === 'GL3017');
    await world.end();
  });
});

function check(title: string, line: readonly [string, string], headers: (door: Door) => Readonly<Record<string, string>>, status: number, code?: string): void {
  atDoor(title, async (door) => {
    const before = await door.plane.strategy();
    const answer = await ask(door.port, line, headers(door));
    assert.deepEqual([answer.status, answer.code], [status, code]);
    if (status >= 400) assert.deepEqual(await door.plane.strategy(), before);
  });
}

function atDoor(title: string, body: (door: Door) => Promise<void>): void {
  it(title, async () => {
    const world = await openWorld(withRelease());
    const hosts = new Set<string>();
    const app = apiApp({ plane: world.plane, clock: world.clock, guard: tcpGuard({ hosts, holder: (token) => world.plane.tokens.holder(token) }) });
    const listening = await listenOnTcp(app, '127.0.0.1', 0);
    hosts.add(`127.0.0.1:${listening.port}`);
    const make = async (scope: 'read' | 'operate' | 'admin'): Promise<string> => (await world.plane.tokens.create({ name: scope, scope, lifetimeMs: null })).token;
    try {
      await body({ ...world, port: listening.port, tokens: { read: await make('read'), operate: await make('operate'), admin: await make('admin') } });
    } finally {
      await listening.close();
      await world.end();
    }
  });
}

/** A stream of events that has begun. */
async function watched(port: number, token: string): Promise<{ readonly seen: () => string; readonly ended: Promise<unknown> }> {
  const outgoing = request({ host: '127.0.0.1', port, path: '/api/v1/watch', headers: bearer(token), agent: false }).end();
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  assert.equal(response.statusCode, 200);
  let text = '';
  response.setEncoding('utf8').on('data', (chunk: string) => { text += chunk; });
  const ended = once(response, 'end');
  await once(response, 'data');
  return { seen: () => text, ended };
}

function bearer(token: string): Readonly<Record<string, string>> {
  return { authorization: `Bearer ${token}` };
}

function ask(port: number, [method, path]: readonly [string, string], headers: Readonly<Record<string, string>>): Promise<{ status: number; code: string | undefined }> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, code: text.startsWith('{') ? (JSON.parse(text) as { code?: string }).code : undefined }));
    });
    outgoing.on('error', reject);
    outgoing.end();
  });
}
