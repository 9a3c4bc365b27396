// The policies of a group on fake time: budget, health, picking, waiting.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Health } from '../src/health.ts';
import { DEFAULT_LIMITS } from '../src/limits.ts';
import { pickIndex } from '../src/pick.ts';
import { RetryBudget } from '../src/retry-budget.ts';
import { WaitingLine } from '../src/waiting-line.ts';

void describe('the retry budget', () => {
  void it('allows a fifth of the requests of the last ten seconds', () => {
    const budget = new RetryBudget(DEFAULT_LIMITS);
    for (let i = 0; i < 1_000; i++) budget.request(5_000);
    let granted = 0;
    for (let i = 0; i < 1_000; i++) if (budget.tryRetry(5_000)) granted++;
    assert.equal(granted, 200);
  });

  void it('allows a few where there is little traffic, and forgets after its window', () => {
    const budget = new RetryBudget(DEFAULT_LIMITS);
    let granted = 0;
    for (let i = 0; i < 100; i++) if (budget.tryRetry(1_000)) granted++;
    assert.equal(granted, 30);
    assert.equal(budget.tryRetry(10_500), false);
    assert.equal(budget.tryRetry(11_000), true);
  });
});

void describe('health', () => {
  const bounds = { ejectAfter: 3, ejectBaseMs: 1_000, ejectMaxMs: 4_000, slowStartMs: 1_000 };

  void it('ejects after failures in a row only', () => {
    const health = new Health(bounds, 0, true);
    assert.deepEqual([health.failed(), health.failed()], [false, false]);
    health.answered(1, 5);
    assert.deepEqual([health.failed(), health.failed(), health.failed()], [false, false, true]);
  });

  void it('doubles the time of each ejection up to its limit, and starts again after an answer', () => {
    const health = new Health(bounds, 0, true);
    assert.deepEqual([health.eject(0), health.eject(1_000), health.eject(3_000), health.eject(7_000)], [1_000, 2_000, 4_000, 4_000]);
    assert.equal(health.isEjected(10_999), true);
    assert.equal(health.isEjected(11_000), false);
    health.answered(11_000, 5);
    assert.equal(health.eject(12_000), 1_000);
  });

  void it('gives a fresh or returned upstream its share little by little', () => {
    const health = new Health(bounds, 0, false);
    assert.deepEqual([health.share(0), health.share(500), health.share(1_000)], [0.1, 0.5, 1]);
    assert.equal(new Health(bounds, 0, true).share(0), 1);
  });
});

void describe('picking', () => {
  const random = (...draws: number[]): (() => number) => () => draws.shift() ?? 0;

  void it('takes the less loaded of two, then the faster', () => {
    const members = [{ outstanding: 3, ewmaMs: 1, share: 1 }, { outstanding: 1, ewmaMs: 9, share: 1 }, { outstanding: 1, ewmaMs: 2, share: 1 }];
    assert.equal(pickIndex(3, (i) => members[i]!, random(0, 0)), 1);
    assert.equal(pickIndex(3, (i) => members[i]!, random(0.4, 0)), 2);
  });

  void it('gives a fresh winner its share of the draws', () => {
    const members = [{ outstanding: 0, ewmaMs: 0, share: 0.1 }, { outstanding: 5, ewmaMs: 1, share: 1 }];
    assert.equal(pickIndex(2, (i) => members[i]!, random(0, 0, 0.05)), 0);
    assert.equal(pickIndex(2, (i) => members[i]!, random(0, 0, 0.5)), 1);
  });
});

void describe('the waiting line', () => {
  void it('is bounded, in order, and has one deadline for all', () => {
    const line = new WaitingLine<string>({ waitingPerGroup: 3, waitMs: 100 });
    assert.deepEqual([line.push('a', 0), line.push('b', 10), line.push('c', 20), line.push('d', 30)], [true, true, true, false]);
    line.remove('b');
    assert.equal(line.first, 'a');
    assert.deepEqual(line.takeLate(99), []);
    assert.deepEqual(line.takeLate(100), ['a']);
    assert.deepEqual(line.takeAll(), ['c']);
    assert.equal(line.length, 0);
  });
});
