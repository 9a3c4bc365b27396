// `graylane gateway --server`: a proxy beside the machines, under the same strategy, with upstreams that the server names.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { freePort } from '../../packages/control/test/support/etcd.ts';
import { documentOf } from './scenarios.ts';
import { ask, eventually, type World } from './world.ts';

/** Joins, serves what the server says, and changes with it; `alone`: and goes on when it is started while no server is there. */
export async function gatewayFollows(world: World, { alone }: { readonly alone: boolean }): Promise<void> {
  const [one, two] = [await upstream('one'), await upstream('two')];
  const port = await freePort();
  try {
    await write(world, { stable: 'v1', versions: { v1: { upstreams: [one.address] }, v2: { upstreams: [two.address] } } });
    // Its own file knows the first version only: the second, and who gets it, are the server's.
    const file = { services: { shop: { listen: port, hosts: ['shop.test'], stable: 'v1', versions: { v1: { upstreams: [one.address] } } } } };
    const gateway = world.startGateway('edge', file);
    await gateway.ready;
    await eventually('canary users get the canary', async () => (await ask('127.0.0.1', port, { host: 'shop.test', 'x-shop': '1' })).build === 'two', 15_000);
    assert.equal((await ask('127.0.0.1', port, { host: 'shop.test' })).build, 'one');
    assert.ok((await world.nodesOf(0)).items.some(({ name, health, entry }) => name === 'edge' && health === 'ok' && entry));
    const { status } = await world.api(0, 'POST', '/releases/shop/rollback', { why: 'the scenario' });
    assert.equal(status, 200);
    await eventually('nobody gets the canary', async () => (await ask('127.0.0.1', port, { host: 'shop.test', 'x-shop': '1' })).build === 'one', 15_000);
    if (alone) await startAlone(world, file, async () => (await ask('127.0.0.1', port, { host: 'shop.test', 'x-shop': '1' })).build === 'one');
  } finally {
    await world.nodes.get('edge')?.end('SIGTERM');
    world.nodes.delete('edge');
    await Promise.all([one.close(), two.close()]);
  }
  await eventually('it has left', async () => !(await world.nodesOf(0)).items.some(({ name }) => name === 'edge'), 15_000);
}

async function startAlone(world: World, file: object, serves: () => Promise<boolean>): Promise<void> {
  await world.nodes.get('edge')?.end('SIGTERM');
  await Promise.all(world.servers.map((server) => server.end('SIGKILL')));
  await world.startGateway('edge', file).ready;
  await eventually('it serves under its last orders', serves, 15_000);
  await Promise.all(world.servers.map((_, index) => world.startServer(index).ready));
  await eventually('it has joined again', async () => (await world.nodesOf(0)).items.some(({ name }) => name === 'edge'), 15_000);
}

/** A start, a drain and a kill timeout, on a busy machine. */
const HANDOVER_LIMIT_MS = 60_000;

/** The strategy of the machines with one service more. */
async function write(world: World, shop: object): Promise<void> {
  const machines = documentOf(100, world.grounds.port(0)) as { readonly services: Readonly<Record<string, object>>; readonly releases: readonly object[] };
  const release = { name: 'shop', priority: 20, when: [{ header: { 'x-shop': '1' } }], percent: 100, versions: { shop: 'v2' } };
  const document = { services: { ...machines.services, shop: { ...shop, hosts: ['shop.test'] } }, releases: [...machines.releases.map((one) => ({ ...one, priority: 10 })), release] };
  // A stable version may still be on its way, from one leader to the next: whoever adds a service is told to wait for it.
  await eventually('a service more is taken', async () => {
    const { status, body } = await world.api(0, 'PUT', '/strategy', document);
    assert.ok(status === 200 || status === 409, JSON.stringify(body));
    return status === 200;
  }, HANDOVER_LIMIT_MS);
}

interface Upstream { readonly address: string; close(): Promise<void> }

async function upstream(build: string): Promise<Upstream> {
  const server: Server = createServer((_, response) => response.end(JSON.stringify({ build }))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    address: `127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
