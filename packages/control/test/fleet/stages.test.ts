// One zone first: who begins with a new strategy when, what holds the others back, and what nothing holds back.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { systemClock } from '../../src/clock.ts';
import { endpointsOf } from '../../src/fleet/endpoints.ts';
import type { LiveNode } from '../../src/fleet/live.ts';
import { nodeView } from '../../src/fleet/node-view.ts';
import { FakeNode } from './fake-node.ts';
import { eventually, openFleet } from './world.ts';
import type { Server } from './world.ts';

const LONG_MS = 600_000;
const SHORT_MS = 300;

inZones('one zone begins first and the others follow when its time is over', SHORT_MS, async ({ server, first, other }) => {
  await server.plane().split('r', '20%', null, 'ann');
  assert.deepEqual([first.generation, other.generation], [2, 1]);
  assert.match(server.replica.effects.held ?? '', /^zone=a goes first/);
  const waiting = server.replica.nodes().find(({ name }) => name === 'other');
  assert.ok(waiting);
  assert.deepEqual(pick(nodeView(waiting, 2, server.replica.effects.waits(waiting))), { health: 'waiting', lag: 1, entry: true });
  const tookMs = await eventually('the other follows', () => other.generation === 2);
  assert.ok(tookMs >= SHORT_MS / 2, `${tookMs} ms`);
  assert.equal(server.replica.effects.held, null);
});

inZones('a rollback is everybody\'s at once, also of what is held', LONG_MS, async ({ server, first, other }) => {
  await server.plane().split('r', '20%', null, 'ann');
  assert.equal(other.generation, 1);
  await server.plane().verb('r', 'rollback', { who: 'ann', why: 'errors' });
  assert.deepEqual([first.generation, other.generation], [3, 3]);
  assert.equal(server.replica.effects.held, null);
  // A server that learns of it from the store does not hold it back either.
  const second = await server.fellow();
  const there = new FakeNode('there', systemClock);
  there.generation = 2;
  there.join(second.replica, undefined, { labels: { zone: 'b' } });
  await eventually('it has the rollback', () => there.generation === 3);
});

inZones('a newer strategy takes the place of one that is held', LONG_MS, async ({ server, first, other }) => {
  await server.plane().split('r', '20%', null, 'ann');
  await server.plane().split('r', '30%', null, 'ann');
  assert.deepEqual([first.generation, other.generation], [3, 1]);
});

inZones('a first zone that is not well holds the others back until it is', SHORT_MS, async ({ server, first, other }) => {
  await server.plane().split('r', '20%', null, 'ann');
  first.broken.add('web/v2/canary');
  first.hurry();
  await eventually('it is held, and says why', () => /held: web\/v2\/canary fails on first/.test(server.replica.effects.held ?? ''));
  assert.equal(other.generation, 1);
  first.broken.clear();
  first.hurry();
  await eventually('the other follows', () => other.generation === 2);
});

inZones('a machine that has nothing yet waits for nobody', LONG_MS, async ({ server }) => {
  await server.plane().split('r', '20%', null, 'ann');
  const fresh = new FakeNode('fresh', systemClock);
  fresh.join(server.replica, undefined, { labels: { zone: 'b' } });
  await eventually('it serves', () => fresh.generation === 2);
});

it('a laggard is no entry, and other machines send nothing to it unless nobody else has the version', () => {
  const offer = (version: string): LiveNode['offers'][number] => ({ service: 'web', version, listeners: [{ index: 0, protocol: 'http', port: 80, host: null }] });
  const node = (name: string, versions: readonly string[], elsewhere: readonly string[] = []): LiveNode => ({
    name, labels: {}, replica: 'one', holder: 'tests', since: 0, generation: name === 'late' ? 1 : 2, forward: { host: name, port: 1 }, workers: [],
    pools: elsewhere.map((version) => ({ id: `web/${version}/canary`, digest: '', state: 'elsewhere', open: false })), offers: versions.map(offer),
  });
  const nodes = [node('late', ['v2', 'v3']), node('prompt', ['v2']), node('asks', [], ['v2', 'v3'])];
  const found = endpointsOf(nodes, new Set(['late'])).map(({ node: name, offers }) => `${name}: ${offers.map(({ version }) => version).join(' ')}`);
  assert.deepEqual(found, ['prompt: v2', 'late: v3']);
  assert.deepEqual(nodes.map((one) => nodeView(one, 2, false).entry), [false, true, true]);
});

interface Zones {
  readonly server: Server & { fellow(): Promise<Server> };
  /** In zone a, which goes first, and in zone b. */
  readonly first: FakeNode;
  readonly other: FakeNode;
}

function inZones(title: string, forMs: number, body: (zones: Zones) => Promise<void>): void {
  it(title, async () => {
    const fleet = await openFleet();
    try {
      const extra = { first: { label: ['zone', 'a'], forMs } } as const;
      const server = await fleet.server('one', systemClock, extra);
      const [first, other] = [new FakeNode('first', systemClock), new FakeNode('other', systemClock)];
      first.join(server.replica, undefined, { labels: { zone: 'a' } });
      other.join(server.replica, undefined, { labels: { zone: 'b' } });
      await eventually('both serve', () => first.generation === 1 && other.generation === 1);
      await body({ server: { ...server, fellow: () => fleet.server('two', systemClock, extra) }, first, other });
    } finally {
      await fleet.end();
    }
  });
}

function pick({ health, lag, entry }: { readonly health: string; readonly lag: number; readonly entry: boolean }): object {
  return { health, lag, entry };
}
