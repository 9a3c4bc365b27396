// The promise behind every stop: under a limit that holds, evidence grows on average not at all. Computed, not simulated.

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { logEvidenceAbove, logEvidenceBelow, lowerRatio, reachesAbove, reachesBelow, upperRatio } from '../src/arrivals.ts';
import { NO_WEALTH, bet, logWealth } from '../src/betting.ts';
import { mixtureAround } from '../src/mixture.ts';
import { logShareEvidence, lowerShare, upperShare } from '../src/share.ts';
import { temperedPower } from '../src/tempering.ts';

const SAFE = mixtureAround(1.25);
const share = fc.double({ min: 0.001, max: 0.999, noNaN: true });
const ratio = fc.double({ min: 0.2, max: 20, noNaN: true });
const count = fc.integer({ min: 0, max: 2_000 });
const strata = fc.array(fc.record({ share, treated: count, control: count }), { maxLength: 4 });

/** Probability that an arrival is treated, when the rates have this ratio. */
function treatedOf(share: number, ratio: number): number {
  return (share * ratio) / (share * ratio + 1 - share);
}

/** Probabilities of 0 … n hits of a binomial. */
function binomial(n: number, p: number): readonly number[] {
  let row = [1];
  for (let trial = 0; trial < n; trial += 1) row = Array.from({ length: row.length + 1 }, (_, hits) => (row[hits] ?? 0) * (1 - p) + (row[hits - 1] ?? 0) * p);
  return row;
}

function near(actual: number, expected: number, what: string): void {
  assert.ok(Math.abs(actual - expected) < 1e-6 * Math.max(1, Math.abs(expected)), `${what}: ${actual} is not ${expected}`);
}

describe('arrivals', () => {
  test('after any number of arrivals the mean evidence is 1 at the limit, and less below it', () => {
    for (const [s, limit, truth] of [[0.05, 1, 1], [0.05, 1.25, 1.25], [0.5, 1.25, 1.25], [0.01, 3, 3], [0.05, 1.25, 1], [0.5, 2, 0.5]] as const) {
      const weights = binomial(40, treatedOf(s, truth));
      const mean = weights.reduce((sum, weight, treated) => sum + weight * Math.exp(logEvidenceAbove([{ share: s, treated, control: 40 - treated }], limit, 1)), 0);
      if (truth === limit) near(mean, 1, `share ${s}, limit ${limit}`);
      else assert.ok(mean < 1, `share ${s}, limit ${limit}, truth ${truth}: ${mean}`);
      const below = weights.reduce((sum, weight, treated) => sum + weight * Math.exp(logEvidenceBelow([{ share: s, treated, control: 40 - treated }], truth, 1, SAFE)), 0);
      near(below, 1, `below, share ${s}, at ${truth}`);
    }
  });

  test('the probability of ever stopping at the limit stays under alpha, looked at with every arrival', () => {
    const arrivals = 300;
    for (const [s, limit, alpha] of [[0.05, 1, 0.01], [0.05, 1.25, 0.01], [0.5, 1, 0.05]] as const) {
      const q = treatedOf(s, limit);
      let open = [1];
      let stopped = 0;
      for (let n = 1; n <= arrivals; n += 1) {
        const next = Array.from({ length: n + 1 }, (_, treated) => (open[treated] ?? 0) * (1 - q) + (open[treated - 1] ?? 0) * q);
        open = next.map((weight, treated) => {
          if (weight < 1e-12 || !reachesAbove([{ share: s, treated, control: n - treated }], limit, -Math.log(alpha), 1)) return weight;
          stopped += weight;
          return 0;
        });
      }
      assert.ok(stopped <= alpha, `share ${s}, limit ${limit}: ${stopped} > ${alpha}`);
      assert.ok(stopped > alpha / 20, `share ${s}, limit ${limit}: ${stopped} wastes alpha ${alpha}`);
    }
  });

  test('a bad treated unit never speaks for the canary, a bad control unit never against it', () => {
    fc.assert(fc.property(strata, share, ratio, fc.integer({ min: 1, max: 5 }), (before, s, limit, perUnit) => {
      const now = logEvidenceAbove([...before, { share: s, treated: 5, control: 5 }], limit, perUnit);
      assert.ok(logEvidenceAbove([...before, { share: s, treated: 6, control: 5 }], limit, perUnit) >= now - 1e-9);
      assert.ok(logEvidenceAbove([...before, { share: s, treated: 5, control: 6 }], limit, perUnit) <= now + 1e-9);
    }));
  });

  test('a higher limit is never easier to exceed', () => {
    fc.assert(fc.property(strata, ratio, ratio, (counts, one, other) => {
      const [low, high] = one < other ? [one, other] : [other, one];
      assert.ok(logEvidenceAbove(counts, high, 1) <= logEvidenceAbove(counts, low, 1) + 1e-9);
      assert.ok(logEvidenceBelow(counts, high, 1, SAFE) >= logEvidenceBelow(counts, low, 1, SAFE) - 1e-9);
    }));
  });

  test('the quick answer is the exact one', () => {
    fc.assert(fc.property(strata, ratio, fc.double({ min: 0.1, max: 20, noNaN: true }), fc.integer({ min: 1, max: 5 }), (counts, limit, needed, perUnit) => {
      assert.equal(reachesAbove(counts, limit, needed, perUnit), logEvidenceAbove(counts, limit, perUnit) >= needed);
      assert.equal(reachesBelow(counts, limit, needed, perUnit, SAFE), logEvidenceBelow(counts, limit, perUnit, SAFE) >= needed);
    }));
  });

  test('the bounds of the ratio are where the evidence turns', () => {
    fc.assert(fc.property(strata, (counts) => {
      const needed = Math.log(100);
      const low = lowerRatio(counts, needed, 1);
      const high = upperRatio(counts, needed, 1, SAFE);
      if (low > 0) {
        assert.ok(reachesAbove(counts, low * 0.999, needed, 1));
        assert.ok(!reachesAbove(counts, low * 1.001, needed, 1));
      }
      if (high !== null) {
        assert.ok(reachesBelow(counts, high * 1.001, needed, 1, SAFE));
        assert.ok(!reachesBelow(counts, high * 0.999, needed, 1, SAFE));
      }
    }), { numRuns: 30 });
  });

  test('arrivals while everybody or nobody is treated say nothing', () => {
    for (const s of [0, 1]) near(logEvidenceAbove([{ share: s, treated: 50, control: 0 }], 1.25, 1), 0, `share ${s}`);
  });
});

describe('several bad requests of one user', () => {
  test('a user counts in the mean for nothing at the limit, whatever the number of requests', () => {
    fc.assert(fc.property(share, ratio, fc.double({ min: 0.03, max: 6, noNaN: true }), fc.integer({ min: 2, max: 20 }), (s, limit, step, perUser) => {
      const treated = treatedOf(s, limit);
      const logControl = -Math.log((s * limit * Math.exp(step) + 1 - s) / (s * limit + 1 - s));
      const power = temperedPower(treated, step + logControl, logControl, perUser);
      assert.ok(power > 0 && power <= 1);
      let mean = 0;
      for (let requests = 1, probability = 1 / perUser; requests < 400 * perUser; requests += 1, probability *= 1 - 1 / perUser) {
        mean += probability * (treated * Math.exp(power * requests * (step + logControl)) + (1 - treated) * Math.exp(power * requests * logControl));
      }
      assert.ok(mean <= 1 + 1e-9, `${mean}`);
    }), { numRuns: 50 });
  });

  test('one request a user is the plain case', () => {
    assert.equal(temperedPower(0.05, 1.5, -0.2, 1), 1);
  });
});

describe('the share of one arm', () => {
  test('the mean evidence is 1 at the true share', () => {
    for (const p of [0.001, 0.05, 0.5, 0.95]) {
      for (const direction of [1, -1] as const) {
        const mean = binomial(60, p).reduce((sum, weight, bad) => sum + weight * Math.exp(logShareEvidence({ units: 60, bad }, p, direction)), 0);
        near(mean, 1, `share ${p}, direction ${direction}`);
      }
    }
  });

  test('bounds enclose the estimate and close in on it', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 100_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (units, part) => {
      const tally = { units, bad: Math.floor(units * part) };
      const needed = Math.log(100);
      const low = lowerShare(tally, needed);
      const high = upperShare(tally, needed);
      assert.ok(low >= 0 && low <= tally.bad / units + 1e-12 && high >= tally.bad / units - 1e-12 && high <= 1, `${low} ${high}`);
      const more = { units: units * 100, bad: tally.bad * 100 };
      assert.ok(upperShare(more, needed) - lowerShare(more, needed) <= high - low + 1e-12);
    }), { numRuns: 30 });
  });
});

test('a unit that turned bad in an arm before it was counted there makes no share above one', () => {
  const needed = Math.log(100);
  assert.equal(lowerShare({ units: 2, bad: 9 }, needed), lowerShare({ units: 9, bad: 9 }, needed));
  assert.equal(upperShare({ units: 0, bad: 3 }, needed), 1);
});

describe('bets on blocks', () => {
  test('the mean wealth does not grow if the limit holds', () => {
    fc.assert(fc.property(fc.double({ min: 0.01, max: 0.99, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), (mean, y) => {
      // Two numbers with exactly this mean: y, and 0 or 1.
      const other = y > mean ? 0 : 1;
      const weight = y === other ? 1 : (mean - other) / (y - other);
      if (y === mean) return;
      for (const side of ['above', 'below'] as const) {
        const expected = weight * Math.exp(logWealth(bet(NO_WEALTH, y, mean)[side])) + (1 - weight) * Math.exp(logWealth(bet(NO_WEALTH, other, mean)[side]));
        near(expected, 1, side);
      }
    }));
  });
});
