// Wires of a fleet that are cut: a machine without its servers, a server without etcd. Nobody is told; bytes just stop.

import assert from 'node:assert/strict';
import { caughtUp, documentOfNow, generation, machines, underLoad } from './scenarios.ts';
import { eventually, type World } from './world.ts';

/** A machine without any server serves under its last strategy; the others go on without it, and it follows when it is back. */
export async function machineCutOff(world: World): Promise<void> {
  const [cut, ...others] = machines;
  if (cut === undefined) return;
  await underLoad(world, async () => {
    const before = await generation(world);
    world.wires.cutNode(cut.name);
    const applied = await world.api(0, 'PUT', '/strategy', documentOfNow(before));
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
    const applied = await world.api(other, 'PUT', '/strategy', documentOfNow(before));
    assert.equal(applied.status, 200, JSON.stringify(applied.body));
    world.wires.mend();
    await caughtUp(world, before);
  });
}
