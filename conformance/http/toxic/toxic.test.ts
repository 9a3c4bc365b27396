import assert from 'node:assert/strict';
import { test } from 'node:test';
import { seeded } from '../../../tools/seeded.ts';
import { ordeal } from './ordeal.ts';

void test('toxic upstreams for a few seconds leave nothing behind, and no wrong answer looks right', { timeout: 60_000 }, async (t) => {
  const seed = Date.now() % 1_000_000;
  t.diagnostic(`seed ${seed}`);
  const report = await ordeal(4_000, seeded(seed));
  assert.deepEqual(report.wrong, []);
  assert.ok(report.complete > 10 && report.failed > 10, JSON.stringify(report));
  assert.equal(report.leftInFlight, 0);
  assert.ok(report.leftHandles <= 2, `${report.leftHandles} handles are left`);
});
