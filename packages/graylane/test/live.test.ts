import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { appSource, freePort, Project, type Up } from './support/project.ts';

interface Answer { readonly body: string; readonly route: string }

function ask(port: number, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    get({ port, headers, agent: false }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => { body += chunk.toString(); });
      response.on('end', () => resolve({ body, route: String(response.headers['graylane-route'] ?? '') }));
    }).on('error', reject);
  });
}

const tester = { cookie: 'beta=1' };

interface Running { readonly project: Project; readonly port: number; readonly up: Up }

async function running(t: TestContext, ...more: readonly string[]): Promise<Running> {
  const port = await freePort();
  const project = new Project({ 'v1/server.js': appSource('one'), 'v2/server.js': appSource('two'), 'v3/server.js': appSource('three'), 'broken/server.js': 'process.exit(3);\n' });
  t.after(() => project.remove());
  const up = await project.up('./v1/server.js', '--canary', './v2/server.js', '--cookie', 'beta=1', '--port', String(port), '--expose-route', ...more);
  return { project, port, up };
}

test('scripts alone are enough: testers get the canary, everyone else stable, and a split moves them live', async (t) => {
  const { project, port, up } = await running(t, '--percent', '0');
  assert.equal((await ask(port)).body, 'one');
  assert.deepEqual(await ask(port, tester), { body: 'two', route: 'service=web, version=v2, lane=canary, gen=1' });

  const split = await project.run('split', 'canary', '100%', '--json');
  assert.equal(split.code, 0, split.stderr);
  assert.equal((JSON.parse(split.stdout) as { generation: number }).generation, 2);
  assert.deepEqual(await ask(port), { body: 'two', route: 'service=web, version=v2, lane=canary, gen=2' });

  const back = await project.run('rollback', 'canary', '--why', 'too slow');
  assert.equal(back.code, 0, back.stderr);
  assert.equal((await ask(port, tester)).body, 'one', 'a rollback beats every stickiness');
  assert.match((await project.run('events')).stdout, /too slow/);

  assert.equal((await project.run('down')).code, 0);
  assert.equal(await up.ended, 0);
  await assert.rejects(ask(port), /ECONNREFUSED/);
});

test('a canary is added at run time, and one that does not start changes nothing', async (t) => {
  const { project, port } = await running(t, '--percent', '0');
  const broken = await project.run('canary', './broken');
  assert.equal(broken.code, 1);
  assert.match(broken.stderr, /exit code 3/);
  const added = await project.run('canary', './v3', '--percent', '0', '--header', 'x-try=3');
  assert.equal(added.code, 0, added.stderr);
  assert.equal((await ask(port, { 'x-try': '3' })).body, 'three');
  assert.equal((await ask(port, tester)).body, 'two');
  assert.equal((await ask(port)).body, 'one');
});

test('apply puts a file in force, diff says what it would change, and neither undoes a live change unasked', async (t) => {
  const { project, port } = await running(t, '--percent', '0');
  const live = await project.run('get', '--output', 'json');
  const document = JSON.parse(live.stdout) as { releases: { percent: number }[] };
  const release = document.releases[0];
  assert.ok(release);
  release.percent = 100;
  project.write('next.json', JSON.stringify(document));

  const difference = await project.run('diff', 'next.json');
  assert.equal(difference.code, 1);
  assert.match(difference.stdout, /releases\/canary\/percent: 0 → 100/);
  const dry = await project.run('apply', 'next.json', '--dry-run');
  assert.equal(dry.code, 0, dry.stderr);
  assert.equal((await ask(port)).body, 'one');
  const applied = await project.run('apply', 'next.json');
  assert.equal(applied.code, 0, applied.stderr);
  assert.equal((await ask(port)).body, 'two');

  assert.equal((await project.run('split', 'canary', '30%')).code, 0);
  release.percent = 40;
  project.write('next.json', JSON.stringify(document));
  const refused = await project.run('apply', 'next.json');
  assert.equal(refused.code, 4, refused.stderr);
  assert.match(refused.stderr, /GL3021/);
  assert.equal((await project.run('apply', 'next.json', '--overwrite')).code, 0);
  assert.match((await project.run('get')).stdout, /percent: 40/);
});

test('explain runs the live router and says why', async (t) => {
  const { project } = await running(t, '--percent', '25');
  const explained = await project.run('explain', 'GET /cart', '-b', 'beta=1');
  assert.equal(explained.code, 0, explained.stderr);
  assert.match(explained.stdout, /lane canary \(pinned\)/);
  assert.match(explained.stdout, /cookie beta is "1"/);
  const status = await project.run('status', '--json');
  const { releases } = JSON.parse(status.stdout) as { releases: { name: string; percent: number }[] };
  assert.deepEqual(releases.map(({ name, percent }) => [name, percent]), [['canary', 25]]);
});

test('revisions survive: the next start goes on with what was changed live', async (t) => {
  const { project, port, up } = await running(t, '--percent', '0');
  assert.equal((await project.run('split', 'canary', '100%')).code, 0);
  assert.equal((await project.run('down')).code, 0);
  await up.ended;
  const again = await project.up('./v1/server.js', '--canary', './v2/server.js', '--cookie', 'beta=1', '--port', String(port), '--expose-route', '--percent', '0');
  assert.equal((await ask(port)).body, 'two');
  assert.match(again.output().stderr, /going on with 1 change made live, which the command line does not have/);
});

test('a second supervisor for one project is refused, and the first goes on', async (t) => {
  const { project, port } = await running(t, '--percent', '0');
  const second = await project.run('up', './v1/server.js', '--port', String(await freePort()));
  assert.equal(second.code, 1);
  assert.match(second.stderr, /GL2012/);
  assert.equal((await ask(port)).body, 'one');
});

test('stable cannot be scaled away, and logs can be asked for by version', async (t) => {
  const { project, port } = await running(t, '--percent', '0');
  const none = await project.run('scale', 'v1', '0');
  assert.equal(none.code, 2);
  assert.match(none.stderr, /serves everybody/);
  assert.equal((await ask(port)).body, 'one');
  const logs = await project.run('logs', '--version', 'v2', '--json');
  assert.equal(logs.code, 0, logs.stderr);
});

test('SIGTERM in the middle of a start ends everything that was started', { timeout: 60_000 }, async (t) => {
  const port = await freePort();
  const project = new Project({ 'v1/server.js': `process.stdout.write(String(process.pid));\nsetTimeout(() => { ${appSource('one')} }, 700);\n` });
  t.after(() => project.remove());
  const log = join(project.folder, '.graylane/logs/web/v1/0.log');
  const up = project.start('up', './v1/server.js', '--port', String(port), '--service', 'web');
  const pid = await until(() => (existsSync(log) ? Number(readFileSync(log, 'utf8')) : 0));
  up.child.kill('SIGTERM');
  assert.equal(await up.ended, 0, up.output().stderr);
  assert.throws(() => process.kill(pid, 0), /ESRCH/, 'the worker is gone too');
});

/** Asks until there is an answer; the test's own timeout ends a wait for nothing. */
async function until(look: () => number): Promise<number> {
  for (;;) {
    const found = look();
    if (found !== 0) return found;
    await new Promise((resolve) => { setTimeout(resolve, 5); });
  }
}
