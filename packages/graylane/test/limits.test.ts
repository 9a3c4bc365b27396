// The limits of a service hold wherever its requests are forwarded, and change with the strategy.

import assert from 'node:assert/strict';
import { get, type IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { appSource, freePort, Project } from './support/project.ts';

/** Answers with a head at once; `/hold` never ends. */
const HOLDS = `require('node:http').createServer((request, response) => {
  response.write('two');
  if (request.url !== '/hold') response.end();
}).listen(process.env.PORT);\n`;

interface Answer { readonly status: number; readonly body: string }

/** The answer when its head is there. */
function began(port: number, path: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get({ port, path, headers: { 'x-try': '2' }, agent: false }, resolve).on('error', reject);
  });
}

async function ask(port: number): Promise<Answer> {
  const response = await began(port, '/');
  let body = '';
  for await (const chunk of response) body += String(chunk);
  return { status: response.statusCode ?? 0, body };
}

function config(port: number, limits: object): string {
  return JSON.stringify({
    services: { web: { listen: port, stable: 'v1', limits, versions: { v1: { script: 'v1.cjs' }, v2: { script: 'v2.cjs' } } } },
    releases: [{ name: 'next', when: [{ header: { 'x-try': '2' } }], versions: { web: 'v2' } }],
  });
}

const NARROW = { inFlight: 1, waiting: 0 };
const REFUSED: Answer = { status: 503, body: 'graylane: queue-full\n' };
const SERVED: Answer = { status: 200, body: 'two' };

for (const plane of ['in-process', 'gateway']) {
  test(`limits of a service hold in the plane '${plane}', and a strategy with others changes them while requests are under way`, async (t) => {
    const port = await freePort();
    const project = new Project({ 'v1.cjs': appSource('one'), 'v2.cjs': HOLDS, 'graylane.config.json': config(port, NARROW) });
    let held: IncomingMessage | null = null;
    t.after(async () => {
      // A drain would wait for it.
      held?.destroy();
      await project.remove();
    });
    await project.up('--plane', plane);
    held = await began(port, '/hold');
    assert.deepEqual(await ask(port), REFUSED);

    project.write('graylane.config.json', config(port, {}));
    assert.equal((await project.run('apply')).code, 0);
    assert.deepEqual(await ask(port), SERVED, 'without limits of its own those of everybody hold');

    project.write('graylane.config.json', config(port, NARROW));
    assert.equal((await project.run('apply')).code, 0);
    assert.deepEqual(await ask(port), REFUSED, 'what is under way counts');
  });
}
