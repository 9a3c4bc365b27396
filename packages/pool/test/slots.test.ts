// The public sockets of a service, without any worker.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import net from 'node:net';
import { test } from 'node:test';
import { noKeeper, Slots } from '../src/slots.ts';
import { freePort } from './support/harness.ts';

test('two that open the same place at once find one place, with the slots of whoever wants more', async (t) => {
  const slots = new Slots(noKeeper, process.platform);
  t.after(() => slots.close());
  const place = { port: await freePort(), host: '127.0.0.1' };
  await Promise.all([slots.open([place], 1), slots.open([place], 3)]);
  assert.deepEqual(slots.places, [place]);
  assert.equal(slots.count, 3);
  assert.equal(new Set([0, 1, 2].flatMap((slot) => slots.descriptors(slot).map(({ own }) => own))).size, process.platform === 'linux' ? 3 : 1);
});

test('closing gives back every socket, and whoever keeps copies is told of each', async () => {
  const kept = new Set<string>();
  const slots = new Slots({ ...noKeeper, keep: (key) => kept.add(key), drop: (key) => kept.delete(key) }, process.platform);
  const place = { port: await freePort(), host: '127.0.0.1' };
  await slots.open([place], 4);
  slots.close();
  assert.deepEqual([...kept], []);
  // Without SO_REUSEPORT: refused while any other socket stands there.
  const server = net.createServer().listen(place);
  await once(server, 'listening');
  server.close();
});

test('giving up slots says whether any socket was closed for it', async (t) => {
  const slots = new Slots(noKeeper, 'linux');
  t.after(() => slots.close());
  await slots.open([{ port: await freePort(), host: '127.0.0.1' }], 3);
  assert.deepEqual([slots.shrink(3), slots.shrink(1), slots.shrink(1), slots.count], [false, true, false, 1]);
});

test('of sockets that a service manager has opened none is left to nobody, however many workers there are', async (t) => {
  const [reserved, opened] = [false, true].map((listens) => {
    const left = new Map([0, 1, 2].map((slot) => [`127.0.0.1:80/${slot}`, openSync('/dev/null', 'r')]));
    const take = (key: string): number | null => {
      const fd = left.get(key);
      left.delete(key);
      return fd ?? null;
    };
    return new Slots({ ...noKeeper, listens, take }, 'linux');
  });
  assert.ok(reserved !== undefined && opened !== undefined);
  t.after(() => [reserved, opened].forEach((slots) => slots.close()));
  for (const slots of [reserved, opened]) await slots.open([{ port: 80, host: '127.0.0.1' }], 1);
  assert.deepEqual([reserved.beyond(1), opened.beyond(1)], [[], [1, 2]]);
  assert.deepEqual([...opened.descriptors(0)[0]?.others.keys() ?? []], [1, 2]);
});

test('an open that fails keeps none after it from opening', async (t) => {
  const slots = new Slots(noKeeper, process.platform);
  t.after(() => slots.close());
  // An address for documentation (RFC 5737), which no machine has.
  const failing = slots.open([{ port: 1, host: '203.0.113.1' }], 1);
  const place = { port: await freePort(), host: '127.0.0.1' };
  await Promise.all([assert.rejects(failing), slots.open([place], 1)]);
  assert.deepEqual(slots.places, [place]);
});

test('a declared place is known before anybody opens it, and is opened as the same one', async (t) => {
  const slots = new Slots(noKeeper, process.platform);
  t.after(() => slots.close());
  const place = { port: await freePort(), host: '127.0.0.1' };
  slots.declare([place]);
  assert.deepEqual([slots.places, slots.count], [[place], 0]);
  await slots.open([place], 2);
  slots.declare([place]);
  assert.deepEqual([slots.places, slots.count], [[place], 2]);
  assert.equal(slots.descriptors(1).length, 1);
});
