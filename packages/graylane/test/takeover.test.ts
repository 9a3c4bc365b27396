// A supervisor that starts while workers of an earlier one serve: whatever keeps it from going on, they go on.

import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ask } from './support/ask.ts';
import { appSource, freePort, Project } from './support/project.ts';
import type { Up } from './support/project.ts';

const skip = process.platform === 'linux' ? false : 'children are found in /proc';

function config(port: number, script: string): string {
  return JSON.stringify({ services: { web: { listen: port, stable: 'v1', versions: { v1: { script } } } } });
}

/** Resolves when the command has said this on stderr. */
async function said({ child, output }: Up, text: RegExp): Promise<void> {
  while (!text.test(output().stderr)) await new Promise((resolve) => child.stderr?.once('data', resolve));
}

/** Resolves when the next supervisor is up, too. */
async function isReadyAgain({ child, output }: Up): Promise<void> {
  while ((output().stdout.match(/"ready":true/g) ?? []).length < 4) await new Promise((resolve) => child.stdout?.once('data', resolve));
}

/** The anchor's one child. */
function supervisorOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]);
}

async function until(done: () => boolean): Promise<void> {
  while (!done()) await new Promise((resolve) => setTimeout(resolve, 20));
}

for (const [what, broken, message] of [
  ['names a version that does not start', (port: number) => config(port, './broken.js'), /cannot be put in force[^]*GL2006/],
  ['is half written', (port: number) => config(port, './v1.js').slice(0, 40), /under the strategy that is stored/],
] as const) {
  test(`a killed supervisor whose config file ${what} by now is followed by one that goes on with what ran`, { skip }, async (t) => {
    const port = await freePort();
    const project = new Project({ 'graylane.config.json': config(port, './v1.js'), 'v1.js': appSource('one'), 'broken.js': 'throw new Error("broken");' });
    t.after(() => project.remove());
    const up = await project.up();
    project.write('graylane.config.json', broken(port));
    process.kill(supervisorOf(up.child.pid ?? 0), 'SIGKILL');
    await said(up, message);
    assert.equal(await ask(port), 'one');
    await isReadyAgain(up);
    // The next supervisor is there, and takes a strategy again.
    project.write('graylane.config.json', config(port, './v1.js'));
    assert.equal((await project.run('apply')).code, 0);
    assert.equal(await ask(port), 'one');
  });
}

test('a signal in the middle of a start ends it at once, as an end that was wished', async (t) => {
  const project = new Project({ 'mute.js': 'console.log("on its way"); setInterval(() => {}, 1000);' });
  t.after(() => project.remove());
  const up = project.start('up', './mute.js', '--port', String(await freePort()));
  await until(() => globSync('.graylane/logs/*/*/*.log', { cwd: project.folder }).some((file) => readFileSync(join(project.folder, file), 'utf8').includes('on its way')));
  const since = performance.now();
  up.child.kill('SIGTERM');
  assert.equal(await up.ended, 0);
  assert.ok(performance.now() - since < 10_000, 'it waited for a worker that has never served');
});
