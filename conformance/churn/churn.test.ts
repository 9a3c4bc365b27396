// The short form of `npm run churn`: every deed is done once or more, and what may not grow is told when it does.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { growth } from '../chaos/growth.ts';
import { seeded } from '../../tools/seeded.ts';
import { churn } from './churn.ts';

/** 16 samples of one figure. */
function samples(valueAt: (n: number) => number): readonly { readonly fds: number }[] {
  return Array.from({ length: 16 }, (_, n) => ({ fds: valueAt(n) }));
}

for (const [what, valueAt, told] of [
  ['a warm-up is no growth', (n: number) => (n < 4 ? 10 + n : 20), false],
  ['what goes up and down is no growth', (n: number) => 20 + (n % 2) * 5, false],
  ['one more every round is growth', (n: number) => 20 + n, true],
] as const) {
  test(what, () => assert.equal(growth(samples(valueAt), [{ figure: 'fds', more: 2 }]).length > 0, told));
}

test('strategies, a reload, a kill and a canary that leaves and returns fail no request that was not in flight', async () => {
  const { missed, answers, failures, samples: seen } = await churn({ rounds: 4, roundMs: 0, minutes: 1, random: seeded(4), report: () => undefined });
  assert.deepEqual(missed, [], failures.join('\n'));
  assert.ok(answers > 10, `only ${answers} answers`);
  assert.ok(seen.every(({ rssMiB, fds, threads }) => rssMiB > 10 && fds > 10 && threads > 1));
});
