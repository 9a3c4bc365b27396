// What is written for service managers, and what is read from a PM2 ecosystem file.

import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';

import { fromEcosystem, launchdPlist, systemdUnits } from '../src/index.ts';
import type { MappedVersion, ServicePlan } from '../src/index.ts';
import { cpuShares } from '../src/os/cgroup.ts';

const PLAN: ServicePlan = {
  name: 'graylane-web', description: 'web behind graylane', command: ['/usr/bin/node', '/opt/my app/graylane.js', 'up', '-c', 'a%b$c.json'], cwd: '/srv/web', user: 'web',
  env: { NODE_ENV: 'production' }, places: [{ port: 80, host: null, slots: 2 }, { port: 81, host: '::1', slots: 1 }], stopTimeoutMs: 35_000,
};

test('the systemd service signals its main process only and gives workers time to drain', () => {
  const [service, socket] = systemdUnits(PLAN).map((unit) => unit.text);
  for (const line of ['KillMode=process', 'Restart=always', 'TimeoutStopSec=40s', 'Requires=graylane-web.socket', 'User=web', 'Environment=NODE_ENV=production', 'Delegate=cpu memory', 'ExecStart=/usr/bin/node "/opt/my app/graylane.js" up -c a%%b$$c.json']) {
    assert.ok(service?.split('\n').includes(line), `${line} in\n${service ?? ''}`);
  }
  assert.deepEqual(socket?.split('\n').filter((line) => /^(?:ReusePort|ListenStream)/.test(line)), ['ReusePort=yes', 'ListenStream=80', 'ListenStream=80', 'ListenStream=[::1]:81']);
});

test('a line break cannot smuggle a directive into a unit, nor a name lead out of its folder', () => {
  assert.throws(() => systemdUnits({ ...PLAN, description: 'x\nExecStartPre=/bin/evil' }), RangeError);
  assert.throws(() => systemdUnits({ ...PLAN, name: '../evil' }), RangeError);
});

test('the launchd list escapes what it holds and lets workers outlive a supervisor', () => {
  const { file, text } = launchdPlist({ ...PLAN, env: { A: '<&">' } });
  assert.equal(file, 'dev.graylane.graylane-web.plist');
  assert.match(text, /<key>A<\/key><string>&lt;&amp;&quot;&gt;<\/string>/);
  assert.match(text, /<key>AbandonProcessGroup<\/key><true\/>/);
});

function checkMapped(app: Readonly<Record<string, unknown>>, version: Omit<MappedVersion, 'script'>, notes: readonly string[] = []): void {
  const mapping = fromEcosystem({ apps: [{ name: 'api', script: 'a.js', ...app }] }, 'production', 4);
  assert.deepEqual(mapping.config.services['api']?.versions['v1'], { script: 'a.js', ...version });
  assert.deepEqual(mapping.notes.map((note) => note.option), notes);
}

test('PM2 options map to their counterparts, and what has none is named', () => {
  checkMapped({ instances: 'max', exec_mode: 'cluster' }, { workers: 4 });
  checkMapped({ instances: -1 }, { workers: 3 });
  checkMapped({ instances: 3, exec_mode: 'fork' }, { workers: 3 }, ['exec_mode']);
  checkMapped({ args: '--a b', node_args: ['--trace-warnings'] }, { args: ['--a', 'b'], nodeFlags: ['--trace-warnings'] });
  checkMapped({ env: { A: 1 }, env_production: { A: 2, B: true }, env_staging: { A: 3 } }, { env: { A: '2', B: 'true' } });
  checkMapped({ wait_ready: true, listen_timeout: 8000, kill_timeout: '5s' }, { ready: { message: true, timeout: '8000ms' }, killTimeout: '5000ms' });
  checkMapped({ max_memory_restart: '300M' }, { memoryLimit: '300MB' });
  checkMapped({ interpreter: '/opt/node22/bin/node' }, { interpreter: '/opt/node22/bin/node' });
  checkMapped({ watch: true, cron_restart: '0 0 * * *', frobnicate: 1 }, {}, ['watch', 'cron_restart', 'frobnicate']);
  checkMapped({ watch: false, autorestart: true, treekill: true, vizion: false }, {});
  checkMapped({ autorestart: false, treekill: false, shutdown_with_message: true, time: true }, {}, ['autorestart', 'treekill', 'shutdown_with_message', 'time']);
});

test('a PM2 app that is not Node is left out, for its script would be started with Node', () => {
  const { config, notes } = fromEcosystem({ apps: [{ name: 'api', script: 'a.js' }, { name: 'job', script: 'job.py', interpreter: 'python3' }] }, null, 2);
  assert.deepEqual(Object.keys(config.services), ['api']);
  assert.deepEqual(notes.map((note) => [note.app, note.option]), [['job', 'interpreter']]);
});

test('several PM2 apps become several services, a port in the environment their place', () => {
  const { config, notes } = fromEcosystem([{ name: 'my app!', script: 'a.js', env: { PORT: 3000 } }, { name: 'my app!', script: 'b.js' }, { name: 'none' }], null, 2);
  assert.deepEqual(Object.entries(config.services).map(([name, service]) => [name, service.listen]), [['my-app-', 3000], ['my-app--2', undefined]]);
  assert.deepEqual(notes.map((note) => [note.app, note.option]), [['none', 'script']]);
  assert.throws(() => fromEcosystem('nonsense', null, 2), TypeError);
});

test('CPU weights are written where a cgroup is delegated, and nothing happens elsewhere', (t) => {
  const root = mkdtempSync(path.join(tmpdir(), 'glg-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  mkdirSync(path.join(root, 'our.service'));
  writeFileSync(path.join(root, 'our.service', 'cgroup.controllers'), 'cpu memory\n');
  const shares = cpuShares(root, '0::/our.service\n', 42);
  assert.equal(shares.assign(43, 'web.v2', 20), true);
  assert.deepEqual(['graylane.supervisor/cgroup.procs', 'cgroup.subtree_control', 'web.v2/cpu.weight', 'web.v2/cgroup.procs'].map((file) => readFileSync(path.join(root, 'our.service', file), 'utf8')), ['42', '+cpu', '20', '43']);
  assert.equal(cpuShares(root, '4:cpu:/old\n', 42).assign(43, 'web.v2', 20), false);
});
