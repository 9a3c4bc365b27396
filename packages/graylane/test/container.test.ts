// graylane as process 1 of a container, which here is a pid namespace of its own.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import { test } from 'node:test';
import { freePort, Project } from './support/project.ts';

const NAMESPACE = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];
const skip = spawnSync('unshare', [...NAMESPACE.slice(1), 'true']).status === 0 ? false : 'this user cannot make a pid namespace (unshare --pid)';

/** /orphan leaves a process behind that soon ends; /state tells whether somebody has reaped it. */
const APP = `
const { execFileSync } = require('node:child_process');
const { readFileSync } = require('node:fs');
require('node:http').createServer((request, response) => {
  const [path, pid] = request.url.slice(1).split('/');
  if (path === 'orphan') return response.end(execFileSync('/bin/sh', ['-c', 'sleep 0.05 >/dev/null 2>&1 & echo $!']));
  if (path !== 'state') return response.end('one');
  try { response.end(readFileSync('/proc/' + pid + '/stat', 'utf8').split(') ')[1][0]); } catch { response.end('gone'); }
}).listen(process.env.PORT);
`;

function ask(port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ port, path, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => { body += chunk; }).on('end', () => resolve(body.trim()));
    }).on('error', reject);
  });
}

test('process 1 reaps orphans, and SIGTERM to it drains and ends with 0', { skip, timeout: 60_000 }, async (t) => {
  const port = await freePort();
  const project = new Project({ 'server.js': APP }, NAMESPACE);
  t.after(() => project.remove());
  const up = await project.up('./server.js', '--port', String(port));

  const orphan = await ask(port, '/orphan');
  let state = 'S';
  for (const until = Date.now() + 5_000; state !== 'gone' && Date.now() < until;) state = await ask(port, `/state/${orphan}`);
  assert.equal(state, 'gone', 'a process that has ended is reaped and no zombie');

  process.kill(Number(readFileSync(`/proc/${up.child.pid}/task/${up.child.pid}/children`, 'utf8').trim()), 'SIGTERM');
  assert.equal(await up.ended, 0);
  await assert.rejects(ask(port, '/'), /ECONNREFUSED/);
});
