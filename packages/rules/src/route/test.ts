// Runs compiled matchers: a plan becomes one function from a value (null is absent) to its truth.

import type { TestPlan } from '../compile/snapshot.ts';
import { compareDecimals, isDecimal } from '../language/decimal.ts';
import type { Dfa } from '../language/regex/dfa.ts';
import { holds, parseRange, parseVersion } from '../language/semver.ts';

export type Test = (value: string | null) => boolean;

/** Up to here a list is searched faster than a hash is computed. */
const LIST_LIMIT = 4;

export function loadTest(plan: TestPlan): Test {
  switch (plan.op) {
    case 'exact': return exact(plan.values);
    case 'prefix': return (value) => value !== null && value.startsWith(plan.text);
    case 'suffix': return (value) => value !== null && value.endsWith(plan.text);
    case 'decimal': return decimal(plan);
    case 'semver': return semver(plan.range);
    case 'dfa': return regex(plan.dfa);
    case 'present': return (value) => value !== null;
    case 'absent': return (value) => value === null;
    case 'not': return not(loadTest(plan.of));
    case 'any': return any(plan.of.map(loadTest));
  }
}

function exact(values: readonly string[]): Test {
  const [only] = values;
  if (values.length === 1) return (value) => value === only;
  if (values.length <= LIST_LIMIT) return (value) => value !== null && values.includes(value);
  const set = new Set(values);
  return (value) => value !== null && set.has(value);
}

function not(test: Test): Test {
  return (value) => !test(value);
}

function any(tests: readonly Test[]): Test {
  return (value) => {
    for (const test of tests) if (test(value)) return true;
    return false;
  };
}

function decimal(plan: TestPlan & { readonly op: 'decimal' }): Test {
  const { gte, gt, lte, lt } = plan;
  return (value) => value !== null && isDecimal(value)
    && (gte === undefined || compareDecimals(value, gte) >= 0)
    && (gt === undefined || compareDecimals(value, gt) > 0)
    && (lte === undefined || compareDecimals(value, lte) <= 0)
    && (lt === undefined || compareDecimals(value, lt) < 0);
}

/** Flat buffers: one look-up per byte. */
function regex(plan: Dfa): Test {
  const classes = Uint8Array.from(plan.classes);
  const targets = Int32Array.from(plan.targets);
  const accepting = Uint8Array.from(plan.accepting);
  const { width } = plan;
  return (value) => {
    if (value === null) return false;
    let state = 0;
    for (let i = 0; i < value.length; i++) state = targets[state * width + (classes[value.charCodeAt(i)] ?? 0)] ?? 0;
    return accepting[state] === 1;
  };
}

function semver(range: string): Test {
  const comparators = parseRange(range) ?? [];
  return (value) => {
    const version = value === null ? null : parseVersion(value);
    return version !== null && holds(comparators, version);
  };
}
