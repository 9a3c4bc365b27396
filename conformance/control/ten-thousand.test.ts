// A strategy of ten thousand releases as it arrives in a data plane: what it costs the process that answers requests.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compile, loadRouter, parseStrategy, type Snapshot, type StrategyDocument } from '@graylane/rules';

const RELEASES = 10_000;
/** Of processor time in one turn of the event loop: who shares a core waits longer, for others. */
const LIMIT_MS = 50;
const ATTEMPTS = 5;

test(`${RELEASES} releases hold up a data plane for less than ${LIMIT_MS} ms`, (t) => {
  const text = JSON.stringify(snapshotOf(tenants(RELEASES)));
  const costs = Array.from({ length: ATTEMPTS }, (_, attempt) => costMs(() => {
    const router = loadRouter(JSON.parse(text) as Snapshot, { generation: attempt + 1, random: () => 0.5, now: () => 0 });
    assert.equal(router.decide({ method: 'GET', target: '/', rawHeaders: ['x-tenant', `t${RELEASES - 1}`] }).lane, `r${RELEASES - 1}`);
  }));
  // The compiler and the collector of garbage come when they like; what it costs without them is what is left.
  const cost = Math.min(...costs);
  t.diagnostic(`${(text.length / 1e6).toFixed(1)} MB: ${costs.map((ms) => ms.toFixed(0)).join(', ')} ms`);
  assert.ok(cost < LIMIT_MS, `${costs.map((ms) => ms.toFixed(0)).join(', ')} ms`);
});

function tenants(count: number): StrategyDocument {
  const names = Array.from({ length: count }, (_, i) => i);
  return {
    services: { web: { stable: 'stable', versions: Object.fromEntries(['stable', ...names.map((i) => `v${i}`)].map((name) => [name, {}] as const)) } },
    releases: names.map((i) => ({ name: `r${i}`, priority: i, when: [{ header: { 'x-tenant': `t${i}` } }], versions: { web: `v${i}` } })),
  };
}

function snapshotOf(document: StrategyDocument): Snapshot {
  const parsed = parseStrategy(document);
  assert.ok(parsed.ok);
  return compile(parsed.strategy);
}

function costMs(body: () => void): number {
  const before = process.cpuUsage();
  body();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}
