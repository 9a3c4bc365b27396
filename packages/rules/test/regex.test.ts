// The regex dialect against V8's own engine, and the fences around it.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';

import { toBytes } from '../src/index.ts';
import { runDfa } from '../src/language/regex/dfa.ts';
import { compileRegex } from '../src/language/regex/regex.ts';

function matches(pattern: string, value: string): boolean {
  const compiled = compileRegex(pattern);
  assert.ok(compiled.ok, compiled.ok ? '' : `${pattern}: ${compiled.fault.problem}`);
  return runDfa(compiled.dfa, toBytes(value));
}

/** Every value has to fare as in V8, which reads the same text as `^(?:…)$` with flag u. */
function check(pattern: string, ...values: readonly string[]): void {
  const reference = new RegExp(`^(?:${pattern})$`, 'u');
  for (const value of values) assert.equal(matches(pattern, value), reference.test(value), `/${pattern}/ on ${JSON.stringify(value)}`);
}

describe('an expression matches the whole value as V8 does', () => {
  const words = ['', 'a', 'b', 'ab', 'aa', 'aab', 'abab', 'abc', 'foobar', 'foo bar', '10.2.3', 'é', '北京', '北京x', '😀', 'a\nb', '\u2028', '\u00a0', '-', ']', 'A_9', '0'];
  for (const pattern of ['', 'a', 'a*', 'a+b?', '(ab)*', '(?:a|b)+', 'a|', '[^a]', '[a-c]+', '.', '.*', '..', '\\d+\\.\\d+.*', '\\w+', '\\s', '[\\w-]+', '[^\\s]+', '北.', '[一-龥]+', '😀', '[😀-😂]', '\\]', '[\\]]', 'a{2}', 'a{2,}', 'a{0,1}b', '(a|ab)(c|bcd)?', '(a*)*b', 'foo.*', '[-a]', '[a-]', '.{1,3}', '\\.|\\/|\\\\']) {
    it(`/${pattern}/`, () => check(pattern, ...words));
  }

  it('for random expressions and values', () => {
    const leaf = fc.constantFrom('a', 'b', 'c', 'é', '京', '.', '[ab]', '[^a]', '[a-cé]', '\\d', '\\w', '\\s', '\\.');
    const { pattern } = fc.letrec<{ pattern: string }>((tie) => ({
      pattern: fc.oneof({ maxDepth: 4 }, leaf,
        fc.array(tie('pattern'), { maxLength: 3 }).map((parts) => parts.join('')),
        fc.array(tie('pattern'), { minLength: 1, maxLength: 3 }).map((parts) => `(${parts.join('|')})`),
        fc.tuple(tie('pattern'), fc.constantFrom('*', '+', '?', '{2}', '{1,2}', '{0,3}', '{1,}')).map(([inner, quantifier]) => `(?:${inner})${quantifier}`)),
    }));
    const value = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'é', '京', '1', '.', ' ', '\n', '😀'), maxLength: 8 });
    fc.assert(fc.property(pattern, fc.array(value, { maxLength: 6 }), (text, values) => check(text, ...values)), { numRuns: 200 });
  });
});

describe('what the dialect has not is refused with an alternative', () => {
  for (const [pattern, at, fix] of [
    ['^a', 0, /leave it out/], ['a$', 1, /leave it out/], ['\\bfoo', 0, /around the word/], ['a*?', 2, /lazy and greedy/], ['a++', 2, /leave the \+ out/], ['(a)\\1', 3, /list the values/],
    ['a(?=b)', 2, /two matchers/], ['(?<!a)b', 1, /not:/], ['(?<name>a)', 1, /write \( \)/], ['(?i)a', 1, /\[aA\]/], ['a{1001}', 1, /1000/], ['a{3,2}', 1, /swap/], ['[z-a]', 1, /swap/], ['\\D', 0, /\[\^0-9\]/],
    ['*a', 0, /\\\*/], ['(a', 2, /close it/], ['a)', 1, /remove it/], ['[a', 2, /close it/], ['[]', 1, /\\\]/], ['a{', 1, /\\\{/], ['a\\', 1, /\\\\/], ['[[:alpha:]]', 1, /A-Za-z/], ['\\n', 0, /itself/],
    ['(a|b)*a(a|b){16}', 0, /smaller counts/], ['(', 1, /close it/],
  ] as const) {
    it(pattern, () => {
      const compiled = compileRegex(pattern);
      assert.ok(!compiled.ok);
      assert.equal(compiled.fault.at, at);
      assert.match(compiled.fault.fix, fix);
    });
  }

  it('groups nested 10,000 deep', () => assert.ok(!compileRegex('('.repeat(2_000) + 'a' + ')'.repeat(2_000)).ok));
});

describe('an expression that makes backtracking engines hang', () => {
  for (const [pattern, value] of [
    ['(a+)+b', 'a'.repeat(60_000)], ['(a|a)*b', 'a'.repeat(60_000)], ['(.*)*x', 'y'.repeat(60_000)], ['([a-z]+)*=', 'a'.repeat(60_000)],
    ['(x+x+)+y', 'x'.repeat(60_000)], ['\\s*a\\s*b\\s*', `a${' '.repeat(60_000)}`], ['(\\w+\\s?)*!', 'word '.repeat(12_000)], ['.*.*.*=.*', 'x'.repeat(60_000)],
  ] as const) {
    it(`/${pattern}/ reads each byte once`, () => {
      const compiled = compileRegex(pattern);
      assert.ok(compiled.ok);
      const reads = countReads(compiled.dfa.targets, (targets) => runDfa({ ...compiled.dfa, targets }, value));
      assert.equal(reads, value.length);
    });
  }

  it('.{1,1000} compiles', () => check('.{1,1000}', '', 'a', '京'.repeat(1_000), 'x'.repeat(1_001)));
});

/** Counts look-ups instead of time: linear is then a fact, not a measurement. */
function countReads(targets: readonly number[], run: (targets: readonly number[]) => unknown): number {
  let reads = 0;
  run(new Proxy(targets, {
    get: (target, key, receiver): unknown => {
      reads += 1;
      return Reflect.get(target, key, receiver);
    },
  }));
  return reads;
}
