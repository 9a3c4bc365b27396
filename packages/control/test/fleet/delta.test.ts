// What a machine makes of its snapshot and a delta is the snapshot that was meant, or nothing.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { compile, parseStrategy } from '@graylane/rules';
import type { Snapshot, StrategyDocument } from '@graylane/rules';
import { deltaOf, withDelta } from '../../src/fleet/delta.ts';

const few = snapshot(['a', 'b', 'c']);

it('a change of one release among a thousand is small, and comes to the same', () => {
  const names = Array.from({ length: 1_000 }, (_, n) => `r${n}`);
  const [before, after] = [snapshot(names), snapshot(names, { r500: 33 })];
  const delta = deltaOf(before, after);
  assert.deepEqual(plain(withDelta(before, delta)), plain(after));
  assert.ok(JSON.stringify(delta).length < JSON.stringify(after).length / 10, `${JSON.stringify(delta).length} of ${JSON.stringify(after).length} bytes`);
});

const changes: readonly (readonly [string, Snapshot])[] = [
  ['nothing', few], ['a release more', snapshot(['a', 'b', 'c', 'd'])], ['a release less', snapshot(['a', 'c'])], ['other names', snapshot(['x', 'y'])], ['none at all', snapshot([])],
];
for (const [what, after] of changes) it(`${what}: the result is the one that was compiled`, () => assert.deepEqual(plain(withDelta(few, deltaOf(few, after))), plain(after)));

it('on another base than it was made for it gives nothing', () => {
  assert.equal(withDelta(snapshot(['a', 'b']), deltaOf(few, snapshot(['a', 'b', 'c', 'd']))), null);
});

function snapshot(names: readonly string[], percents: Readonly<Record<string, number>> = {}): Snapshot {
  const versions = Object.fromEntries(['stable', ...names].map((name) => [`v-${name}`, { script: './x.js' }]));
  const document: StrategyDocument = {
    services: { web: { stable: 'v-stable', versions } },
    releases: names.map((name, n) => ({ name, priority: n + 1, when: [{ header: { 'x-user': name } }], percent: percents[name] ?? 10, versions: { web: `v-${name}` } })),
  };
  const parsed = parseStrategy(document);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return JSON.parse(JSON.stringify(compile(parsed.strategy))) as Snapshot;
}

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
