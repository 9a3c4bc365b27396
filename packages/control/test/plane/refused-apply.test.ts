// What an apply does to processes before it is known whether all of it can be done, and how it is undone.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openWorld, web, withRelease } from './world.ts';
import type { World } from './world.ts';

const request = { expectedRevision: null, dryRun: false, force: false, who: 'test', why: 'a test' };

async function inWorld(body: (world: World) => Promise<void>): Promise<void> {
  const world = await openWorld(web);
  try {
    world.machine.take();
    await body(world);
  } finally {
    await world.end();
  }
}

/** The usual document with another spec of stable. */
function changedStable<T extends typeof web>(document: T): T {
  return { ...document, services: { web: { ...web.services['web'], versions: { ...web.services['web']?.versions, v1: { script: './v1.js', env: { NEW: '1' } } } } } };
}

test('a running version that was reloaded is put back when another one of the same apply does not start', () => inWorld(async ({ plane, machine }) => {
  machine.broken.add('web/v2/canary');
  await assert.rejects(plane.apply({ ...request, document: changedStable(withRelease()) }));
  assert.deepEqual(machine.take().sort(), ['prepare web/v1', 'prepare web/v1', 'retire web/v2/canary', 'start web/v2']);
}));

test('a service that is to listen elsewhere asks its pool whether it can', () => inWorld(async ({ plane, machine }) => {
  await plane.apply({ ...request, document: { ...web, services: { web: { ...web.services['web'], stable: 'v1', listen: 9090 } } } });
  assert.ok(machine.take().includes('prepare web/v1'));
}));
