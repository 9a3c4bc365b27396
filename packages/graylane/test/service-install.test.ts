// Under a service manager: the units that are written are ones that it takes, and the sockets that it gives are the ones that are served.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import net from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { bindTcp } from '../../pool/src/os/bind.ts';
import { listeningSockets } from '../../pool/src/os/listening.ts';
import { appSource, freePort, Project } from './support/project.ts';

function config(listen: string | number): string {
  return JSON.stringify({ services: { web: { listen, stable: 'v1', versions: { v1: { script: './v1.js', workers: 2 } } } } });
}

const noAnalyze = spawnSync('systemd-analyze', ['--version']).status === 0 ? false : 'systemd-analyze is not installed: apt install systemd';

test('systemd takes the units of a project whose folder has an odd name', { skip: noAnalyze }, async (t) => {
  const project = new Project({ 'my app 100%/graylane.config.json': config('127.0.0.1:8080'), 'my app 100%/v1.js': appSource('one') });
  t.after(() => project.remove());
  const { stdout, code } = await project.run('service', 'install', 'my app 100%', '--name', 'shop', '--user', 'daemon', '--print');
  assert.equal(code, 0);
  const units = stdout.split(/^# (?=shop\.(?:service|socket)$)/m).filter((text) => text !== '');
  const files = units.map((text) => {
    const name = text.slice(0, text.indexOf('\n'));
    project.write(name, text.slice(name.length + 1));
    return join(project.folder, name);
  });
  assert.equal(files.length, 2);
  const verified = spawnSync('systemd-analyze', ['verify', ...files], { encoding: 'utf8' });
  assert.equal(`${verified.stdout}${verified.stderr}`.trim(), '');
  assert.equal(verified.status, 0);
});

test('the sockets that a service manager has opened are served, each by its worker, and no other is opened', { skip: process.platform === 'linux' ? false : 'sockets are counted in /proc' }, async (t) => {
  const port = await freePort();
  const project = new Project({ 'graylane.config.json': config(`127.0.0.1:${port}`), 'v1.js': appSource('one') });
  t.after(() => project.remove());
  const given = [1, 2].map(() => {
    const handle = bindTcp('127.0.0.1', port, true);
    assert.ok(typeof handle !== 'string');
    return handle;
  });
  // As systemd does: it listens, and leaves it to others to accept.
  for (const handle of given) assert.equal((handle as unknown as { listen(backlog: number): number }).listen(511), 0);
  const inodes = (): string[] => listeningSockets().filter((socket) => socket.port === port).map(({ inode }) => inode).sort();
  const before = inodes();
  assert.equal(before.length, 2);
  const bin = join(import.meta.dirname, '../bin/graylane.js');
  // LISTEN_PID names the process that they are meant for: the shell's own number is the command's.
  const child = spawn('sh', ['-c', 'LISTEN_PID=$$ LISTEN_FDS=2 exec "$0" "$@"', process.execPath, bin, 'up', '--json'], {
    cwd: project.folder, env: { ...process.env, GRAYLANE_RUN_DIR: join(project.folder, 'r') }, stdio: ['ignore', 'pipe', 'inherit', ...given.map(({ fd }) => fd)],
  });
  for (const handle of given) handle.close();
  assert.ok(child.stdout instanceof net.Socket);
  let output = '';
  for (child.stdout.setEncoding('utf8'); !output.includes('"ready":true'); ) output += String((await once(child.stdout, 'data'))[0]);
  const answer = await new Promise<string>((resolve, reject) => {
    get({ host: '127.0.0.1', port, agent: false }, (response) => response.setEncoding('utf8').once('data', resolve)).on('error', reject);
  });
  assert.equal(answer, 'one');
  assert.deepEqual(inodes(), before);
  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'exit'), [0, null]);
});
