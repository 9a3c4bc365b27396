// What may happen to a fleet, each as a function that throws when something was lost: short in the tests, long as a command.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startLoad } from './load.ts';
import { ask, eventually, type NodePlan, type World } from './world.ts';

const app = join(import.meta.dirname, '../live/app.ts');

export const plans: readonly NodePlan[] = [
  { name: 'a', labels: ['zone=one'] },
  { name: 'b', labels: ['zone=two'] },
  // Has no canary: its canary users are served on other machines.
  { name: 'c', labels: ['zone=two'], run: ['web/none'] },
];

export function documentOf(percent: number, port: number): object {
  // Not nicer than others: on a busy machine a canary that gets no processor is taken for one that hangs.
  const version = (build: string): object => ({ script: app, workers: 1, nice: 0, drainTimeout: '2s', killTimeout: '1s', env: { BUILD: build } });
  return {
    services: { web: { listen: port, stable: 'v1', versions: { v1: version('v1'), v2: version('v2') } } },
    releases: [{ name: 'r', when: [{ header: { 'x-canary': '1' } }], percent, versions: { web: 'v2' } }],
  };
}

/** A machine that runs no canary serves canary users by another one, over TLS. */
export async function forwarding(world: World): Promise<void> {
  await eventually('canary users are served by v2 at every machine', async () => {
    const answers = await Promise.all(world.machines.map(({ address }) => ask(address, portOf(world), { 'x-canary': '1' })));
    return answers.every(({ build }) => build === 'v2');
  }, 10_000);
  const facts = await world.nodesOf(0);
  assert.deepEqual(facts.items.map(({ name, health }) => `${name} ${health}`), world.machines.map(({ name }) => `${name} ok`));
}

/** The leader is killed while a new stable version starts: another one goes on, and every step is taken once. */
export async function leaderKilled(world: World): Promise<number> {
  const tookMs = await underLoad(world, async () => {
    const { leader } = await world.nodesOf(0);
    const index = leader === world.replica(0) ? 0 : 1;
    const other = 1 - index;
    await world.api(other, 'POST', '/releases/r/promote-full', { why: 'the scenario' });
    await world.servers[index]?.end('SIGKILL');
    const tookMs = await eventually('another leads', async () => (await world.nodesOf(other)).leader === world.replica(other), 10_000);
    await eventually('the promotion is done', async () => (await phaseOf(world, other, 'r')) === 'succeeded', 60_000);
    await world.startServer(index).ready;
    const { body } = await world.api(other, 'GET', '/events?limit=100');
    const steps = (body as { readonly items: readonly { readonly kind: string; readonly to: string }[] }).items.filter(({ kind }) => kind === 'release').map(({ to }) => to);
    assert.equal(steps.filter((to) => to === 'succeeded').length, 1, steps.join(', '));
    assert.equal(steps.filter((to) => to.startsWith('promoting (switched')).length <= 1, true, steps.join(', '));
    return tookMs;
  });
  assert.ok(tookMs <= 5_000, `another led after ${Math.round(tookMs)} ms`);
  return tookMs;
}

/** Of the issue that asks for it: from the moment at which etcd is there again until every machine has what was written then. */
const CATCH_UP_LIMIT_MS = 5_000;

/** etcd is gone for a while: machines serve, writes are refused with a reason, and all is taken up again after. */
export async function etcdGone(world: World, goneMs: number): Promise<number> {
  return underLoad(world, async () => {
    // What comes after is a change of shares: no process has to start for it.
    await written(world, documentOfNow(world, 98));
    await caughtUp(world, 0);
    await world.etcd.kill();
    const refused = await world.api(0, 'PUT', '/freeze', { reason: 'nobody will know' });
    assert.equal(refused.status, 503, JSON.stringify(refused.body));
    await delay(goneMs);
    await world.etcd.start();
    const begun = performance.now();
    const before = await generation(world);
    await written(world, documentOfNow(world, before));
    await caughtUp(world, before);
    const tookMs = performance.now() - begun;
    assert.ok(tookMs <= CATCH_UP_LIMIT_MS, `all had caught up ${Math.round(tookMs)} ms after`);
    return tookMs;
  });
}

/** Whoever is refused, because the store is away or a version is on its way, comes again. */
async function written(world: World, document: object): Promise<void> {
  let answer: unknown = null;
  await eventually(() => `a write is taken (the last answer: ${JSON.stringify(answer)})`, async () => {
    const { status, body } = await world.api(0, 'PUT', '/strategy', document);
    answer = { status, body };
    return status === 200;
  }, 15_000);
}

/** Machines, servers and etcd end and start in an order that `random` draws: one generation in the end, never an earlier one. */
export async function restarts(world: World, count: number, random: () => number): Promise<void> {
  let newest = await generation(world);
  for (let n = 0; n < count; n += 1) {
    const choice = Math.floor(random() * 3);
    if (choice === 0) {
      await world.etcd.kill();
      await world.etcd.start();
    } else if (choice === 1) {
      const index = Math.floor(random() * world.servers.length);
      await world.servers[index]?.end(random() < 0.5 ? 'SIGKILL' : 'SIGTERM');
      await world.startServer(index).ready;
    } else {
      const plan = world.machines[Math.floor(random() * world.machines.length)];
      if (plan === undefined) continue;
      await world.nodes.get(plan.name)?.end('SIGTERM');
      await world.startNode(plan).ready;
    }
    const server = Math.floor(random() * world.servers.length);
    await eventually(`a write after restart ${n + 1}`, async () => (await world.api(server, 'PUT', '/strategy', documentOfNow(world, newest + n)).catch(() => ({ status: 0 }))).status === 200, 30_000);
    await caughtUp(world, newest);
    const now = await generation(world);
    assert.ok(now > newest, `generation ${now} after ${newest}`);
    newest = now;
  }
}

/** No server is there: a machine that is started goes on under its last orders. */
export async function aloneAfterRestart(world: World): Promise<void> {
  const [plan] = world.machines;
  if (plan === undefined) return;
  // One in order, as for an update: its machines are connected, and do not keep it.
  await Promise.all([world.nodes.get(plan.name)?.end('SIGTERM'), ...world.servers.map((server, index) => server.end(index === 0 ? 'SIGTERM' : 'SIGKILL'))]);
  // Its own folder is its config file's, from wherever it is started.
  assert.ok(existsSync(join(world.folder, plan.name, '.graylane/orders.json')));
  await world.startNode(plan).ready;
  await eventually('it serves under its last orders', async () => (await ask(plan.address, portOf(world)).catch(() => null))?.status === 200, 15_000);
  await Promise.all(world.servers.map((_, index) => world.startServer(index).ready));
  await eventually('it has joined again', async () => (await world.nodesOf(0)).items.some(({ name }) => name === plan.name), 15_000);
}

export async function caughtUp(world: World, beyond: number): Promise<void> {
  await eventually('every machine has the same, later generation', async () => {
    const views = await Promise.all(world.servers.map((_, index) => world.nodesOf(index).catch(() => null)));
    return views.every((view) => view !== null && view.items.length === world.machines.length && view.items.every(({ generation: now, lag }) => now > beyond && lag === 0));
  }, 30_000);
}

export async function generation(world: World): Promise<number> {
  return (await world.nodesOf(0)).generation;
}

/** Another document each time, so that there is something to publish. */
export function documentOfNow(world: World, turn: number): object {
  const document = documentOf(100, portOf(world)) as { readonly services: { readonly web: object }; readonly releases: readonly object[] };
  return { ...document, services: { web: { ...document.services.web, stable: 'v1' } }, releases: [{ ...document.releases[0], percent: 1 + (turn % 99) }] };
}

function portOf({ grounds }: World): number {
  return grounds.port(0);
}

async function phaseOf(world: World, server: number, release: string): Promise<string> {
  return ((await world.api(server, 'GET', `/releases/${release}`)).body as { readonly phase: string }).phase;
}

/** `run` while users ask all machines, none of whom notices. However it ends, the load ends with it and all wires are whole. */
export async function underLoad<T>(world: World, run: () => Promise<T>): Promise<T> {
  const load = startLoad(world.machines.map(({ address }) => address), portOf(world));
  const result = await run().finally(async () => {
    world.wires.mend();
    await load.stop();
  });
  assert.deepEqual(load.failed, []);
  assert.ok(load.asked() > 10);
  return result;
}
