// Versions as handlers in one process: every kind of handler, the strategy live from a file, marks on answers, shared globals.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { createRouter } from '../src/modules/index.ts';
import type { ModuleRouter, RouterOptions, SharedGlobal, VersionHandler } from '../src/modules/index.ts';
import { GlobalsCheck } from '../src/modules/globals.ts';

const load = createRequire(import.meta.url);
const BETA = { name: 'beta', when: [{ cookie: { beta: '1' } }], versions: { web: 'v2' } };
const document = (releases: readonly object[] = [BETA]): RouterOptions['strategy'] => ({ services: { web: { stable: 'v1', versions: { v1: {}, v2: {} } } }, releases, exposeRoute: true }) as RouterOptions['strategy'];

async function serve(t: TestContext, router: ModuleRouter): Promise<string> {
  t.after(() => router.close());
  const server = createServer(router.listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function ask(url: string, cookie: string = ''): Promise<readonly [string, string | null]> {
  const response = await fetch(url, { headers: { cookie } });
  return [await response.text(), response.headers.get('graylane-route')];
}

interface Koa { use(middleware: (context: { body: string }) => void): void; callback(): VersionHandler }
interface Fastify { get(path: string, handler: () => string): void; ready(): PromiseLike<unknown>; routing(): unknown }
interface Express { get(path: string, handler: (req: unknown, res: { send(text: string): void }) => void): void }
interface Hono { get(path: string, handler: (context: { text(text: string): Response }) => Response): void; fetch(request: Request): Promise<Response> }

const KINDS: Readonly<Record<string, (name: string) => VersionHandler>> = {
  'a Node listener': (name) => (_req, res) => res.end(name),
  'an Express app': (name) => {
    const app = (load('express') as () => Express)();
    app.get('/', (_req, res) => res.send(name));
    return app as unknown as VersionHandler;
  },
  "Koa's callback()": (name) => {
    const app = new (load('koa') as { default?: new () => Koa } & (new () => Koa))();
    app.use((context) => void (context.body = name));
    return app.callback();
  },
  'a Fastify app': (name) => {
    const app = (load('fastify') as () => Fastify)();
    app.get('/', () => name);
    return app;
  },
};

for (const [kind, make] of Object.entries(KINDS)) {
  void test(`${kind} is a version`, async (t) => {
    const url = await serve(t, await createRouter({ service: 'web', versions: { v1: make('one'), v2: make('two') }, strategy: document(), checkGlobals: false }));
    assert.deepEqual(await ask(url), ['one', 'service=web, version=v1, gen=1']);
    assert.deepEqual(await ask(url, 'beta=1'), ['two', 'service=web, version=v2, lane=beta, gen=1']);
  });
}

void test('fetch handlers are versions, Hono apps among them', async () => {
  const app = new (load('hono') as { Hono: new () => Hono }).Hono();
  app.get('/', (context) => context.text('two'));
  const router = await createRouter({ service: 'web', versions: { v1: { fetch: () => new Response('one') }, v2: app }, strategy: document(), checkGlobals: false });
  const texts = await Promise.all(['', 'beta=1'].map(async (cookie) => (await router.fetch(new Request('http://a.test/', { headers: { cookie } }))).text()));
  assert.deepEqual(texts, ['one', 'two']);
  const beta = await router.fetch(new Request('http://a.test/', { headers: { cookie: 'beta=1' } }));
  assert.deepEqual([beta.headers.get('graylane-route'), beta.headers.get('cache-control')], ['service=web, version=v2, lane=beta, gen=1', 'private']);
  assert.deepEqual(router.counts(), { v1: 1, v2: 2 });
});

void test('an answer of a lane is private to caches however its head is written', async (t) => {
  const heads: Readonly<Record<string, VersionHandler>> = {
    object: (_req, res) => void res.writeHead(200, { 'Cache-Control': 'public, max-age=5', 'X-Own': '1' }).end(),
    list: (_req, res) => void res.writeHead(200, 'Fine', ['Cache-Control', 'public, max-age=5', 'X-Own', '1']).end(),
    set: (_req, res) => void res.setHeader('Cache-Control', 'public, max-age=5').setHeader('X-Own', '1').end(),
  };
  for (const [name, v2] of Object.entries(heads)) {
    const url = await serve(t, await createRouter({ service: 'web', versions: { v1: v2, v2 }, strategy: document(), checkGlobals: false }));
    const response = await fetch(url, { headers: { cookie: 'beta=1' } });
    assert.deepEqual([response.headers.get('cache-control'), response.headers.get('x-own')], ['private, max-age=5', '1'], name);
  }
});

void test('a file is followed: a good change holds from the next request on, a bad one leaves everything as it was', { timeout: 20_000 }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'glm-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'strategy.json');
  const errors: Error[] = [];
  writeFileSync(file, JSON.stringify(document()));
  const router = await createRouter({ service: 'web', versions: { v1: (_req, res) => res.end('one'), v2: (_req, res) => res.end('two') }, strategy: { file }, checkGlobals: false, onError: (error) => errors.push(error) });
  const url = await serve(t, router);
  assert.equal((await ask(url, 'beta=1'))[0], 'two');
  writeFileSync(file, JSON.stringify(document([])));
  const until = async (holds: () => boolean): Promise<void> => {
    while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  await until(() => router.generation === 2);
  assert.equal((await ask(url, 'beta=1'))[0], 'one');
  writeFileSync(file, '{ "services": { "web": { "stable": "v9", "versions": { "v9": {} } } } }');
  await until(() => errors.length === 1);
  assert.match(errors[0]?.message ?? '', /v9 of web has no handler/);
  assert.equal((await ask(url, 'beta=1'))[0], 'one');
});

void test('a file that does not parse any more is warned of with its place and what to do', { timeout: 20_000 }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'glm-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'strategy.yaml');
  writeFileSync(file, 'services: { web: { stable: v1, versions: { v1: {} } } }\n');
  const router = await createRouter({ service: 'web', versions: { v1: (_req, res) => res.end('one') }, strategy: { file }, checkGlobals: false });
  t.after(() => router.close());
  const warned = once(process, 'warning');
  writeFileSync(file, 'services: [\n');
  const [warning] = (await warned) as [Error];
  assert.match(warning.message, /^the strategy in force stays: GL0006 [^]*strategy\.yaml:\d+:\d+[^]*fix: /);
});

void test('a lane without a handler falls back to stable, or is an error where its release says so', async (t) => {
  const only = { v1: ((_req, res) => res.end('one')) satisfies VersionHandler };
  const url = await serve(t, await createRouter({ service: 'web', versions: only, strategy: document(), checkGlobals: false }));
  assert.equal((await ask(url, 'beta=1'))[0], 'one');
  const strict = await serve(t, await createRouter({ service: 'web', versions: only, strategy: document([{ ...BETA, onUnavailable: 'error' }]), checkGlobals: false }));
  assert.equal((await fetch(strict, { headers: { cookie: 'beta=1' } })).status, 503);
});

void test('what cannot work is refused at once, in words', async () => {
  const node: VersionHandler = (_req, res) => res.end();
  const cases: readonly (readonly [Partial<RouterOptions>, RegExp])[] = [
    [{ versions: { v1: node, v2: { fetch: () => new Response() } } }, /some versions are for Node and some for fetch/],
    [{ versions: { v1: {} as VersionHandler } }, /v1 is no handler/],
    [{ service: 'shop' }, /no service shop: it has web/],
    [{ versions: { v2: node } }, /stable version v1 of web has no handler: there are v2/],
  ];
  for (const [options, said] of cases) await assert.rejects(createRouter({ service: 'web', versions: { v1: node }, strategy: document(), ...options }), said);
});

void test('globals that several versions change are named, those of one version are not', () => {
  const told: SharedGlobal[] = [];
  const check = new GlobalsCheck((shared) => told.push(shared));
  const root = globalThis as Record<string, unknown>;
  try {
    check.around('v1', () => { root['sharedCache'] = { of: 'v1' }; root['onlyOne'] = 1; process.env['GL_MODE'] = 'one'; });
    assert.deepEqual(told, []);
    check.around('v2', () => { root['sharedCache'] = { of: 'v2' }; process.env['GL_MODE'] = 'two'; });
    check.around('v2', () => { root['sharedCache'] = { of: 'v2 again' }; });
    assert.deepEqual(told, [{ name: 'globalThis.sharedCache', versions: ['v1', 'v2'] }, { name: 'process.env.GL_MODE', versions: ['v1', 'v2'] }]);
    assert.deepEqual(check.shared(), told);
  } finally {
    for (const name of ['sharedCache', 'onlyOne']) Reflect.deleteProperty(root, name);
    Reflect.deleteProperty(process.env, 'GL_MODE');
  }
});
