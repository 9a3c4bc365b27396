// Versions in one process under the strategy of a running project: it is followed live, and the project's verdicts hear of the requests.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { createRouter, type ModuleRouter } from '../src/modules/index.ts';
import { freePort, Project } from './support/project.ts';

const LIMIT_MS = 20_000;

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + LIMIT_MS; !await holds();) {
    assert.ok(Date.now() < end, `never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

async function listen(t: TestContext, router: ModuleRouter): Promise<number> {
  const server = createServer(router.listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    router.close();
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

/** The status and body of a user's request. */
function ask(port: number, user: number): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ port, host: '127.0.0.1', agent: false, headers: { cookie: `graylane-id=${user.toString(16).padStart(5, '0')}` } }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => { body += chunk.toString(); });
      response.on('end', () => resolve(`${response.statusCode} ${body}`));
    }).on('error', reject);
  });
}

interface Arm { readonly arm: string; readonly users: number; readonly requests: number; readonly failed: number }

void test('a project is followed, its verdict counts each request of the router once, and without it the last strategy stays', { timeout: 60_000 }, async (t) => {
  const place = await freePort();
  // What serves the service elsewhere; here only the strategy is of interest.
  const nobody = `127.0.0.1:${await freePort()}`;
  const project = new Project({
    'graylane.config.json': JSON.stringify({
      services: { web: { stable: 'v1', versions: { v1: { upstreams: [nobody] }, v2: { upstreams: [nobody] } } } },
      releases: [{ name: 'ramp', percent: 50, when: [{}], versions: { web: 'v2' } }],
      gateway: { workers: 1, health: false, listeners: [{ listen: `127.0.0.1:${place}` }] },
    }),
  });
  t.after(() => project.remove());
  const runFolder = process.env['GRAYLANE_RUN_DIR'];
  process.env['GRAYLANE_RUN_DIR'] = join(project.folder, 'r');
  t.after(() => {
    if (runFolder === undefined) delete process.env['GRAYLANE_RUN_DIR'];
    else process.env['GRAYLANE_RUN_DIR'] = runFolder;
  });
  const running = project.start('gateway', '--json');
  await until('the gateway is ready', () => running.output().stdout.includes('"ready":true') || running.child.exitCode !== null);

  let answers = 0;
  const router = await createRouter({
    service: 'web', strategy: { project: project.folder }, checkGlobals: false,
    versions: {
      v1: (_req, res) => res.end('one'),
      v2: (_req, res) => {
        answers += 1;
        res.statusCode = answers % 10 === 0 ? 500 : 200;
        res.end('two');
      },
    },
  });
  const port = await listen(t, router);
  const seen: Record<string, number> = {};
  for (let user = 0; user < 100; user++) {
    const answer = await ask(port, user);
    seen[answer] = (seen[answer] ?? 0) + 1;
  }
  const arms = async (): Promise<Record<string, Arm>> => {
    const { arms: found } = JSON.parse((await project.run('compare', 'ramp', '--json')).stdout) as { arms: readonly Arm[] };
    return Object.fromEntries(found.map((arm) => [arm.arm, arm]));
  };
  let counted: Record<string, Arm> = {};
  await until('all requests are counted', async () => {
    counted = await arms();
    return Object.values(counted).reduce((sum, { requests }) => sum + requests, 0) >= 100;
  });
  const two = (seen['200 two'] ?? 0) + (seen['500 two'] ?? 0);
  const { treated, control } = counted;
  assert.ok(two > 20 && two < 80);
  assert.deepEqual([treated?.users, treated?.requests, treated?.failed, control?.users, control?.requests, control?.failed], [two, two, seen['500 two'], 100 - two, 100 - two, 0]);

  const before = router.generation;
  const split = await project.run('split', 'ramp', '100');
  assert.equal(split.code, 0, split.stderr);
  await until('the split holds here', () => router.generation > before);
  assert.match(await ask(port, 0) + await ask(port, 1) + await ask(port, 2), /^(?:\d+ two){3}$/);

  running.child.kill('SIGTERM');
  await running.ended;
  assert.match(await ask(port, 5), / two$/);
});

void test('a folder where nothing runs is refused at once', async (t) => {
  const project = new Project({});
  t.after(() => project.remove());
  await assert.rejects(createRouter({ service: 'web', strategy: { project: project.folder }, versions: { v1: (_req, res) => res.end() } }), /nothing|ENOENT|ECONNREFUSED|not running|no supervisor|reach/i);
});

void test('examples/modules runs as it stands: both versions answer, and its file changes who gets which', { timeout: 30_000 }, async (t) => {
  const source = join(import.meta.dirname, '../../../examples/modules');
  // Beside the original, where its imports resolve.
  const folder = mkdtempSync(join(source, '..', '.modules-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of ['server.js', 'strategy.yaml', 'package.json', 'v1', 'v2']) cpSync(join(source, name), join(folder, name), { recursive: true });
  const port = await freePort();
  const app = spawn(process.execPath, ['--conditions=graylane-source', 'server.js'], { cwd: folder, env: { ...process.env, PORT: String(port) }, stdio: ['ignore', 'pipe', 'inherit'] });
  t.after(async () => {
    const gone = once(app, 'exit');
    if (app.exitCode === null && app.kill()) await gone;
  });
  await once(app.stdout, 'data');
  const textFor = async (cookie: string): Promise<string> => await (await fetch(`http://127.0.0.1:${port}/`, { headers: { cookie } })).text();
  assert.equal(await textFor('beta=1'), 'checkout v2, with one click\n');
  const users = await Promise.all(Array.from({ length: 200 }, (_, i) => textFor(`graylane-id=user-${i}`)));
  const share = users.filter((text) => text.startsWith('checkout v2')).length;
  assert.ok(share > 0 && share < 40, `${share} of 200 got what 5 % should`);
  const file = join(folder, 'strategy.yaml');
  writeFileSync(file, readFileSync(file, 'utf8').replace('percent: 5', 'percent: 100'));
  await until('the file holds', async () => (await textFor('graylane-id=user-1')).startsWith('checkout v2') && (await textFor('graylane-id=user-2')).startsWith('checkout v2'));
});
