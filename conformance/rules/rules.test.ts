// The short form of `npm run fuzz:rules`: the judge sees what it is meant to see, and the program ends well.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import type { ReleaseSpec, StrategyDocument } from '@graylane/rules';
import { analyse, parseStrategy } from '@graylane/rules';
import { causeHolds, findingsBySolver } from './findings-by-solver.ts';
import { formulasOf } from './smt.ts';
import { holds } from './smt-texts.ts';
import type { Solver } from './solver.ts';

it('random strategies are judged by exhaustion, and none is wrong', () => {
  const { status, stdout } = spawnSync(process.execPath, ['--conditions=graylane-source', fileURLToPath(new URL('./main.ts', import.meta.url)), '--runs', '120', '--solve-every', '0', '--seed', '7'], { encoding: 'utf8' });
  assert.equal(status, 0, stdout);
  const counts = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as { readonly exhausted: number; readonly witnesses: number; readonly wrong: number };
  assert.ok(counts.exhausted > 40 && counts.witnesses > 100 && counts.wrong === 0, stdout);
});

describe('formulas', () => {
  for (const [matcher, formula] of [
    ['a', '(and P (= V "a"))'],
    [['a', 'b'], '(and P (or (= V "a") (= V "b")))'],
    [{ not: { present: true } }, '(not P)'],
    [{ prefix: 'a' }, '(and P (str.prefixof "a" V))'],
  ] as const) {
    it(JSON.stringify(matcher), () => assert.equal(holds(matcher, 'V', 'P'), formula));
  }
  it('a key that a rule spells out has the bucket of that key, any other one that nothing is known of', () => {
    const releases: readonly ReleaseSpec[] = [{ name: 'android-checkout', percent: 5, stickyBy: ['header:x-user'], when: [{ header: { 'x-user': 'u1' } }], versions: { web: 'v2' } }];
    assert.match(formulasOf(releases).head, /\(ite \(= v_header_x_user "u1"\) 875701 b_header_x_user_android_checkout\)/);
  });
});

/** Three releases over two kinds of requests: the first takes both, each other one of them. */
const SETS: readonly (readonly boolean[])[] = [[true, true], [true, false], [false, true]];

/** A solver that knows these sets. */
const small: Solver = { ask: (_head, terms) => Promise.resolve(terms.map((term) => [0, 1].some((kind) => truth(term, kind)))) };

function truth(term: string, kind: number): boolean {
  const taken = (r: string): string => String(SETS[Number(r)]?.[kind] ?? false);
  const plain = term.replaceAll(/[mt]_(\d)(?:_0)?/g, (_, r: string) => taken(r)).replaceAll(/w_(\d)/g, (_, r: string) => (r === '0' ? taken(r) : 'false'));
  return evaluate(plain.replaceAll(/[()]/g, (bracket) => ` ${bracket} `).trim().split(/\s+/));
}

/** Of a formula with nothing but and, or and not. */
function evaluate(tokens: string[]): boolean {
  const token = tokens.shift();
  if (token !== '(') return token === 'true';
  const operator = tokens.shift();
  const members: boolean[] = [];
  while (tokens[0] !== ')') members.push(evaluate(tokens));
  tokens.shift();
  return operator === 'not' ? members[0] === false : operator === 'and' ? members.every(Boolean) : members.some(Boolean);
}

it('answers of a solver are read as findings, and a cause that names one release too many does not hold', async () => {
  const release = (name: string, priority: number): ReleaseSpec => ({ name, priority, when: [{}], versions: { web: name } });
  const document: StrategyDocument = { services: { web: { stable: 'v0', versions: { v0: {}, a: {}, b: {}, c: {} } } }, releases: [release('a', 1), release('b', 2), release('c', 3)] };
  assert.deepEqual([...await findingsBySolver(document, small)], ['{"kind":"shadowed","release":"b"}', '{"kind":"shadowed","release":"c"}']);
  const parsed = parseStrategy(document);
  assert.ok(parsed.ok);
  const shadowed = analyse(parsed.strategy).find((finding) => finding.kind === 'shadowed' && finding.release === 'c');
  assert.ok(shadowed?.kind === 'shadowed');
  assert.equal(await causeHolds(document, { ...shadowed, by: ['a'] }, small), true);
  assert.equal(await causeHolds(document, { ...shadowed, by: ['a', 'b'] }, small), false);
  assert.equal(await causeHolds(document, { ...shadowed, by: ['b'] }, small), false);
});
