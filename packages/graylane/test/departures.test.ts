// Pools that are named again while they are on their way out, without any pool.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Departures } from '../src/up/departures.ts';

interface Scene {
  readonly departures: Departures;
  readonly log: string[];
  /** What a retirement waits for: the last request of the former strategy. */
  readonly last: PromiseWithResolvers<undefined>;
  readonly stopped: PromiseWithResolvers<undefined>;
  readonly leave: () => Promise<void>;
  readonly arrive: () => Promise<void>;
}

function scene(): Scene {
  const departures = new Departures(20);
  const log: string[] = [];
  const last = Promise.withResolvers<undefined>();
  const stopped = Promise.withResolvers<undefined>();
  return {
    departures, log, last, stopped,
    leave: () => departures.leave('web/v2', last.promise, async () => {
      log.push('stop');
      await stopped.promise;
    }),
    arrive: () => departures.arrive('web/v2', () => {
      log.push('start or change');
      return Promise.resolve();
    }),
  };
}

test('a pool that nobody names ends behind its last request', async () => {
  const { log, last, stopped, leave } = scene();
  const left = leave();
  assert.deepEqual(log, []);
  last.resolve(undefined);
  stopped.resolve(undefined);
  await left;
  assert.deepEqual(log, ['stop']);
});

test('one that is named again before it drains stays', async () => {
  const { departures, log, last, leave, arrive } = scene();
  const left = leave();
  await arrive();
  departures.published();
  last.resolve(undefined);
  await left;
  assert.deepEqual(log, ['start or change']);
});

test('one that drains already is started anew when it has gone', async () => {
  const { log, last, stopped, leave, arrive } = scene();
  const left = leave();
  last.resolve(undefined);
  await last.promise;
  await new Promise(setImmediate);
  const arrived = arrive();
  await new Promise(setImmediate);
  assert.deepEqual(log, ['stop']);
  stopped.resolve(undefined);
  await Promise.all([left, arrived]);
  assert.deepEqual(log, ['stop', 'start or change']);
});

test('one that was named for a strategy that comes in a moment stays', async () => {
  const { departures, log, last, leave, arrive } = scene();
  await arrive();
  const left = leave();
  last.resolve(undefined);
  await new Promise(setImmediate);
  departures.published();
  await left;
  assert.deepEqual(log, ['start or change']);
});

test('one that was named for a strategy that never came ends after a while', async () => {
  const { log, last, stopped, leave, arrive } = scene();
  await arrive();
  last.resolve(undefined);
  stopped.resolve(undefined);
  await leave();
  assert.deepEqual(log, ['start or change', 'stop']);
});
