// The semantic difference: nothing for a change of text, every change of a version with a request that shows it.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';

import type { RequestFields, StrategyDocument } from '../src/index.ts';
import { diff, diffTraffic } from '../src/index.ts';
import * as arbitrary from './arbitrary.ts';
import { requestOf, routerOf, strategyOf } from './helpers.ts';
import { seeded } from '../../../tools/seeded.ts';

const web = (...releases: readonly object[]): StrategyDocument => ({
  services: { web: { stable: 'v0', versions: Object.fromEntries(Array.from({ length: releases.length + 1 }, (_, i) => [`v${i}`, {}])) } },
  releases: releases.map((release, i) => ({ name: `r${i + 1}`, priority: i, when: [{}], versions: { web: `v${i + 1}` }, ...release })),
});

/** Lanes as `before>after`. */
function check(before: StrategyDocument, after: StrategyDocument, ...lanes: readonly string[]): void {
  const { changes, complete } = diff(strategyOf(before), strategyOf(after));
  assert.ok(complete);
  assert.deepEqual(changes.map((change) => `${change.before ?? '-'}>${change.after ?? '-'}`), lanes);
  for (const { before: from, after: to, witness } of changes) {
    assert.ok(witness !== null);
    const request: RequestFields = { method: witness.method, target: witness.target, rawHeaders: witness.headers.flat() };
    assert.equal(routerOf(before).decide(request).lane, from);
    assert.equal(routerOf(after).decide(request).lane, to);
  }
}

describe('a change of text is no change', () => {
  it('one text or a list of it', () => check(web({ when: [{ header: { 'x-a': 'a' } }] }), web({ when: [{ header: { 'X-A': ['a', 'a'] } }] })));
  it('two clauses or one list', () => check(web({ when: [{ header: { 'x-a': 'a' } }, { header: { 'x-a': 'b' } }] }), web({ when: [{ header: { 'x-a': ['b', 'a'] } }] })));
  it('not twice, but an expression matches no line separator', () => check(web({ when: [{ header: { 'x-a': { not: { not: { prefix: 'a' } } } } }] }), web({ when: [{ header: { 'x-a': { regex: 'a.*' } } }] }), 'r1>-'));
  it('numbers of priorities in the same order', () => check(web({ priority: 1, when: [{ header: { a: 'x' } }] }, { priority: 2 }), web({ priority: 10, when: [{ header: { a: 'x' } }] }, { priority: 200 })));
  it('another name with the same salt', () => check(web({ percent: 50, salt: 's' }), web({ name: 'other', percent: 50, salt: 's' })));
});

describe('a change of meaning is found', () => {
  it('a raised percentage', () => check(web({ percent: 5, stickyBy: ['header:x-user'] }), web({ percent: 20, stickyBy: ['header:x-user'] }), '->r1'));
  it('a lowered one', () => check(web({ percent: 20, stickyBy: ['header:x-user'] }), web({ percent: 5, stickyBy: ['header:x-user'] }), 'r1>-'));
  it('a renamed release draws other users', () => check(web({ percent: 50, stickyBy: ['header:x-user'] }), web({ name: 'r2', percent: 50, stickyBy: ['header:x-user'] }), 'r1>-', '->r2'));
  it('swapped priorities', () => check(web({ priority: 1, when: [{ header: { a: 'x' } }] }, { priority: 2, when: [{ header: { b: 'y' } }] }), web({ priority: 2, when: [{ header: { a: 'x' } }] }, { priority: 1, when: [{ header: { b: 'y' } }] }), 'r1>r2'));
  it('a new stable version', () => check(web(), { services: { web: { stable: 'v9', versions: { v9: {} } } } }, '->-'));
  it('a prefix that is a little longer', () => check(web({ when: [{ header: { 'x-a': { prefix: 'ab' } } }] }), web({ when: [{ header: { 'x-a': { prefix: 'abc' } } }] }), 'r1>-'));
});

it('random pairs: every request that changes lies in a change', () => {
  const pair = fc.tuple(arbitrary.document, arbitrary.document, fc.array(arbitrary.request, { minLength: 5, maxLength: 5 }));
  fc.assert(fc.property(pair, ([before, after, requests]) => {
    const { changes } = diff(strategyOf(before), strategyOf(after));
    const known = new Set(changes.map((change) => `${change.before ?? '-'}>${change.after ?? '-'}`));
    const [old, next] = [routerOf(before, { random: () => 0.3 }), routerOf(after, { random: () => 0.3 })];
    for (const request of requests) {
      const [from, to] = [old.decide(request).lane, next.decide(request).lane];
      if (old.version('web', from) !== next.version('web', to)) assert.ok(known.has(`${from ?? '-'}>${to ?? '-'}`), `${from ?? '-'}>${to ?? '-'}`);
    }
  }), { numRuns: 30, seed: 20261122 });
});

it('a strategy does not differ from itself', () => {
  fc.assert(fc.property(arbitrary.document, (document) => assert.deepEqual(diff(strategyOf(document), strategyOf(document)).changes, [])), { numRuns: 50, seed: 20261122 });
});

it('recorded traffic gives shares', () => {
  const requests = Array.from({ length: 1_000 }, (_, i) => requestOf({ headers: { 'x-user': `u${i}` } }));
  const [change] = diffTraffic(strategyOf(web({ percent: 5, stickyBy: ['header:x-user'] })), strategyOf(web({ percent: 25, stickyBy: ['header:x-user'] })), requests, seeded(1));
  assert.deepEqual([change?.before, change?.after], [null, 'r1']);
  assert.ok(Math.abs((change?.share ?? 0) - 0.2) < 0.05);
});
