// Workers of another user than the supervisor's, which runs as root: they have to reach their sockets, and each other's.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ApiClient } from '@graylane/control';
import { ask } from './support/ask.ts';
import { freePort, Project } from './support/project.ts';

/** Nobody's. */
const UID = 65_534;
const app = (version: string): string => `require('node:http').createServer((request, response) => response.end('${version} ' + process.getuid() + ' ' + process.pid)).listen(process.env.PORT);\n`;

test('workers of another user serve, are forwarded to, and find the next supervisor', { skip: process.geteuid?.() !== 0 && 'needs root', timeout: 60_000 }, async (t) => {
  const port = await freePort();
  const of = (version: string): object => ({ script: `./${version}.js`, user: String(UID) });
  const project = new Project({
    'graylane.config.json': JSON.stringify({
      services: { web: { listen: port, stable: 'v1', versions: { v1: of('v1'), v2: of('v2') } } },
      releases: [{ name: 'next', when: [{ header: { 'x-canary': '1' } }], versions: { web: 'v2' } }],
    }),
    'v1.js': app('v1'), 'v2.js': app('v2'),
  });
  t.after(() => project.remove());
  chmodSync(project.folder, 0o755);
  const up = await project.up();
  const [stable, canary] = [await ask(port), await ask(port, { 'x-canary': '1' })];
  assert.match(stable, new RegExp(`^v1 ${UID} `));
  assert.match(canary, new RegExp(`^v2 ${UID} `));

  process.kill(Number(readFileSync(globSync('r/*/supervisor.pid', { cwd: project.folder }).map((file) => join(project.folder, file))[0] ?? '', 'utf8')), 'SIGKILL');
  while (up.output().stdout.match(/^\{"ready":true/gm)?.length !== 2) await once(up.child.stdout ?? up.child, 'data');
  const { stale } = await new ApiClient({ socketPath: project.api, who: 'test' }).split('next', '50%', null);
  assert.deepEqual(stale, [], 'all of them hear it');
  assert.equal(await ask(port), stable, 'the same process');
});
