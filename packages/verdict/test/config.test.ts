// A config is refused as a whole, with everything that is wrong with it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkConfig, createVerdict } from '@graylane/verdict';
import type { QuantileGuardrail, ShareGuardrail, VerdictConfig } from '@graylane/verdict';
import { ERRORS } from './helpers.ts';

function check(config: Partial<VerdictConfig>, ...places: readonly RegExp[]): void {
  test(`refused: ${JSON.stringify(config).slice(0, 90)}`, () => {
    const problems = checkConfig({ guardrails: [ERRORS], ...config });
    assert.equal(problems.length, places.length, problems.join('; '));
    for (const [index, place] of places.entries()) assert.match(problems[index] ?? '', place);
    assert.throws(() => createVerdict({ guardrails: [ERRORS], ...config }), RangeError);
  });
}

const guardrail = (change: Partial<ShareGuardrail>): Partial<VerdictConfig> => ({ guardrails: [{ ...ERRORS, ...change }] });
const quantile = (change: Partial<QuantileGuardrail>): Partial<VerdictConfig> => ({ guardrails: [{ kind: 'quantile', name: 'p95', quantile: 0.95, edges: [1, 2], ...change }] });

check({ guardrails: [] }, /^guardrails must be at least one/);
check({ guardrails: Array.from({ length: 65 }, (_, index) => ({ kind: 'share', name: `g${index}` }) as const) }, /^guardrails must be at most 64/);
check({ guardrails: [ERRORS, ERRORS] }, /^guardrails\[1\]\.name must be a name of its own/);
check({ alpha: 0, goAlpha: 1, minUnits: -1 }, /^alpha must/, /^goAlpha must/, /^minUnits must/);
check({ alpha: NaN }, /^alpha must/);
check({ sampleRatio: { alpha: 2, tolerance: -1 } }, /^sampleRatio\.alpha/, /^sampleRatio\.tolerance/);
check(guardrail({ name: '' }), /^guardrails\[0\]\.name must be a name$/);
check(guardrail({ margin: { ratio: -0.5, difference: 1 } }), /margin\.ratio/, /margin\.difference/);
check(guardrail({ weight: 0 }), /weight/);
check(guardrail({ errorsPerUser: 2 }), /errorsPerUser must be left out/);
check(guardrail({ counting: 'requests', errorsPerUser: 0.5 }), /errorsPerUser must be an average from 1/);
check(quantile({ quantile: 1 }), /quantile must be above 0 and below 1/);
check(quantile({ edges: [] }), /edges must be 1 to 256/);
check(quantile({ edges: [2, 1] }), /edges must be numbers above 0 in ascending order/);
check(quantile({ edges: [1, Infinity] }), /edges must be numbers/);

test('what is left out has its default, and alpha is shared out in full', () => {
  const { plan } = createVerdict({ guardrails: [ERRORS, { kind: 'share', name: 'requests', counting: 'requests' }, { kind: 'metric', name: 'heap', worse: 'lower', weight: 2 }] });
  assert.deepEqual([plan.control, plan.goAlpha, plan.minUnits, plan.sampleRatio], ['randomised', 0.05, 100, { alpha: 0.001, tolerance: 0.05 }]);
  assert.deepEqual(plan.guardrails.map((one) => [one.limit, one.alpha]), [[1.25, 0.0025], [1.25, 0.0025], [1.25, 0.005]]);
  assert.deepEqual(plan.guardrails.map((one) => (one.kind === 'share' ? one.errorsPerUser : null)), [1, 5, null]);
});
