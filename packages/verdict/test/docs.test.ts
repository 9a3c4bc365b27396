// What docs/verdict.md says in code and numbers is so.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { createVerdict, judge, observe } from '@graylane/verdict';
import type { Verdict } from '@graylane/verdict';
import { ERRORS, arm, seen } from './helpers.ts';

const page = readFileSync(join(import.meta.dirname, '../../../docs/verdict.md'), 'utf8');

test('the snippet runs and finds the harm in it', () => {
  const snippet = /```ts\n(.*?)```/s.exec(page)?.[1];
  assert.ok(snippet !== undefined);
  const code = `${snippet.replace(/^import .*$/m, '')}\n;({ answer, reasons, evidence })`;
  const verdict = runInNewContext(code, { createVerdict, judge, observe }) as Verdict;
  assert.equal(verdict.answer, 'harm', JSON.stringify(verdict.reasons));
});

/** Treated users until harm is bounded, when exactly this share of both arms is bad. */
function usersToGo(rate: number): number {
  let users = 100;
  for (;;) {
    const bad = Math.round(users * rate);
    const state = observe(createVerdict({ guardrails: [ERRORS] }), seen(0, arm(users, bad), arm(19 * users, 19 * bad)));
    if (judge(state).answer === 'go') return users;
    users = Math.ceil(users * 1.05);
  }
}

for (const [rate, users] of [[0, 1_500], [0.01, 8_000]] as const) {
  test(`going on at an error rate of ${100 * rate} % needs about ${users} treated users`, () => {
    const needed = usersToGo(rate);
    assert.ok(needed > users * 0.85 && needed < users * 1.15, `${needed}`);
    assert.match(page, new RegExp(`about ${users.toLocaleString('en')}`));
  });
}
