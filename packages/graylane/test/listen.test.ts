// The public place of a service that runs: it stays where it is, and who asks for another one is told so.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask } from './support/ask.ts';
import { appSource, freePort, Project } from './support/project.ts';

function config(listen: number | string): string {
  return JSON.stringify({ services: { web: { listen, stable: 'v1', versions: { v1: { script: './v1.js' } } } } });
}

test('another port for a service that runs is refused instead of taken and forgotten, and workers still start', async (t) => {
  const [port, other] = [await freePort(), await freePort()];
  const project = new Project({ 'graylane.config.json': config(port), 'v1.js': appSource('one') });
  t.after(() => project.remove());
  await project.up();
  project.write('graylane.config.json', config(other));
  const moved = await project.run('apply');
  assert.notEqual(moved.code, 0);
  assert.match(moved.stderr, new RegExp(`listens on ${port} and cannot move to ${other} while it runs`));
  assert.match(moved.stderr, /graylane down, then graylane up/);
  // The same place in other words is no move.
  project.write('graylane.config.json', config(`0.0.0.0:${port}`));
  const same = await project.run('apply');
  assert.equal(same.code, 0, same.stderr);
  assert.equal((await project.run('reload')).code, 0);
  assert.equal(await ask(port), 'one');
  await assert.rejects(ask(other), { code: 'ECONNREFUSED' });
});
