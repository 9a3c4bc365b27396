// Medians and the bound of a ratio on numbers that can be checked by hand.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Random } from '../conformance/live/random.ts';
import { median, ratioOfPairs } from './statistics.ts';

function seeded(): () => number {
  const random = new Random(7);
  return () => random.below(1_000_000) / 1_000_000;
}

it('the median of odd and even many', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
});

it('equal pairs have ratio and bound 1', () => {
  assert.deepEqual(ratioOfPairs([10, 20, 30], [10, 20, 30], seeded()), { median: 1, upper95: 1 });
});

it('a bound lies above the median when pairs scatter, and within them', () => {
  const { median: middle, upper95 } = ratioOfPairs([10, 11, 12, 13, 14], [10, 10, 10, 10, 10], seeded());
  assert.equal(middle, 1.2);
  assert.ok(upper95 > 1.2 && upper95 <= 1.4, String(upper95));
});

it('drift that both sides share cancels out', () => {
  assert.deepEqual(ratioOfPairs([11, 22, 44], [10, 20, 40], seeded()), { median: 1.1, upper95: 1.1 });
});
