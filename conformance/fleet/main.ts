// `npm run conformance:fleet [-- --etcd-gone SECONDS --restarts COUNT --seed N]`: the long form of what may happen to a fleet.

import { parseArgs } from 'node:util';
import { gatewayFollows } from './gateway.ts';
import { claimGrounds } from './grounds.ts';
import { etcdCutOff, machineCutOff, serverCutOff } from './partitions.ts';
import { aloneAfterRestart, documentOf, etcdGone, forwarding, leaderKilled, plans, restarts } from './scenarios.ts';
import { startWorld } from './world.ts';
import { seeded } from '../../tools/seeded.ts';

/** Beyond a leader's lease; and beyond every lease, and what the kernels wait for. */
const CUTS_MS = [4_000, 15_000];

const { values } = parseArgs({ options: { 'etcd-gone': { type: 'string', default: '600' }, restarts: { type: 'string', default: '100' }, seed: { type: 'string', default: '1' } } });
const grounds = await claimGrounds();
const world = await startWorld({ grounds, servers: 2, nodes: plans, document: documentOf(100, grounds.port(0)) });
try {
  await forwarding(world);
  console.log('a machine without a canary forwards to one that has it');
  console.log(`the leader was killed in a promotion: another led after ${Math.round(await leaderKilled(world))} ms`);
  console.log(`etcd was gone for ${values['etcd-gone']} s: all had caught up ${Math.round(await etcdGone(world, Number(values['etcd-gone']) * 1000))} ms after`);
  await machineCutOff(world);
  await serverCutOff(world);
  console.log('a machine and a server were cut off; nobody noticed, and both followed after');
  for (const cutMs of CUTS_MS) console.log(`etcd was cut off from all servers for ${cutMs / 1000} s: all had caught up ${Math.round(await etcdCutOff(world, cutMs))} ms after`);
  await gatewayFollows(world, { alone: true });
  console.log('a gateway followed the servers, and went on without them');
  await aloneAfterRestart(world);
  console.log('a machine was restarted while no server was there');
  await restarts(world, Number(values.restarts), seeded(Number(values.seed)));
  console.log(`${values.restarts} restarts in random order (seed ${values.seed}): one generation, none earlier`);
} finally {
  await world.end();
}
