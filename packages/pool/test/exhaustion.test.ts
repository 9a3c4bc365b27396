// A canary that eats memory dies of it alone, and comes back.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { app, failureOf, get, rig } from './support/harness.ts';
import { constantLoad } from './support/load.ts';

test('a canary that leaks to its heap limit dies alone: stable loses nothing, and the canary is started again', async (t) => {
  const { fleet, port, when, events } = await rig(t);
  await fleet.openSlots('web', [{ port, host: '127.0.0.1' }], 1);
  await fleet.start(app());
  const canary = await fleet.start(app({ version: 'v2', role: 'canary', script: 'hoard.cjs', heapLimitBytes: 48 * 2 ** 20, backoff: { firstMs: 20 } }));
  const stable = fleet.workers().find(({ version }) => version === 'v1')?.pid;
  const load = constantLoad(port);
  await failureOf(get(canary.workers()[0]?.listeners[0]?.socket ?? '', '/oom'));
  await when((event) => event.kind === 'crash');
  await when((event) => event.kind === 'worker' && event.worker.id === 'web.v2.2' && event.worker.state === 'ready');
  await load.answers(5);
  assert.deepEqual((await load.stop()).failures, []);
  const crashes = events.flatMap((event) => (event.kind === 'crash' ? [event] : []));
  assert.deepEqual(crashes.map(({ worker }) => worker.id), ['web.v2.1']);
  assert.match(crashes[0]?.lastLines.join('\n') ?? '', /heap out of memory/);
  assert.equal((await get(port)).body['pid'], stable);
});
