// Answers as people ask for them: what was seen, what the verdict says, and why.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { createVerdict, judge } from '@graylane/verdict';
import type { Answer, Guardrail, Observation, ReasonCode, Verdict, VerdictConfig } from '@graylane/verdict';
import { ERRORS, MINUTE, after, arm, every, seen } from './helpers.ts';

interface Case {
  readonly config?: Partial<VerdictConfig>;
  readonly guardrails?: readonly Guardrail[];
  readonly saw: readonly Observation[];
  readonly closing?: boolean;
  readonly answer: Answer;
  readonly because: readonly ReasonCode[];
}

function check(name: string, { config, guardrails, saw, closing, answer, because }: Case, more?: (verdict: Verdict) => void): void {
  test(name, () => {
    const verdict = judge(after(createVerdict({ ...config, guardrails: guardrails ?? [ERRORS] }), saw), { closing: closing ?? false });
    assert.deepEqual({ answer: verdict.answer, because: verdict.reasons.map((reason) => reason.code) }, { answer, because }, JSON.stringify(verdict, null, 1));
    more?.(verdict);
  });
}

describe('a share of bad users', () => {
  check('waits before anything was seen', { saw: [], answer: 'waiting', because: ['no-data'] });
  check('is inconclusive when time is up and nothing was seen', { saw: [], closing: true, answer: 'inconclusive', because: ['no-data'] });
  check('is inconclusive when control saw nobody', { saw: every(60, arm(50), arm(0), 1), closing: true, answer: 'inconclusive', because: ['no-data'] }, ({ reasons }) => {
    assert.match(reasons[0]?.text ?? '', /no units were seen in control/);
  });
  check('is inconclusive when time is up with too little', { saw: every(1, arm(50), arm(950)), closing: true, answer: 'inconclusive', because: ['too-little-data', 'not-bounded'] });
  check('waits while harm is neither found nor bounded', { saw: every(10, arm(50, 1), arm(950, 19)), answer: 'waiting', because: ['not-bounded'] });
  check('goes on when harm is bounded by the difference', { saw: every(60, arm(50), arm(950, 1)), answer: 'go', because: ['within-margin'] }, ({ evidence }) => {
    assert.equal(evidence[0]?.bounded, 'difference');
  });
  check('goes on when harm is bounded by the ratio, at a rate too high for the difference', { saw: every(60, arm(500, 100), arm(500, 100), 0.5), answer: 'go', because: ['within-margin'] }, ({ evidence }) => {
    assert.equal(evidence[0]?.bounded, 'ratio');
  });
  check('stops a fivefold error rate', { saw: every(12, arm(50, 3), arm(950, 10)), answer: 'harm', because: ['harm'] }, ({ reasons, evidence }) => {
    assert.match(reasons[0]?.text ?? '', /^errors: \d+ of \d+ users bad against \d+ of \d+ in control; \d+\.\d\d times control \(at most 1\.25 is allowed\)$/);
    const [one] = evidence;
    assert.ok(one?.crossed !== null && one !== undefined && (one.crossed.at) < 6 * MINUTE);
    assert.ok((one.ratio.low ?? 0) > one.limit, 'the interval shows it too');
  });
  check('stops a total failure at the second or third bad user', { saw: [seen(0.2, arm(1, 1), arm(19)), seen(0.4, arm(1, 1), arm(19)), seen(0.6, arm(1, 1), arm(19))], answer: 'harm', because: ['harm'] });
  check('keeps to harm once found, however good the canary looks later', { saw: [...every(12, arm(50, 3), arm(950, 10)), ...every(500, arm(50), arm(950, 10))], answer: 'harm', because: ['harm'] });
  check('does not stop when an outage hits both arms alike', { saw: [...every(10, arm(50), arm(950, 2)), ...every(10, arm(50, 25), arm(950, 475))], answer: 'go', because: ['within-margin'] });
  check('does not stop a canary that is better', { saw: every(60, arm(50), arm(950, 50)), answer: 'go', because: ['within-margin'] });
  check('does not compare rates of hours in which the arms were filled differently', {
    config: { sampleRatio: { tolerance: 1 } }, guardrails: [{ ...ERRORS, margin: { ratio: 1, difference: 0.005 } }],
    saw: [seen(0, arm(1_050, 63), arm(20_000, 800)), seen(1, arm(50_000, 600), arm(5_500, 33), 0.9)], answer: 'waiting', because: ['not-bounded'],
  }, ({ evidence }) => {
    // Pooled, control would look three times as bad as treated, who are worse in both hours.
    assert.ok((evidence[0]?.difference?.estimate ?? 0) > 0.005);
    assert.ok((evidence[0]?.ratio.estimate ?? 0) > 1.4);
  });
  check('counts a user who turned bad after moving to treated', { saw: [...every(5, arm(50), arm(950)), ...every(10, { ...arm(10, 6), fresh: 0 }, arm(0, 4), 0.2)], answer: 'harm', because: ['harm'] });
});

describe('the split', () => {
  check('that does not hold is inconclusive, also while time is left', { saw: every(60, arm(20), arm(950)), answer: 'inconclusive', because: ['sample-ratio-mismatch'] }, ({ reasons }) => {
    assert.match(reasons[0]?.text ?? '', /1200 of 58200 units were treated \(2\.06 %\), 5\.00 % were drawn/);
  });
  check('that does not hold comes before harm that it may have faked', { saw: [...every(60, arm(20), arm(950)), ...every(12, arm(50, 5), arm(950, 5))], answer: 'inconclusive', because: ['sample-ratio-mismatch'] });
  check('that breaks after harm was found leaves it found', { saw: [...every(12, arm(50, 5), arm(950, 5)), ...every(60, arm(0), arm(950))], answer: 'harm', because: ['harm'] });
  check('within its tolerance is left alone', { saw: every(600, arm(51), arm(949)), answer: 'go', because: ['within-margin'] });
  check('is judged by users new to the release: raising the percentage moves others', { saw: [...every(30, arm(50), arm(950)), ...every(30, { ...arm(700), fresh: 200 }, { ...arm(800), fresh: 800 }, 0.2)], answer: 'go', because: ['within-margin'] });
});

describe('several guardrails', () => {
  const two: readonly Guardrail[] = [ERRORS, { kind: 'share', name: 'slow' }];
  const both = (errors: number, slow: number, units: number): Observation['treated'] => ({ units, bad: { errors, slow } });
  check('pass only together', { guardrails: two, saw: every(60, both(0, 12, 50), both(1, 190, 950)), answer: 'waiting', because: ['not-bounded'] }, ({ reasons }) => {
    assert.equal(reasons[0]?.guardrail, 'slow');
  });
  check('stop when one of them is exceeded, and name it', { guardrails: two, saw: every(20, both(0, 10, 50), both(1, 19, 950)), answer: 'harm', because: ['harm'] }, ({ reasons, evidence }) => {
    assert.equal(reasons[0]?.guardrail, 'slow');
    assert.deepEqual(evidence.map((one) => one.alpha), [0.005, 0.005]);
  });
  check('share alpha by weight', { guardrails: [{ ...ERRORS, weight: 3 }, { kind: 'share', name: 'slow' }], saw: [], answer: 'waiting', because: ['no-data'] }, ({ evidence }) => {
    assert.deepEqual(evidence.map((one) => one.alpha), [0.0075, 0.0025]);
  });
});

describe('stable as a whole for control', () => {
  const config = { control: 'stable' } as const;
  check('passes with the note that arms were not drawn', { config, saw: every(60, arm(50), arm(950, 1), null), answer: 'go', because: ['within-margin', 'not-randomised'] });
  check('stops a fivefold error rate', { config, saw: every(60, arm(50, 3), arm(950, 10), null), answer: 'harm', because: ['harm', 'not-randomised'] });
  check('knows no split that could break', { config, saw: every(60, arm(500), arm(950, 1), null), answer: 'go', because: ['within-margin', 'not-randomised'] });
});

describe('a share of bad requests', () => {
  const requests: readonly Guardrail[] = [{ kind: 'share', name: 'errors', counting: 'requests' }];
  const burst = (units: number, bad: number): Observation['treated'] => ({ units, requests: units * 5, bad: { errors: bad } });
  check('does not stop for the burst of one user', { guardrails: requests, saw: [seen(0, burst(50, 8), burst(950, 0))], answer: 'waiting', because: ['too-little-data', 'not-bounded'] });
  check('taken for users stops for it', { saw: [seen(0, burst(50, 8), burst(950, 0))], answer: 'harm', because: ['harm'] });
  check('stops when many more fail', { guardrails: requests, saw: every(60, burst(50, 13), burst(950, 48)), answer: 'harm', because: ['harm'] }, ({ evidence }) => {
    assert.equal(evidence[0]?.unit, 'request');
  });
});

describe('a quantile', () => {
  const p95: readonly Guardrail[] = [{ kind: 'quantile', name: 'p95', quantile: 0.95, edges: [50, 100, 110, 120, 130, 140, 200, 400] }];
  const shape = (buckets: readonly number[], times: number): Observation['treated'] => ({ units: buckets.reduce((sum, one) => sum + one, 0) * times, histogram: { p95: buckets.map((one) => one * times) } });
  const fast = [40, 45, 6, 5, 2, 1, 1, 0, 0];
  check('passes when both arms are alike', { guardrails: p95, saw: every(60, shape(fast, 1), shape(fast, 19)), answer: 'go', because: ['within-margin'] });
  check('stops when the slow tail doubles its time', { guardrails: p95, saw: every(60, shape([30, 40, 5, 5, 0, 0, 5, 15, 0], 1), shape(fast, 19)), answer: 'harm', because: ['harm'] }, ({ reasons }) => {
    assert.match(reasons[0]?.text ?? '', /^p95: 400 against 120 in control/);
  });
  check('stops when the slow tail leaves the last edge behind', { guardrails: p95, saw: every(60, shape([30, 40, 5, 5, 0, 0, 0, 0, 20], 1), shape(fast, 19)), answer: 'harm', because: ['harm'] });
  check('does not stop because slow hours had more treated users than fast ones', {
    guardrails: p95, config: { sampleRatio: { tolerance: 1 } }, saw: [...every(30, shape(fast, 1), shape(fast, 19)), ...every(30, shape([0, 0, 0, 0, 0, 0, 40, 45, 15], 9), shape([0, 0, 0, 0, 0, 0, 40, 45, 15], 1), 0.9)],
    answer: 'waiting', because: ['not-bounded'],
  }, ({ evidence }) => {
    const [one] = evidence;
    assert.ok(one !== undefined && one.crossed === null);
    // The second stretch has a sixth of alpha and the first had half, each for two arms: parts that add up to alpha.
    assert.ok(Math.abs(one.needed - Math.log(12 / 0.01)) < 1e-9);
  });
  check('waits while a few samples say little', { guardrails: p95, saw: every(1, shape(fast, 1), shape(fast, 19)), answer: 'waiting', because: ['not-bounded'] });
});

describe('a metric', () => {
  const heap: readonly Guardrail[] = [{ kind: 'metric', name: 'heap', worse: 'higher' }];
  const value = (units: number, heap: number): Observation['treated'] => ({ units, value: { heap } });
  /** Noise that repeats nothing too soon, up and down alike. */
  const noise = (minute: number, size: number): number => size * Math.sin(minute * 2.4);
  const run = (minutes: number, treated: (minute: number) => number, control: (minute: number) => number): readonly Observation[] =>
    Array.from({ length: minutes }, (_, minute) => seen(minute, value(50, treated(minute)), value(950, control(minute))));
  check('passes when both arms are alike', { guardrails: heap, saw: run(60, (m) => 100 + noise(m, 10), (m) => 100 + noise(m + 1, 10)), answer: 'go', because: ['within-margin'] });
  check('stops at double the value within a quarter of an hour', { guardrails: heap, saw: run(15, (m) => 200 + noise(m, 10), (m) => 100 + noise(m + 1, 10)), answer: 'harm', because: ['harm'] });
  check('is not decided by one outlier', { guardrails: heap, saw: run(40, (m) => (m === 20 ? 1e9 : 100 + noise(m, 10)), (m) => 100 + noise(m + 1, 10)), answer: 'go', because: ['within-margin'] });
  check('that has to stay high stops when it halves', { guardrails: [{ kind: 'metric', name: 'heap', worse: 'lower' }], saw: run(20, (m) => 50 + noise(m, 5), (m) => 100 + noise(m, 5)), answer: 'harm', because: ['harm'] });
  check('below zero is judged by its size', { guardrails: heap, saw: run(60, (m) => -100 + noise(m, 5), (m) => -100 + noise(m + 1, 5)), answer: 'go', because: ['within-margin'] });
  check('equal in every block is no evidence of anything but equality', { guardrails: heap, saw: run(60, () => 0, () => 0), closing: true, answer: 'inconclusive', because: ['not-bounded'] });
  check('that one arm never reported is missing', { guardrails: heap, saw: every(30, arm(50), arm(950)), closing: true, answer: 'inconclusive', because: ['no-data'] });
});
