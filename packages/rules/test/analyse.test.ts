// The analyzer against exhaustion: no miss, no false alarm, every witness confirmed by an evaluator that knows nothing of it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';

import type { ClauseSpec, Finding, Matcher, StrategyDocument } from '../src/index.ts';
import { analyse } from '../src/index.ts';
import { findingsByExhaustion, percentAt, subjectOf } from './analysis-oracle.ts';
import { strategyOf } from './helpers.ts';
import { evaluate } from './oracle.ts';

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

const text = fc.constantFrom('a', 'b', 'ab', 'aa', '', '1');
const matcher: fc.Arbitrary<Matcher> = fc.letrec<{ matcher: Matcher }>((tie) => ({
  matcher: fc.oneof({ maxDepth: 2 },
    { weight: 6, arbitrary: text }, { weight: 2, arbitrary: fc.uniqueArray(text, { minLength: 1, maxLength: 3 }) },
    { weight: 2, arbitrary: fc.constantFrom('a', 'ab', 'b').map((prefix) => ({ prefix })) }, fc.constantFrom('a', 'b', 'ba').map((suffix) => ({ suffix })),
    fc.boolean().map((present) => ({ present })), fc.constantFrom<Matcher>({ regex: 'a*' }, { regex: '[ab]+' }, { regex: '[a-z]b[a-z]*' }, { gte: 1 }, { gt: '1', lt: 3 }, { semver: '>=2.1 <3' }, { semver: '<2.1' }),
    { weight: 2, arbitrary: tie('matcher').map((not) => ({ not })) }, fc.array(tie('matcher'), { minLength: 1, maxLength: 2 }).map((any) => ({ any }))),
})).matcher;

const rarely = <T>(arbitrary: fc.Arbitrary<T>, absent: number): fc.Arbitrary<T | undefined> => fc.oneof({ weight: absent, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
const defined = <T extends object>(value: T): T => Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T;

const clause: fc.Arbitrary<ClauseSpec> = fc.record({
  header: rarely(fc.dictionary(fc.constantFrom('x-a', 'x-b'), matcher, { minKeys: 1, maxKeys: 2 }), 1),
  cookie: rarely(fc.record({ c: matcher }), 3),
  percent: rarely(fc.constantFrom(50, 0, 20), 4),
  pinned: rarely(fc.constant(true), 8),
}).map((spec) => defined(spec) as ClauseSpec);

const document: fc.Arbitrary<StrategyDocument> = fc.array(fc.record({
  priority: fc.nat(4),
  when: fc.array(clause, { minLength: 1, maxLength: 3 }),
  percent: rarely(fc.constantFrom(50, 10, 0), 2),
  stickyBy: rarely(fc.constantFrom<readonly string[]>(['header:x-a'], ['cookie:k'], ['cookie:c', 'request'], ['header:x-a', 'anonymous'], ['request']), 1),
  salt: rarely(fc.constant('shared'), 3),
  steps: rarely(fc.constantFrom([{ percent: 100 }], [{ percent: 20 }, { percent: 50 }]), 5),
}).map(defined), { minLength: 1, maxLength: 4 }).map((releases) => ({
  services: { web: { stable: 'v0', versions: Object.fromEntries(['v0', ...releases.map((_, i) => `v${i + 1}`)].map((name) => [name, {}])) } },
  releases: releases.map((spec, i) => ({ ...spec, name: `r${i}`, versions: { web: `v${i + 1}` } }) as NonNullable<StrategyDocument['releases']>[number]),
}));

const LIMIT = Number(process.env['KINDS'] ?? 6_000);

describe('random strategies', () => {
  it('have exactly the findings that exhaustion gives, each witness confirmed', () => {
    const seed = Number(process.env['FC_SEED'] ?? 20261122);
    const counts = { compared: 0, findings: 0, witnesses: 0 };
    fc.assert(fc.property(document, (spec) => {
      const expected = findingsByExhaustion(spec, LIMIT);
      if (expected === null) return;
      const found = analyse(strategyOf(spec));
      assert.deepEqual(found.map(subjectOf).sort(), [...expected].sort());
      counts.compared += 1;
      for (const finding of found) {
        counts.findings += 1;
        if (confirm(spec, finding)) counts.witnesses += 1;
      }
    }), { numRuns: Number(process.env['FC_RUNS'] ?? 150), seed });
    if (process.env['FC_RUNS'] !== undefined) process.stdout.write(`${JSON.stringify(counts)}\n`);
    assert.ok(counts.compared > 50);
  });
});

/** False when the finding has and needs no witness. */
function confirm(document: StrategyDocument, finding: Finding): boolean {
  const { witness, step } = finding;
  if (finding.kind === 'never-matches' || finding.kind === 'nobody-in') return false;
  assert.ok(witness !== null, `${subjectOf(finding)} has no witness`);
  const at = step === undefined ? document : { ...document, releases: (document.releases ?? []).map((release) => (release.name === step.release ? percentAt(release, step.percent) : release)) };
  const request = { method: witness.method, target: witness.target, rawHeaders: witness.headers.flat() };
  const matching = (name: string): boolean => evaluate({ ...at, releases: (at.releases ?? []).filter((release) => release.name === name).map((release) => ({ ...release, percent: 100, holdback: 0, when: release.when.map((spec) => ({ ...spec, percent: 100 })) })) }, request, { id: '', draw: '' }).lane === name;
  // Without a key only chance decides; the router has confirmed it with a draw of its own.
  if (!request.rawHeaders.join().includes('graylane-id') && usesChance(at)) return true;
  const { lane } = evaluate(at, request, { id: '', draw: '' });
  if ('winner' in finding) assert.equal(lane, finding.winner);
  if ('by' in finding) assert.ok(lane !== null && lane !== finding.release);
  const involved = 'releases' in finding ? finding.releases : 'release' in finding ? [finding.release] : [];
  for (const name of involved) assert.ok(matching(name), `${name} does not match`);
  return true;
}

function usesChance(document: StrategyDocument): boolean {
  return (document.releases ?? []).some(({ stickyBy }) => (stickyBy ?? ['anonymous']).some((key) => key === 'anonymous' || key === 'request'));
}
