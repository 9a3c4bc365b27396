// What a server says to its machines when nothing happens: to each of them often enough, and never to all at once.

import assert from 'node:assert/strict';
import { duplexPair } from 'node:stream';
import { it } from 'node:test';
import { Hub } from '../../src/fleet/hub.ts';
import { FLEET_WIRE, PING_EVERY_MS, SILENCE_LIMIT_MS } from '../../src/fleet/messages.ts';
import type { ServerMessage } from '../../src/fleet/messages.ts';
import { WireEnd } from '../../src/fleet/wire-end.ts';
import { FakeClock, settle } from '../fake-clock.ts';
import { anybody } from './fake-node.ts';

it('each machine is pinged once a round, a few of them at a time', async () => {
  const [machines, turnMs] = [40, 100];
  const clock = new FakeClock();
  const hub = new Hub({ clock, replica: 'one', fleetNow: () => clock.now(), events: { changed: () => undefined, moved: () => undefined, counts: () => undefined } });
  const pings = new Map<string, number>();
  for (let n = 0; n < machines; n += 1) join(hub, clock, `m${n}`, pings);
  await settle();
  let most = 0;
  for (let turn = 0; turn < PING_EVERY_MS / turnMs; turn += 1) {
    const before = total(pings);
    await clock.advance(turnMs);
    most = Math.max(most, total(pings) - before);
  }
  assert.deepEqual([...new Set(pings.values())], [1]);
  assert.equal(pings.size, machines);
  assert.ok(most <= machines / 10, `${most} of ${machines} in one turn`);
  await clock.advance(SILENCE_LIMIT_MS * 2);
  assert.equal(hub.nodes().length, machines);
  hub.close();
});

function join(hub: Hub, clock: FakeClock, name: string, pings: Map<string, number>): void {
  const [near, far] = duplexPair();
  hub.attach(far, new Uint8Array(), anybody);
  const end = new WireEnd<ServerMessage>(near, clock, {
    message: ({ kind }) => {
      if (kind !== 'ping') return;
      pings.set(name, (pings.get(name) ?? 0) + 1);
      end.send({ kind: 'pong' });
    },
    closed: () => undefined,
  });
  end.send({ kind: 'hello', wire: FLEET_WIRE, name, labels: {}, boot: 'one', generation: 0, forward: null });
}

function total(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}
