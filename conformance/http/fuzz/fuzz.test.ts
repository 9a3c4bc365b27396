import assert from 'node:assert/strict';
import { test } from 'node:test';
import { start } from './differential.ts';
import { seeded } from '../../../tools/seeded.ts';
import { message } from './generate.ts';

const CASES = 300;

void test('the app reads the same message through either plane, or none', { timeout: 120_000 }, async (t) => {
  const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000);
  t.diagnostic(`seed ${seed}`);
  const differential = await start();
  t.after(() => differential.close());
  const random = seeded(seed);
  for (let i = 0; i < CASES; i++) {
    const text = message(random);
    assert.equal(await differential.check(text), null, `seed ${seed}, case ${i}: ${JSON.stringify(text)}`);
  }
  // That it tests anything: most of what the app reads alone is strict enough for a hop. The share of 100 random messages varies by a tenth.
  const { direct, transparent, proxied } = differential.totals;
  assert.ok(direct > CASES / 10 && transparent > direct * 0.6 && proxied > direct * 0.4, JSON.stringify(differential.totals));
});
