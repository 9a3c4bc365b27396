// Copies for a slow mirror go one after the other: those that start in a bunch hold up the originals beside them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pace } from '../src/pace.ts';

/** How many start at each of `times`, which everybody tries who is there: `tries` of them. */
function starts(pace: Pace, times: readonly number[], tries: number): number[] {
  return times.map((now) => Array.from({ length: tries }, () => pace.tryStart(now)).filter(Boolean).length);
}

const ended = (pace: Pace, tookMs: number, count: number): void => {
  for (let i = 0; i < count; i++) pace.ended(tookMs);
};

void test('before anything has ended nothing is known, and everything may start', () => {
  assert.deepEqual(starts(new Pace(10), [0], 64), [64]);
});

void test('what takes long starts at twice the rate at which it can end, and never more than a quarter at once', () => {
  const pace = new Pace(16);
  ended(pace, 1_600, 1);
  // Ten in a second can end: one may start each 50 ms.
  assert.deepEqual(starts(pace, [10_000, 10_010, 10_049, 10_050, 10_100, 10_500, 20_000], 64), [4, 0, 0, 1, 1, 4, 4]);
});

void test('what takes no time is not held up', () => {
  const pace = new Pace(64);
  ended(pace, 1, 20);
  const each = 0.05;
  assert.equal(starts(pace, Array.from({ length: 200 }, (_, i) => 1_000 + i * each), 1).reduce((sum, count) => sum + count, 0), 200);
});

void test('what gets faster starts faster within some twenty pieces', () => {
  const pace = new Pace(10);
  ended(pace, 5_000, 1);
  ended(pace, 5, 30);
  assert.ok(starts(pace, Array.from({ length: 100 }, (_, ms) => 100_000 + ms), 8).reduce((sum, count) => sum + count, 0) > 100);
});
