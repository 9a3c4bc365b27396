// What `graylane up` says when it is up, of apps that choose their ports themselves.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freePort, Project } from './support/project.ts';

const onPort = (port: number): string => `require('node:http').createServer((request, response) => response.end('hello')).listen(${port}, '127.0.0.1');\n`;

test('the address is the one that stable opens, whatever port the canary asks for', async (t) => {
  const [stable, canary] = [await freePort(), await freePort()];
  const project = new Project({ 'v1/server.js': onPort(stable), 'v2/server.js': onPort(canary) });
  t.after(() => project.remove());
  const { child, output } = project.start('up', './v1/server.js', '--canary', './v2/server.js', '--percent', '5');
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', () => { if (output().stdout.includes('down')) resolve(); });
    child.once('close', () => { reject(new Error(output().stderr)); });
  });
  const [head, ...rest] = output().stdout.split('\n');
  assert.match(head ?? '', new RegExp(`:${stable} `));
  assert.ok(!rest.join('\n').includes(`:${canary}`));
  assert.match(rest.join('\n'), /graylane override canary/, 'nobody has to wait for a draw to see the canary');
});
