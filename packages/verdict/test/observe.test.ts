// Any counts, cut in any way: the state adds them up exactly, stays plain data and never breaks.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { createVerdict, judge, mergeObservations, observe } from '@graylane/verdict';
import type { ArmCounts, Observation, State, VerdictConfig } from '@graylane/verdict';
import { ERRORS, after, arm, every, numbersIn, seen } from './helpers.ts';

const ALL: VerdictConfig = {
  guardrails: [
    ERRORS, { kind: 'share', name: 'requests', counting: 'requests' }, { kind: 'quantile', name: 'p95', quantile: 0.95, edges: [10, 20, 40] }, { kind: 'metric', name: 'heap', worse: 'higher' },
  ],
};

const SHARES = [0, 0.05, 0.2, 1];
const count = fc.oneof(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 0, max: 1_000_000 }), fc.constantFrom(0, Number.MAX_SAFE_INTEGER));
const small = fc.integer({ min: 0, max: 40 });
const counts = (number: fc.Arbitrary<number>): fc.Arbitrary<ArmCounts> => fc.record({
  units: number, bad: fc.record({ errors: number, requests: number }), histogram: fc.record({ p95: fc.tuple(number, number, number, number) }),
  value: fc.record({ heap: fc.oneof(fc.double({ min: -1e100, max: 1e100, noNaN: true }), fc.constantFrom(0, 1, -1, 1e-300)) }),
});
const observations = (number: fc.Arbitrary<number>): fc.Arbitrary<readonly Observation[]> => fc.array(
  fc.record({ at: fc.integer({ min: 0, max: 1e13 }), share: fc.constantFrom(...SHARES), treated: counts(number), control: counts(number) }), { maxLength: 8 });

/** All but what is about looks: their number, and the one at which something was first seen to cross. */
function sums(state: State): unknown {
  return JSON.parse(JSON.stringify(state, (key, value: unknown) => (['looks', 'crossed', 'splitCrossed'].includes(key) ? null : value)));
}

/** Two observations that add up to one; a metric's value is one a block and stays in the second. */
function halves(one: Observation): readonly [Observation, Observation] {
  const cut = (counts: ArmCounts, part: (value: number) => number): ArmCounts => ({
    units: part(counts.units), bad: Object.fromEntries(Object.entries(counts.bad ?? {}).map(([name, bad]) => [name, part(bad)])),
    histogram: Object.fromEntries(Object.entries(counts.histogram ?? {}).map(([name, buckets]) => [name, buckets.map(part)])),
  });
  const first = (value: number): number => Math.floor(value / 3);
  const rest = (value: number): number => value - first(value);
  return [
    { ...one, treated: cut(one.treated, first), control: cut(one.control, first) },
    { ...one, treated: { ...cut(one.treated, rest), value: one.treated.value ?? {} }, control: { ...cut(one.control, rest), value: one.control.value ?? {} } },
  ];
}

describe('observe', () => {
  test('however counts are cut, they add up to the same state', () => {
    fc.assert(fc.property(observations(small), (saw) => {
      const whole = after(createVerdict(ALL), saw);
      const cut = after(createVerdict(ALL), saw.flatMap(halves));
      assert.deepEqual(sums(cut), sums(whole));
    }));
  });

  test('looking more often never misses harm that looking less often finds', () => {
    fc.assert(fc.property(observations(small), (saw) => {
      const seldom = after(createVerdict(ALL), saw);
      const often = after(createVerdict(ALL), saw.flatMap(halves));
      for (const [index, watch] of seldom.watches.entries()) if (watch.crossed !== null) assert.notEqual(often.watches[index]?.crossed, null);
    }));
  });

  test('counts of several data planes merge into the counts of all', () => {
    fc.assert(fc.property(observations(small), (saw) => {
      for (const one of saw) {
        const [first, rest] = halves(one);
        assert.deepEqual(sums(observe(createVerdict(ALL), mergeObservations(first, rest))), sums(observe(createVerdict(ALL), one)));
      }
    }));
  });

  test('a state stored as JSON goes on as if it had never been stored', () => {
    fc.assert(fc.property(observations(small), observations(small), (before, later) => {
      const kept = after(createVerdict(ALL), before);
      const stored = JSON.parse(JSON.stringify(kept)) as State;
      assert.deepEqual(stored, kept);
      assert.deepEqual(judge(after(stored, later)), judge(after(kept, later)));
    }), { numRuns: 20 });
  });

  test('no count whatever makes a number that is not finite', () => {
    fc.assert(fc.property(observations(count), fc.boolean(), fc.constantFrom('randomised', 'stable'), (saw, closing, control) => {
      const state = after(createVerdict({ ...ALL, control }), saw);
      for (const [path, number] of [...numbersIn(state, 'state'), ...numbersIn(judge(state, { closing }), 'verdict')]) assert.ok(Number.isFinite(number), `${path} is ${number}`);
      assert.doesNotMatch(JSON.stringify(judge(state)), /NaN|Infinity/);
    }), { numRuns: 60 });
  });

  test('every answer comes with a reason and evidence of each guardrail', () => {
    fc.assert(fc.property(observations(small), fc.boolean(), (saw, closing) => {
      const verdict = judge(after(createVerdict(ALL), saw), { closing });
      assert.ok(verdict.reasons.length > 0);
      assert.deepEqual(verdict.evidence.map((one) => one.guardrail), ['errors', 'requests', 'p95', 'heap']);
      assert.ok(!closing || verdict.answer !== 'waiting');
    }), { numRuns: 30 });
  });

  test('the state that was observed from is left as it was', () => {
    const before = after(createVerdict(ALL), every(3, arm(5, 1), arm(95, 2)));
    const copy = structuredClone(before);
    observe(before, seen(4, arm(5, 5), arm(95)));
    assert.deepEqual(before, copy);
  });

  test('a split that changes all the time is bounded, and then nothing passes', () => {
    const saw = Array.from({ length: 400 }, (_, index) => seen(index, arm(50, 1), arm(950, 19), 0.04 + index / 20_000));
    const state = after(createVerdict({ guardrails: [ERRORS], sampleRatio: { tolerance: 1 } }), saw);
    const [watch] = state.watches;
    assert.ok(watch?.kind === 'share' && watch.strata.length === 256 && state.split.length === 256);
    const { answer, reasons } = judge(state);
    assert.deepEqual([answer, reasons[0]?.code], ['inconclusive', 'too-many-shares']);
  });

  for (const name of ['constructor', '__proto__', 'toString']) {
    test(`a guardrail may be called ${name}`, () => {
      const state = createVerdict({ guardrails: [{ kind: 'share', name }] });
      const none: Observation = { at: 0, share: 0.05, treated: { units: 3 }, control: { units: 40, bad: {} } };
      assert.equal(judge(observe(state, none)).answer, 'waiting');
      const bad = JSON.parse(`{ ${JSON.stringify(name)}: 3 }`) as Record<string, number>;
      assert.equal(judge(observe(state, { ...none, treated: { units: 3, bad } })).answer, 'harm');
    });
  }
});

describe('what cannot be counts is refused with its place', () => {
  const refused = (place: RegExp, observation: Observation): void => {
    test(String(place), () => assert.throws(() => observe(createVerdict(ALL), observation), { name: 'RangeError', message: place }));
  };
  refused(/treated\.units of the observation/, seen(0, arm(-1), arm(1)));
  refused(/control\.units of the observation/, seen(0, arm(1), arm(0.5)));
  refused(/treated\.bad\["errors"\] of/, seen(0, arm(1, NaN), arm(1)));
  refused(/control\.fresh of/, seen(0, arm(1), { units: 1, fresh: Infinity }));
  refused(/treated\.requests of/, seen(0, { units: 1, requests: -5 }, arm(1)));
  refused(/treated\.histogram\["p95"\] of the observation must be 4 counts/, seen(0, { units: 1, histogram: { p95: [1, 2] } }, arm(1)));
  refused(/control\.histogram\["p95"\]\[2\]/, seen(0, arm(1), { units: 1, histogram: { p95: [1, 2, -3, 4] } }));
  refused(/treated\.value\["heap"\]/, seen(0, { units: 1, value: { heap: Infinity } }, arm(1)));
  refused(/share of the observation must be from 0 to 1/, seen(0, arm(1), arm(1), 1.5));
  refused(/share of the observation/, seen(0, arm(1), arm(1), null));
  refused(/at of the observation/, { ...seen(0, arm(1), arm(1)), at: NaN });

  test('counts under different shares do not merge', () => {
    assert.throws(() => mergeObservations(seen(0, arm(1), arm(1), 0.05), seen(0, arm(1), arm(1), 0.1)), { name: 'RangeError', message: /share of 0\.1/ });
  });
});
