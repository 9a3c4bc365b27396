// The short form of the verdict's simulation: the same questions, few runs, fixed seed; and that it could say no.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Judge } from './sim-verdict/judge.ts';
import { isReached } from './sim-verdict/page.ts';
import { argo } from './sim-verdict/peers/argo.ts';
import { flagger } from './sim-verdict/peers/flagger.ts';
import { isHigh, kayenta } from './sim-verdict/peers/kayenta.ts';
import { zTest } from './sim-verdict/peers/z-test.ts';
import { svg } from './sim-verdict/plot.ts';
import { seeded } from './sim-verdict/random.ts';
import { shareInterval, simulate } from './sim-verdict/runs.ts';
import { HARMFUL, HARMFUL_CLUSTERS, HARMLESS, HARMLESS_REQUESTS } from './sim-verdict/suite.ts';
import type { Question } from './sim-verdict/suite.ts';
import { HEALTHY, SLOT_MINUTES, trafficFor } from './sim-verdict/traffic.ts';
import type { Scenario, Traffic } from './sim-verdict/traffic.ts';

const SEED = 11;

function reaches(question: Question, runs: number): void {
  test(`${question.scenario.name}: ${question.judges[0]?.name ?? ''}`, () => {
    const tallies = simulate(question.scenario, question.judges.slice(0, 1), runs, SEED);
    assert.ok(isReached({ question, tallies }, true), `seed ${SEED}: ${JSON.stringify(tallies)}`);
  });
}

function shareStopped(change: Partial<Scenario>, judge: Judge, runs: number): number {
  const [tally] = simulate({ ...HEALTHY, ...change }, [judge], runs, SEED);
  return (tally?.stopped ?? 0) / runs;
}

describe('harmless releases are not stopped', () => {
  for (const question of HARMLESS) reaches(question, 200);
  for (const question of HARMLESS_REQUESTS) reaches(question, 60);
});

describe('harmful releases are stopped in time', () => {
  for (const question of HARMFUL) reaches(question, 201);
});

describe('the simulation tells good judges from bad ones', () => {
  test('requests taken for users stop harmless releases when users have 5 errors', () => {
    const question = HARMLESS_REQUESTS.find(({ scenario }) => scenario.errorsPerUser === 5);
    const judge = question?.judges.find(({ name }) => name === 'requests taken for users');
    assert.ok(question !== undefined && judge !== undefined);
    assert.ok(!isReached({ question, tallies: simulate(question.scenario, [judge], 60, SEED) }, true));
  });
  test('a z-test at each minute stops a quarter of harmless releases', () => assert.ok(shareStopped({}, zTest(), 60) > 0.25));
  test('Kayenta passes a canary that fails all requests in 40 % of minutes', () => assert.ok(shareStopped({ brokenMinutes: 0.4, minutes: 60 }, kayenta(60), 60) < 0.8));
  test('Flagger stops healthy canaries with little traffic', () => assert.ok(shareStopped({ errorRate: 0.005 }, flagger({ minPercent: 99, threshold: 1, steps: 10 }), 60) > 0.8));
  test('Argo passes a ninefold error rate under its threshold', () => assert.equal(shareStopped({ errorRate: 0.001, ratio: 9 }, argo({ minShare: 0.95, failureLimit: 3, count: 10 }), 60), 0));
});

/** Traffic with these bad ones of 100 treated requests in each minute. */
function scripted(bad: readonly number[], requests = 100): Traffic {
  const traffic = trafficFor({ ...HEALTHY, minutes: bad.length });
  traffic.requests[1].fill(requests);
  for (const [minute, count] of bad.entries()) traffic.bad[1][Math.round(minute / SLOT_MINUTES)] = count;
  return traffic;
}

describe('judges of others', () => {
  test('Flagger counts failed checks and never forgives one', () => {
    const judge = flagger({ minPercent: 99, threshold: 2, steps: 10 });
    assert.deepEqual(judge.judge(scripted([0, 5, 0, 0, 5, 0])), { kind: 'stopped', minute: 5 });
    assert.deepEqual(judge.judge(scripted([0, 5, 0, 0, 1, 0])), { kind: 'undecided' });
    assert.deepEqual(judge.judge(scripted(Array.from({ length: 12 }, () => 0))), { kind: 'passed', minute: 10 });
    assert.deepEqual(judge.judge(scripted([0, 0, 0], 0)), { kind: 'stopped', minute: 2 });
  });
  test('Argo fails with one failure more than its limit', () => {
    const judge = argo({ minShare: 0.95, failureLimit: 1, count: 4 });
    assert.deepEqual(judge.judge(scripted([6, 0, 6, 0])), { kind: 'stopped', minute: 3 });
    assert.deepEqual(judge.judge(scripted([6, 5, 5, 5])), { kind: 'passed', minute: 4 });
  });
  test('Kayenta sees a shift that is clear, and none where there is none', () => {
    const series = (from: number): Float64Array => Float64Array.from({ length: 30 }, (_, index) => from + ((index * 7) % 11));
    assert.equal(isHigh(series(100), series(100)), false);
    assert.equal(isHigh(series(120), series(100)), true);
    assert.equal(isHigh(series(80), series(100)), false);
    assert.equal(isHigh(series(102), series(100).map((value, index) => value + (index % 2))), false);
    assert.equal(isHigh(new Float64Array(5).fill(3), new Float64Array(6).fill(3)), false);
  });
});

describe('the draws', () => {
  const moments = (draw: () => number): readonly [mean: number, variance: number] => {
    const values = Array.from({ length: 20_000 }, draw);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return [mean, values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length];
  };
  const like = (name: string, draw: () => number, mean: number, variance: number): void => {
    test(name, () => {
      const [seenMean, seenVariance] = moments(draw);
      assert.ok(Math.abs(seenMean - mean) < 5 * Math.sqrt(variance / 20_000), `mean ${seenMean}`);
      assert.ok(Math.abs(seenVariance / variance - 1) < 0.1, `variance ${seenVariance}`);
    });
  };
  const random = seeded(SEED);
  for (const mean of [0.3, 9.5, 10, 48, 930]) like(`Poisson ${mean}`, () => random.poisson(mean), mean, mean);
  for (const mean of [2, 5]) like(`geometric ${mean}`, () => random.geometric(mean), mean, mean * (mean - 1));
  like('normal', () => random.normal(), 0, 1);
  like('exponential', () => random.exponential(), 1, 1);
  test('one seed gives one traffic', () => {
    const [question] = HARMFUL_CLUSTERS;
    assert.ok(question !== undefined);
    assert.deepEqual(simulate(question.scenario, question.judges, 5, 1), simulate(question.scenario, question.judges, 5, 1));
    assert.notDeepEqual(simulate(question.scenario, question.judges, 5, 1), simulate(question.scenario, question.judges, 5, 2));
  });
});

describe('the page', () => {
  test('a curve is drawn with its marks escaped', () => {
    const text = svg({ title: 'a < b & "c"', xLabel: 'x', yLabel: 'y', xMax: 10, yMax: 1, xTicks: [0, 10], yTicks: [0, 1], limit: { y: 0.5, name: 'half' }, curves: [{ name: 'one', color: '#123456', points: [[0, 0], [5, 1]] }] });
    assert.match(text, /a &lt; b &amp; &quot;c&quot;/);
    assert.match(text, /d="M64\.0 312\.0H292\.0V36\.0"/);
  });
  test('the interval of a share holds it', () => {
    for (const [hits, runs] of [[0, 100], [5, 100], [100, 100]] as const) {
      const [low, high] = shareInterval(hits, runs);
      assert.ok(low <= hits / runs && hits / runs <= high + 1e-12 && low >= 0);
    }
  });
});
