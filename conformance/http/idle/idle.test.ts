import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IDLE_KINDS, PLANES, idleCost } from './measure.ts';

/**
 * Of so few connections only objects and buffers can be counted exactly; resident memory is what `npm run bench:idle` holds
 * to the limits. They take less than this share of it when a tunnel holds nothing of the request that it began with.
 */
const HEAP_SHARE = 0.45;

for (const plane of PLANES) {
  for (const kind of IDLE_KINDS) {
    void test(`an idle ${kind.name} costs the forwarding process little (${plane})`, { timeout: 30_000 }, async (t) => {
      const { rssKb, heapKb } = await idleCost(plane, kind, 300);
      t.diagnostic(`${rssKb.toFixed(1)} kB, ${heapKb.toFixed(1)} of it JavaScript`);
      assert.ok(heapKb < kind.limitKb * HEAP_SHARE, `${heapKb} kB of objects each`);
    });
  }
}
