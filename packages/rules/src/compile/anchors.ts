// What must be true of a value for a test to hold at all: the keys under which a clause is filed, so that deciding visits few clauses.

import type { ConditionPlan, TestPlan } from './program.ts';
import type { Dfa } from '../language/regex/dfa.ts';
import { commonPrefix } from '../language/regex/dfa.ts';

export type AnchorKey = { readonly kind: 'exact' | 'prefix' | 'suffix'; readonly text: string } | { readonly kind: 'present' };

interface Anchor { readonly field: number; readonly keys: readonly AnchorKey[] }

/** A clause with more keys than this is filed under its field alone and tested: the tables stay in proportion to the document. */
const KEYS_LIMIT = 100_000;

const PRESENT: readonly AnchorKey[] = [{ kind: 'present' }];

/** One of the keys holds whenever the test does; null when it can hold without a value. */
export function anchorKeys(plan: TestPlan): readonly AnchorKey[] | null {
  switch (plan.op) {
    case 'exact': return plan.values.length > KEYS_LIMIT ? PRESENT : plan.values.map((text) => ({ kind: 'exact', text }));
    case 'prefix': case 'suffix': return plan.text === '' ? PRESENT : [{ kind: plan.op, text: plan.text }];
    case 'dfa': return literalStart(plan.dfa);
    case 'decimal': case 'semver': case 'present': return PRESENT;
    case 'absent': case 'not': return null;
    case 'any': return anyOf(plan.of);
  }
}

/** The beginning that every value of the automaton has. */
function literalStart(dfa: Dfa): readonly AnchorKey[] {
  const text = commonPrefix(dfa);
  return text === '' ? PRESENT : [{ kind: 'prefix', text }];
}

function anyOf(plans: readonly TestPlan[]): readonly AnchorKey[] | null {
  const keys: AnchorKey[] = [];
  for (const plan of plans) {
    const some = anchorKeys(plan);
    if (some === null) return null;
    for (const key of some) keys.push(key);
    if (keys.length > KEYS_LIMIT) return PRESENT;
  }
  return keys;
}

/** Per clause the condition that it shares with the fewest others, as its place; -1 for a clause that has to be tried always. */
export function chooseAnchors(clauses: readonly (readonly ConditionPlan[])[]): readonly number[] {
  const options = clauses.map((conditions) => conditions.map(({ field, test }): Anchor | null => {
    const keys = anchorKeys(test);
    return keys === null ? null : { field, keys };
  }));
  const users = new Map<string, number>();
  for (const anchor of options.flat()) for (const key of anchor?.keys ?? []) users.set(nameOf(anchor?.field ?? 0, key), (users.get(nameOf(anchor?.field ?? 0, key)) ?? 0) + 1);
  const cost = (anchor: Anchor): number => anchor.keys.reduce((most, key) => Math.max(most, users.get(nameOf(anchor.field, key)) ?? 0), 0) * weight(anchor);
  return options.map((anchors) => {
    let best = -1;
    let least = Infinity;
    anchors.forEach((anchor, i) => {
      const price = anchor === null ? Infinity : cost(anchor);
      if (price < least) [best, least] = [i, price];
    });
    return best;
  });
}

function nameOf(field: number, key: AnchorKey): string {
  return `${field} ${key.kind} ${key.kind === 'present' ? '' : key.text}`;
}

/** A text decides more than a piece of it, and that more than mere presence. */
function weight(anchor: Anchor): number {
  return anchor.keys.reduce((most, key) => Math.max(most, key.kind === 'exact' ? 1 : key.kind === 'present' ? 8 : 2), 1);
}
