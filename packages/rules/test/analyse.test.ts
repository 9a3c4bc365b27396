// The analyzer against exhaustion: no miss, no false alarm, every witness confirmed by an evaluator that knows nothing of it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';

import type { StrategyDocument } from '../src/index.ts';
import { analyse } from '../src/index.ts';
import { strategyDocument } from './analysis-arbitrary.ts';
import { findingsByExhaustion, subjectOf } from './analysis-oracle.ts';
import { confirmWitness } from './confirm-finding.ts';
import { strategyOf } from './helpers.ts';

const vectors = JSON.parse(readFileSync(new URL('../../../conformance/routing.json', import.meta.url), 'utf8')) as { readonly cases: readonly { readonly id: string; readonly strategy: StrategyDocument; readonly findings: readonly object[] }[] };

describe('shared cases: the findings are these and no others', () => {
  for (const { id, strategy, findings } of vectors.cases) {
    it(id, () => {
      const found = analyse(strategyOf(strategy));
      assert.deepEqual(found.map((finding) => JSON.parse(subjectOf(finding)) as object).sort(byText), [...findings].sort(byText));
    });
  }
});

function byText(a: object, b: object): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}

describe('witnesses that are hard to find', () => {
  const services = { web: { stable: 'v0', versions: { v0: {}, v1: {}, v2: {} } } };
  it('a key that has to end in a letter and to fall into two in a hundred buckets', () => {
    const when = [{ header: { 'x-a': { suffix: 'a' } }, cookie: { c: '1' }, percent: 20 }, { percent: 20 }];
    const [finding] = analyse(strategyOf({ services, releases: [{ name: 'r0', when, percent: 10, stickyBy: ['header:x-a', 'anonymous'], versions: { web: 'v1' } }] }));
    assert.equal(finding?.witness?.lane, 'r0');
  });
  it('a visitor and a request that are drawn with one salt, and fall apart', () => {
    const releases = [
      { name: 'visitors', priority: 0, percent: 20, salt: 'shared', when: [{ header: { 'x-a': 'a' } }], versions: { web: 'v1' } },
      { name: 'requests', priority: 1, percent: 20, salt: 'shared', stickyBy: ['request'], when: [{ header: { 'x-a': 'a' } }], versions: { web: 'v2' } },
      { name: 'late', priority: 2, when: [{ header: { 'x-a': 'a' } }, { header: { 'x-b': 'b' } }], versions: { web: 'v3' } },
    ];
    const document = { services: { web: { stable: 'v0', versions: { v0: {}, v1: {}, v2: {}, v3: {} } } }, releases };
    for (const finding of analyse(strategyOf(document))) assert.ok(finding.witness !== null && confirmWitness(document, finding), JSON.stringify(finding));
  });
  it('a fix asks for no priority below 0', () => {
    const releases = [{ name: 'wide', priority: 0, percent: 50, when: [{}], versions: { web: 'v1' } }, { name: 'narrow', priority: 1, when: [{ header: { 'x-a': 'a' } }], versions: { web: 'v2' } }];
    const finding = analyse(strategyOf({ services, releases })).find(({ kind }) => kind === 'wider-first');
    assert.equal(finding?.fix, "give 'narrow' priority 0 and 'wide' a larger number");
  });
});

const LIMIT = Number(process.env['KINDS'] ?? 6_000);

describe('random strategies', () => {
  it('have exactly the findings that exhaustion gives, each witness confirmed', () => {
    const seed = Number(process.env['FC_SEED'] ?? 20261122);
    const counts = { compared: 0, findings: 0, witnesses: 0 };
    fc.assert(fc.property(strategyDocument, (spec) => {
      const expected = findingsByExhaustion(spec, LIMIT);
      if (expected === null) return;
      const found = analyse(strategyOf(spec));
      assert.deepEqual(found.map(subjectOf).sort(), [...expected].sort());
      counts.compared += 1;
      for (const finding of found) {
        counts.findings += 1;
        if (confirmWitness(spec, finding)) counts.witnesses += 1;
      }
    }), { numRuns: Number(process.env['FC_RUNS'] ?? 150), seed });
    if (process.env['FC_RUNS'] !== undefined) process.stdout.write(`${JSON.stringify(counts)}\n`);
    assert.ok(counts.compared > 50);
  });
});
