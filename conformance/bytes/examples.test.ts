// Every folder of examples/ is whole: a page, a private package, a config that `graylane check` accepts and scripts that exist.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { graylaneCommand } from '../live/command.ts';

const folder = join(import.meta.dirname, '../../examples');
const examples = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'graylane.config.ts')));

describe('examples', () => {
  it('there is one of each stack', () => {
    const stacks = ['express-4', 'express-5', 'fastify', 'hono', 'http2', 'json-server', 'koa', 'plain-http', 'websocket'];
    assert.deepEqual(stacks.filter((name) => !examples.includes(name)), []);
  });

  for (const name of examples) {
    it(name, () => {
      const home = join(folder, name);
      const { private: isPrivate } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as { private?: boolean };
      assert.equal(isPrivate, true);
      assert.ok(existsSync(join(home, 'README.md')));
      const { status, stdout, stderr } = spawnSync(process.execPath, [graylaneCommand, 'check', 'graylane.config.ts'], { cwd: home, encoding: 'utf8' });
      assert.equal(status, 0, stdout + stderr);
      const scripts = [...readFileSync(join(home, 'graylane.config.ts'), 'utf8').matchAll(/script: '([^']+)'/g)].map(([, script]) => script ?? '');
      assert.deepEqual(scripts.map((script) => globSync(script, { cwd: home }).length), scripts.map(() => 1));
      assert.ok(scripts.length >= 2);
    });
  }
});
