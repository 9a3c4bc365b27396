// The classes of a field against the router's own tests on random values: complete, and each with a true representative.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';

import { compileMatcher } from '../src/compile/matcher.ts';
import type { FieldPlan } from '../src/index.ts';
import { toBytes } from '../src/index.ts';
import { Partition } from '../src/analyse/partition.ts';
import { testOf } from '../src/analyse/test.ts';
import * as arbitrary from './arbitrary.ts';

const HEADER: FieldPlan = { kind: 'header', name: 'x-a' };

describe('classes of a header', () => {
  it('every value behaves as the representative of some class', () => {
    const value = fc.oneof(fc.string({ unit: fc.constantFrom(...'ab1203.-+crué京 '.split('')), maxLength: 12 }).map((text) => toBytes(text.trim())), fc.constantFrom('2.1.0-alpha', '2.1.0-rc.1', '2.1.0-rc.1.1', '2.1.0-rc.01', '2.1.0+b', '2.0.99', '3.0.0-0', '-1.500', '0001.5', '1.50000000000000000000001', '-0', '10.0'));
    fc.assert(fc.property(fc.array(arbitrary.matcher, { minLength: 1, maxLength: 4 }), fc.array(value, { maxLength: 30 }), (matchers, values) => {
      const plans = matchers.map((matcher) => compileMatcher(matcher, 'other'));
      const partition: Partition | null = Partition.of(HEADER, plans, false);
      assert.ok(partition !== null);
      const tests = plans.map(testOf);
      const rows = new Set<string>(partition.classes.map((_, i): string => plans.map((plan) => Number(partition.setOf(plan).has(i))).join('')));
      for (const one of [null, ...values]) {
        const row = tests.map((test) => Number(test(one))).join('');
        assert.ok(rows.has(row), `${JSON.stringify(one)} behaves as ${row}, which no class does`);
      }
      partition.classes.forEach(({ value: shown }, i) => {
        assert.equal(plans.map((plan) => Number(partition.setOf(plan).has(i))).join(''), tests.map((test) => Number(test(shown))).join(''));
      });
    }), { numRuns: 150 });
  });

  it('two classes that are not literal differ in some test', () => {
    fc.assert(fc.property(fc.array(arbitrary.matcher, { minLength: 1, maxLength: 3 }), (matchers) => {
      const partition = Partition.of(HEADER, matchers.map((matcher) => compileMatcher(matcher, 'other')), false);
      assert.ok(partition !== null);
      const values = partition.classes.map(({ value }) => value);
      assert.equal(new Set(values).size, values.length);
    }), { numRuns: 80 });
  });
});

function check(plan: FieldPlan, matcher: Parameters<typeof compileMatcher>[0], possible: boolean): void {
  const test = compileMatcher(matcher, plan.kind === 'path' ? 'path' : 'other');
  assert.equal((Partition.of(plan, [test], false)?.setOf(test).size ?? 0) > 0, possible);
}

describe('values that never arrive', () => {
  it('a header value with a space in front', () => check(HEADER, ' a', false));
  it('a header value with a line end', () => check(HEADER, 'a\nb', false));
  it('a cookie with a semicolon', () => check({ kind: 'cookie', name: 'c' }, 'a;b', false));
  it('a header with a semicolon does', () => check(HEADER, 'a;b', true));
  it('a host in upper case', () => check({ kind: 'host' }, 'Example.com', false));
  it('an empty method', () => check({ kind: 'method' }, '', false));
  it('a path without a slash', () => check({ kind: 'path' }, 'a', false));
  it('a path with dot segments', () => check({ kind: 'path' }, '/a/../b', false));
  it('a path with a query', () => check({ kind: 'path' }, '/a?b', false));
  it('an absent path', () => check({ kind: 'path' }, { present: false }, false));
  it('a query value with a line end does', () => check({ kind: 'query', name: 'q' }, 'a\nb', true));
  it('a prefix and an expression that exclude each other', () => check(HEADER, { not: { any: [{ not: { prefix: 'ab' } }, { not: { regex: 'a|b.*' } }] } }, false));
  it('a version between two neighbours', () => check(HEADER, { semver: '>1.2.3-a <1.2.3-a.0' }, false));
  it('a version between two pre-releases', () => check(HEADER, { semver: '>1.2.3-a <1.2.3-b' }, true));
  it('a decimal between two close bounds', () => check(HEADER, { gt: '0.1', lt: '0.1000000000000000000001' }, true));
  it('a decimal between equal bounds', () => check(HEADER, { gt: '0.1', lte: '0.10' }, false));
});
