// A planned release by its commands, as a person and a pipeline run them: what each says, and the exit code.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { text } from 'node:stream/consumers';
import { appSource, freePort, Project } from './support/project.ts';
import type { Outcome } from './support/project.ts';

interface Told { readonly signature: string; readonly wanted: string; readonly to: string }

test('a release goes through its plan by commands, held by a freeze, and tells a webhook of each step', async (t) => {
  const port = await freePort();
  const steps = [{ percent: 5 }, { pause: true }, { percent: 50 }, { pause: true }];
  const project = new Project({
    'v1/server.js': appSource('one'), 'v2/server.js': appSource('two'),
    'graylane.config.json': JSON.stringify({ services: { web: { listen: port, stable: 'v1', versions: { v1: { script: './v1/server.js', workers: 1 }, v2: { script: './v2/server.js', workers: 1 } } } }, releases: [{ name: 'checkout', when: [{}], steps, versions: { web: 'v2' } }] }),
  });
  const receiver = await listening(t);
  t.after(() => project.remove());
  await project.up();
  const run = (...args: readonly string[]): Promise<Outcome> => project.run(...args);
  const done = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(...args);
    assert.equal(code, 0, `${args.join(' ')}: ${stderr}`);
    return stdout;
  };

  receiver.secret = (await done('webhook', 'add', receiver.url, '--kind', 'release')).trim();
  assert.match(await done('start', 'checkout', '--dry-run'), /checkout: pending → paused at step 2\/4[^]*nothing was changed/);
  assert.match(await done('start', 'checkout'), / is in force in \d workers/);
  // Steps are counted as status shows them: who has seen the second one pushes it once.
  assert.match(await done('promote', 'checkout', '--step', '2'), /in force/);
  assert.match(await done('promote', 'checkout', '--step', '2'), /nothing to do/);
  const ahead = await run('promote', 'checkout', '--step', '7');
  assert.deepEqual([ahead.code, /is at step 4, before the step 7 that you saw/.test(ahead.stderr)], [4, true], ahead.stderr);
  await done('freeze', 'Black Friday');
  assert.match(await done('status', 'checkout'), /frozen: Black Friday[^]*checkout +paused at step 4\/4 +50 %/);
  await done('rollback', 'checkout', '--why', 'too slow for Friday');
  const waited = await run('status', 'checkout', '--wait');
  assert.deepEqual([waited.code, waited.stdout.trim()], [3, 'checkout rolled-back: too slow for Friday']);
  const events = (await done('events', '-n', '4')).trim().split('\n');
  for (const [index, line] of [/checkout +pending → paused at step 2\/4 at 5 % · cli \S+: start by cli/, /paused at step 2\/4 → paused at step 4\/4 at 50 % · cli/, /freeze +releases +frozen · cli \S+: Black Friday$/, /→ rolled-back · cli \S+: too slow for Friday$/].entries()) assert.match(events[index] ?? '', line);

  while (receiver.told.length < 3) await receiver.next();
  assert.deepEqual(receiver.told.map(({ to }) => to), ['paused at step 2/4 at 5 %', 'paused at step 4/4 at 50 %', 'rolled-back']);
  for (const { signature, wanted } of receiver.told) assert.equal(signature, wanted);
});

interface Receiver { readonly url: string; secret: string; readonly told: Told[]; next(): Promise<unknown> }

/** Takes webhooks, and knows what their signatures must be (standardwebhooks.com). */
async function listening(t: { after(end: () => unknown): void }): Promise<Receiver> {
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      const key = Buffer.from(receiver.secret.replace('whsec_', ''), 'base64');
      const content = `${String(request.headers['webhook-id'])}.${String(request.headers['webhook-timestamp'])}.${body}`;
      receiver.told.push({ signature: String(request.headers['webhook-signature']), wanted: `v1,${createHmac('sha256', key).update(content).digest('base64')}`, to: (JSON.parse(body) as { data: { to: string } }).data.to });
      response.end();
      server.emit('told');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const receiver: Receiver = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, secret: '', told: [], next: () => once(server, 'told') };
  return receiver;
}
