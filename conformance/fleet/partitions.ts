// Wires of a fleet that are cut: a machine without its servers, one server or all of them without etcd. Nobody is told; bytes just stop.

import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { caughtUp, documentOfNow, generation, underLoad } from './scenarios.ts';
import { eventually, type World } from './world.ts';

/** A machine without any server serves under its last strategy; the others go on without it, and it follows when it is back. */
export async function machineCutOff(world: World): Promise<void> {
  const [cut, ...others] = world.machines;
  if (cut === undefined) return;
  await underLoad(world, async () => {
    const before = await generation(world);
    world.wires.cutNode(cut.name);
    const applied = await world.api(0, 'PUT', '/strategy', documentOfNow(world, before));
    assert.equal(applied.status, 200, JSON.stringify(applied.body));
    await eventually('the others have begun, and it has not', async () => {
      const { items } = await world.nodesOf(0);
      const known = new Map(items.map((node) => [node.name, node]));
      // Named as a laggard first, and gone once it was silent for too long.
      return others.every(({ name }) => (known.get(name)?.generation ?? 0) > before) && known.get(cut.name)?.entry !== true;
    }, 15_000);
    world.wires.mend();
    await caughtUp(world, before);
  });
}

/** A server without etcd refuses writes; another leads; no machine notices. */
export async function serverCutOff(world: World): Promise<void> {
  await underLoad(world, async () => {
    const before = await generation(world);
    const { leader } = await world.nodesOf(0);
    const index = leader === world.replica(0) ? 0 : 1;
    const other = 1 - index;
    world.wires.cutServer(index);
    const refused = await world.api(index, 'PUT', '/freeze', { reason: 'nobody will know' });
    assert.equal(refused.status, 503, JSON.stringify(refused.body));
    await eventually('another leads', async () => (await world.nodesOf(other)).leader === world.replica(other), 15_000);
    const applied = await world.api(other, 'PUT', '/strategy', documentOfNow(world, before));
    assert.equal(applied.status, 200, JSON.stringify(applied.body));
    world.wires.mend();
    await caughtUp(world, before);
  });
}

/**
 * etcd lives and nobody reaches it: leases end there, those of the leader and of every server's word, while all servers believe that they hold.
 * Writes are refused, machines serve, and one server leads after. How long it took from the mending of the wires until all have a new strategy.
 */
export async function etcdCutOff(world: World, cutMs: number): Promise<number> {
  return underLoad(world, async () => {
    const before = await generation(world);
    for (const index of world.servers.keys()) world.wires.cutServer(index);
    const refused = await Promise.all(world.servers.map((_, index) => world.api(index, 'PUT', '/freeze', { reason: 'nobody will know' })));
    for (const { status, body } of refused) assert.equal(status, 503, JSON.stringify(body));
    await delay(cutMs);
    world.wires.mend();
    const begun = performance.now();
    await eventually('a write is taken again', async () => (await world.api(0, 'PUT', '/strategy', documentOfNow(world, before))).status === 200, 15_000);
    await caughtUp(world, before);
    const tookMs = performance.now() - begun;
    await eventually('one leads, and all say which', async () => {
      const leaders = await Promise.all(world.servers.map(async (_, index) => (await world.nodesOf(index)).leader));
      return leaders[0] !== null && leaders.every((leader) => leader === leaders[0]);
    }, 15_000);
    const { body } = await world.api(0, 'GET', '/status');
    assert.equal((body as { readonly frozen: string | null }).frozen, null, 'what was refused was done');
    return tookMs;
  });
}
