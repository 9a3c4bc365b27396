// The API over a real Unix socket, with the client that the command line uses, and raw where a client would be too polite.

import assert from 'node:assert/strict';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { apiRequests, apiSchemas } from '@graylane/wire';
import type { ApiSchemas } from '@graylane/wire';
import { apiApp } from '../../src/api/app.ts';
import { ApiFailure } from '../../src/api/caller.ts';
import { ApiClient } from '../../src/api/client.ts';
import { socketGuard } from '../../src/api/guard.ts';
import { listenOnSocket } from '../../src/api/listen.ts';
import { openapi } from '../../src/api/openapi.ts';
import { routes } from '../../src/api/routes.ts';
import { validated } from '../../src/api/validate.ts';
import { openWorld, web, withRelease } from '../plane/world.ts';
import type { World } from '../plane/world.ts';

interface Served extends World {
  readonly client: ApiClient;
  readonly path: string;
}

describe('the API', () => {
  served('gives the strategy with its revision as ETag', async ({ path }) => {
    const answer = await raw(path, 'GET', '/api/v1/strategy');
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['etag'], '"1"');
    assert.equal((answer.json as { revision: number }).revision, 1);
  });

  served('answers every read with a record of its schema', async ({ client }) => {
    await client.verb('r', 'rollback', { why: 'a look' });
    isA('Strategy', await client.strategy());
    isA('Status', await client.status());
    for (const release of (await client.releases()).items) isA('Release', release);
    for (const event of (await client.events()).items) isA('Event', event);
    for (const worker of (await client.workers()).items) isA('Worker', worker);
    isA('Comparison', await client.compare('r'));
    isA('Applied', await client.apply(withRelease(undefined, 9), { revision: null, dryRun: true }));
    isA('Difference', await client.difference(withRelease(undefined, 9)));
  });

  served('wants to know which revision a writer has seen', async ({ path, client }) => {
    const without = await raw(path, 'PUT', '/api/v1/strategy', web);
    assert.deepEqual([without.status, without.headers['content-type'], code(without)], [428, 'application/problem+json', 'GL3004']);
    await client.split('r', '6%', 1);
    const stale = await raw(path, 'PUT', '/api/v1/strategy', web, { 'if-match': '"1"' });
    assert.deepEqual([stale.status, code(stale), stale.headers['etag']], [412, 'GL3003', '"2"']);
    isA('Problem', stale.json);
    assert.deepEqual((stale.json as { changes: { pointer: string }[] }).changes.map(({ pointer }) => pointer), ['/releases']);
  });

  served('tells a client what was wrong, where, and with which exit code', async ({ client }) => {
    const unknownKey = await failureOf(client.apply({ ...web, relases: [] }, { revision: null }));
    assert.deepEqual([unknownKey.exitCode, unknownKey.problem.code, unknownKey.problem.errors?.[0]?.pointer], [2, 'GL3001', '/relases']);
    assert.equal((await failureOf(client.split('r', '7%', 99))).exitCode, 4);
    assert.equal((await failureOf(client.verb('nobody', 'rollback'))).problem.code, 'GL3005');
    assert.equal((await failureOf(client.split('r', 'lots', null))).problem.code, 'GL3007');
  });

  served('shows a writer of a share, too, what was changed since he looked', async ({ path, client }) => {
    await client.split('r', '6%', 1);
    const stale = await raw(path, 'POST', '/api/v1/releases/r/split', { percent: '+1%' }, { 'if-match': '"1"' });
    assert.deepEqual([stale.status, code(stale), stale.headers['etag']], [412, 'GL3003', '"2"']);
    assert.deepEqual((stale.json as { changes: unknown }).changes, [{ pointer: '/releases/r/percent', kind: 'changed', before: 5, after: 6 }]);
    const neverWas = await raw(path, 'POST', '/api/v1/releases/r/split', { percent: '+1%' }, { 'if-match': '"77"' });
    assert.deepEqual([neverWas.status, (neverWas.json as { changes?: unknown }).changes], [412, undefined]);
  });

  served('takes an If-Match also where it asks for none', async ({ path, client }) => {
    const seen = String((await raw(path, 'GET', '/api/v1/releases/r')).headers['etag']);
    assert.equal((await raw(path, 'POST', '/api/v1/releases/r/pause', {}, { 'if-match': seen })).status, 200);
    const stale = await raw(path, 'POST', '/api/v1/releases/r/resume', {}, { 'if-match': seen });
    assert.deepEqual([stale.status, code(stale), stale.headers['etag'] === seen], [412, 'GL3003', false]);
    assert.match((stale.json as { detail: string }).detail, /it is paused now/);
    assert.equal((await raw(path, 'POST', '/api/v1/releases/r/resume', {}, { 'if-match': String(stale.headers['etag']) })).status, 200);
    await client.split('r', '6%', null);
    const late = await raw(path, 'POST', '/api/v1/releases', { service: 'web', version: 'v3', spec: { script: '/srv/v3.js' } }, { 'if-match': '"1"' });
    assert.deepEqual([late.status, (late.json as { changes: { pointer: string }[] }).changes.map(({ pointer }) => pointer)], [412, ['/releases/r/percent']]);
  });

  served('says what each write would do, and does nothing', async ({ path, client, plane, machine }) => {
    const asked: readonly [string, string, unknown, Record<string, string>, readonly string[], readonly string[]][] = [
      ['PUT', '/api/v1/strategy?dryRun=true', withRelease(undefined, 9), { 'if-match': '*' }, ['/releases/r/percent'], []],
      ['POST', '/api/v1/releases/r/split?dryRun=true', { percent: '+20%' }, { 'if-match': '*' }, ['/releases/r/percent'], ['r: 5 % → 25 %']],
      ['POST', '/api/v1/releases?dryRun=true', { service: 'web', version: 'v3', spec: { script: '/srv/v3.js' } }, {}, ['/services/web/versions/v3', '/releases/r/priority', '/releases/v3'], ['v3: progressing']],
      ['POST', '/api/v1/releases/r/rollback?dryRun=true', {}, {}, [], ['r: progressing → rolled-back']],
      ['POST', '/api/v1/releases/r/promote-full?dryRun=true', {}, {}, [], ['r: progressing → promoting (preparing)']],
      ['POST', '/api/v1/releases/r/resume?dryRun=true', {}, {}, [], ['nothing to do: it is so already']],
    ];
    const before = await plane.strategy();
    machine.take();
    for (const [method, target, body, headers, pointers, notes] of asked) {
      const { status, json } = await raw(path, method, target, body, headers);
      isA('Applied', json);
      const applied = json as { dryRun: boolean; changes: { pointer: string }[]; notes: string[] };
      assert.deepEqual([status, applied.dryRun, applied.changes.map(({ pointer }) => pointer), applied.notes], [200, true, pointers, notes], target);
    }
    assert.equal((await failureOf(client.canary({ service: 'web', version: 'v2', spec: {} }, { dryRun: true }))).problem.code, 'GL3009', 'what would be refused is refused');
    assert.equal((await failureOf(client.split('r', '101%', null, { dryRun: true }))).problem.code, 'GL3007');
    assert.deepEqual([await plane.strategy(), machine.take(), (await plane.events({ limit: 5 })).length], [before, [], 1]);
  });

  served('runs a release from canary to rollback', async ({ client, machine }) => {
    const added = await client.canary({ service: 'web', version: 'v3', spec: { script: '/srv/v3.js' }, percent: 10 });
    assert.equal(added.release, 'v3');
    assert.equal((await client.split('v3', '+10%', added.revision)).revision, added.revision + 1);
    await client.verb('v3', 'rollback', { why: 'enough' });
    assert.equal((await client.release('v3')).phase, 'rolled-back');
    assert.equal(machine.snapshot?.releases.includes('v3'), false);
    assert.deepEqual((await client.events({ limit: 1 })).items.map(({ subject, to, who, why }) => [subject, to, who, why]), [['v3', 'rolled-back', 'cli test', 'enough']]);
  });

  served('streams every change, and goes on after the last one seen', async ({ client, path }) => {
    const seen: string[] = [];
    let last = 0;
    await client.split('r', '6%', null);
    const first = new AbortController();
    for await (const { event, id } of client.watch(first.signal, 1)) {
      seen.push(event);
      last = id;
      if (seen.length === 3) break;
    }
    assert.deepEqual(seen, ['ready', 'event', 'strategy']);
    await client.split('r', '7%', null);
    const resumed = await firstFrames(path, last, 2);
    assert.deepEqual(resumed.map(({ event, id }) => [event, id > last || event === 'ready']), [['ready', true], ['event', true]]);
  });

  served('pages through events without a gap or a repeat', async ({ client }) => {
    for (let percent = 10; percent < 30; percent += 1) await client.split('r', `${percent}%`, null);
    const seqs: number[] = [];
    for (let cursor: string | null | undefined; cursor !== null;) {
      const page: Awaited<ReturnType<ApiClient['events']>> = await client.events({ limit: 6, ...(cursor === undefined ? {} : { cursor }) });
      seqs.push(...page.items.map(({ seq }) => seq));
      cursor = page.cursor;
    }
    assert.deepEqual(seqs, Array.from({ length: 21 }, (_, n) => 21 - n));
  });

  served('keeps who let whom in, and who had whom told, with the events', async ({ client }) => {
    const { id } = await client.createToken({ name: 'ci', scope: 'operate' });
    const hook = await client.createWebhook({ url: 'https://hooks.example/secret-path' });
    await client.revokeToken(id);
    await client.removeWebhook(hook.id);
    const events = (await client.events({ limit: 4 })).items;
    assert.deepEqual(events.map(({ kind, subject, to, who, why }) => [kind, subject, to, who, why]), [
      ['access', `webhook ${hook.id}`, 'removed', 'cli test', 'told no more'],
      ['access', 'token ci', 'revoked', 'cli test', `by its id ${id}`],
      ['access', `webhook ${hook.id}`, 'made', 'cli test', 'tells hooks.example'],
      ['access', 'token ci', 'made', 'cli test', 'may operate'],
    ]);
    assert.equal((await client.strategy()).generation, 1, 'data planes have nothing to learn');
  });

  served('refuses what it does not understand, each with a code', async ({ path, client }) => {
    const cases: readonly [string, string, unknown, Record<string, string>, number, string][] = [
      ['GET', '/api/v1/nothing', null, {}, 404, 'GL3014'],
      ['DELETE', '/api/v1/strategy', null, {}, 405, 'GL3022'],
      ['GET', '/api/v1/events?limit=0', null, {}, 400, 'GL3012'],
      ['GET', '/api/v1/events?limit=x', null, {}, 400, 'GL3012'],
      ['GET', '/api/v1/strategy?revision=77', null, {}, 404, 'GL3014'],
      ['PUT', '/api/v1/strategy?dryRun=yes', web, { 'if-match': '*' }, 400, 'GL3012'],
      ['PUT', '/api/v1/strategy', web, { 'if-match': 'one' }, 400, 'GL3012'],
      ['POST', '/api/v1/releases/r/jump', {}, {}, 404, 'GL3014'],
      ['POST', '/api/v1/releases/r/split', { percent: 7 }, { 'if-match': '*' }, 400, 'GL3012'],
      ['POST', '/api/v1/releases/r/rollback', { wy: 'typo' }, {}, 400, 'GL3012'],
      ['POST', '/api/v1/releases', { service: 'constructor', version: 'v9', spec: {} }, {}, 404, 'GL3008'],
      ['POST', '/api/v1/explain', { method: 'GET', target: '/', rawHeaders: ['odd'] }, {}, 400, 'GL3012'],
      ['GET', '/api/v1/watch', null, { 'last-event-id': '-1' }, 400, 'GL3012'],
      // Whoever asks for a dry run where there is none must not get a wet one.
      ['PUT', '/api/v1/freeze?dryRun=true', { reason: 'x' }, {}, 400, 'GL3012'],
      ['POST', '/api/v1/releases/r/split?dryrun=true', { percent: '9%' }, { 'if-match': '*' }, 400, 'GL3012'],
      ['PUT', '/api/v1/strategy?dry-run=true', web, { 'if-match': '*' }, 400, 'GL3012'],
      ['POST', '/api/v1/webhooks', { url: 'https://hooks.example', kinds: ['releases'] }, {}, 400, 'GL3012'],
    ];
    for (const [method, target, body, headers, status, wanted] of cases) {
      const answer = await raw(path, method, target, body, headers);
      assert.deepEqual([answer.status, code(answer)], [status, wanted], `${method} ${target}`);
    }
    const { percent } = await client.release('r');
    assert.deepEqual([percent, (await client.status()).frozen], [5, null]);
  });

  served('refuses bodies that are no JSON, too large, or of a type that any page can send', async ({ path }) => {
    const put = (text: string | Buffer, type: string): ReturnType<typeof raw> => raw(path, 'POST', '/api/v1/releases/r/pause', text, { 'content-type': type });
    assert.equal(code(await put('{"why":', 'application/json')), 'GL3012');
    assert.equal(code(await put(Buffer.from([0x7b, 0xff, 0x7d]), 'application/json')), 'GL3012');
    assert.equal(code(await put('{}', 'text/plain')), 'GL3023');
    assert.equal(code(await put(`{"why":"${'x'.repeat(300_000)}"}`, 'application/json')), 'GL3013');
    assert.equal(code(await put('['.repeat(100_000), 'application/json')), 'GL3012');
  });

  served('takes names of prototypes for names', async ({ path, client }) => {
    for (const name of ['__proto__', 'constructor', 'hasOwnProperty']) assert.equal((await failureOf(client.release(name))).problem.code, 'GL3005');
    const polluted = await raw(path, 'PUT', '/api/v1/strategy', '{"services":{"__proto__":{"polluted":1}}}', { 'if-match': '*', 'content-type': 'application/json' });
    assert.equal(polluted.status, 422);
    assert.equal(({} as Record<string, unknown>)['polluted'], undefined);
  });

  served('is open to its owner only', async ({ path }) => {
    assert.equal((await stat(path)).mode & 0o777, 0o600);
  });

  it('that is not there is unreachable, exit code 5', async () => {
    const failure = await failureOf(new ApiClient({ socketPath: join(tmpdir(), 'graylane-none.sock'), who: 'cli test' }).status());
    assert.deepEqual([failure.exitCode, failure.problem.code], [5, 'GL3098']);
  });

  served('that does not answer in time ends with exit code 124', async ({ path, machine }) => {
    machine.before = () => new Promise(() => undefined);
    const failure = await failureOf(new ApiClient({ socketPath: path, who: 'cli test', timeoutMs: 50 }).verb('r', 'rollback'));
    machine.before = () => Promise.resolve();
    assert.equal(failure.exitCode, 124);
  });
});

describe('the OpenAPI description', () => {
  it('has every route, and every schema that it names', () => {
    const document = openapi();
    assert.deepEqual(Object.entries(document.paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`)).sort(), Object.values(routes).map(({ method, path }) => `${method} ${path}`).sort());
    const named = [...JSON.stringify(document).matchAll(/#\/components\/schemas\/(\w+)/g)].map(([, name]) => name ?? '');
    assert.ok(named.length > 20);
    for (const name of named) assert.ok(Object.hasOwn(document.components.schemas, name), name);
  });

  it('lets a webhook ask for every kind of event, and for no other', () => {
    assert.deepEqual(apiRequests.Webhook.properties.kinds.items.enum, apiSchemas.Event.properties.kind.enum);
  });

  served('is served as it is', async ({ path }) => {
    assert.deepEqual((await raw(path, 'GET', '/api/v1/openapi.json')).json, JSON.parse(JSON.stringify(openapi())));
  });
});

function served(title: string, body: (world: Served) => Promise<void>): void {
  it(title, async () => {
    const dir = await mkdtemp(join(tmpdir(), 'graylane-api-'));
    const path = join(dir, 'control.sock');
    const world = await openWorld(withRelease());
    const listening = await listenOnSocket(apiApp({ plane: world.plane, clock: world.clock, guard: socketGuard }), path);
    try {
      await body({ ...world, path, client: new ApiClient({ socketPath: path, who: 'cli test' }) });
    } finally {
      await listening.close();
      await world.end();
      await rm(dir, { recursive: true, force: true });
    }
  });
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly json: unknown;
}

function raw(socketPath: string, method: string, path: string, body: unknown = null, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const bytes = body === null ? null : typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, method, path, headers: { ...(bytes === null ? {} : { 'content-type': 'application/json' }), ...headers }, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, json: text === '' ? null : JSON.parse(text) as unknown });
      });
    });
    outgoing.on('error', reject);
    outgoing.end(bytes ?? undefined);
  });
}

async function firstFrames(socketPath: string, lastEventId: number, count: number): Promise<{ event: string; id: number }[]> {
  const frames: { event: string; id: number }[] = [];
  const abort = new AbortController();
  for await (const frame of new ApiClient({ socketPath, who: 'cli test' }).watch(abort.signal, lastEventId)) {
    frames.push(frame);
    if (frames.length === count) break;
  }
  return frames;
}

async function failureOf(call: Promise<unknown>): Promise<ApiFailure> {
  try {
    await call;
  } catch (error) {
    assert.ok(error instanceof ApiFailure, String(error));
    return error;
  }
  return assert.fail('the call did not fail');
}

function isA(name: keyof ApiSchemas, value: unknown): void {
  validated(apiSchemas[name], JSON.parse(JSON.stringify(value)));
}

function code(answer: Answer): unknown {
  return (answer.json as { code: unknown }).code;
}
