// A real fleet as a black box: etcd, two servers, two machines, of which one runs no canary, and what may happen to them.
// The long form, with one machine more, is `npm run conformance:fleet`.

import { spawnSync } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { whyNoEtcd } from '../../packages/control/test/support/etcd.ts';
import { gatewayFollows } from './gateway.ts';
import { claimGrounds } from './grounds.ts';
import { etcdCutOff, machineCutOff, serverCutOff } from './partitions.ts';
import { aloneAfterRestart, documentOf, etcdGone, forwarding, leaderKilled, plans } from './scenarios.ts';
import { startWorld, type World } from './world.ts';

const missing = whyNoEtcd() ?? (spawnSync('openssl', ['version']).status === 0 ? null : 'openssl not installed; on Debian run: sudo apt-get install -y openssl');

describe('a fleet on etcd', { skip: missing ?? false }, () => {
  let world: World;
  before(async () => {
    const grounds = await claimGrounds();
    world = await startWorld({ grounds, servers: 2, nodes: plans.filter(({ name }) => name !== 'b'), document: documentOf(100, grounds.port(0)) });
  });
  after(() => world.end());

  it('a machine without a canary forwards to one that has it', () => forwarding(world));
  it('a leader that is killed in a promotion is followed by another, and nothing is done twice', async () => { await leaderKilled(world); });
  it('with etcd gone users notice nothing, and writes are refused', async () => { await etcdGone(world, 1_000); });
  it('a machine that is cut off serves, is named, and catches up', () => machineCutOff(world));
  it('a server that is cut off from etcd refuses writes and leads no more, and its machines serve', () => serverCutOff(world));
  it('with etcd cut off from all servers by the wire users notice nothing, writes are refused, and one leads after', async () => { await etcdCutOff(world, 0); });
  it('a gateway follows a server: strategy and upstreams are the fleet\'s', () => gatewayFollows(world, { alone: false }));
  it('a machine that is started while no server is there serves under its last orders', () => aloneAfterRestart(world));
});
