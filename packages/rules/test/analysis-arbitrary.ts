// Random strategies for the analysis: few words, so that their audiences meet, and every way to write them.

import fc from 'fast-check';

import type { ClauseSpec, Matcher, StrategyDocument } from '../src/index.ts';

const text = fc.constantFrom('a', 'b', 'ab', 'aa', '', '1');
const matcher: fc.Arbitrary<Matcher> = fc.letrec<{ matcher: Matcher }>((tie) => ({
  matcher: fc.oneof({ maxDepth: 2 },
    { weight: 6, arbitrary: text }, { weight: 2, arbitrary: fc.uniqueArray(text, { minLength: 1, maxLength: 3 }) },
    { weight: 2, arbitrary: fc.constantFrom('a', 'ab', 'b').map((prefix) => ({ prefix })) }, fc.constantFrom('a', 'b', 'ba').map((suffix) => ({ suffix })),
    fc.boolean().map((present) => ({ present })), fc.constantFrom<Matcher>({ regex: 'a*' }, { regex: '[ab]+' }, { regex: '[a-z]b[a-z]*' }, { gte: 1 }, { gt: '1', lt: 3 }, { semver: '>=2.1 <3' }, { semver: '<2.1' }),
    { weight: 2, arbitrary: tie('matcher').map((not) => ({ not })) }, fc.array(tie('matcher'), { minLength: 1, maxLength: 2 }).map((any) => ({ any }))),
})).matcher;

const rarely = <T>(arbitrary: fc.Arbitrary<T>, absent: number): fc.Arbitrary<T | undefined> => fc.oneof({ weight: absent, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
const defined = <T extends object>(value: T): T => Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T;

const clause: fc.Arbitrary<ClauseSpec> = fc.record({
  header: rarely(fc.dictionary(fc.constantFrom('x-a', 'x-b'), matcher, { minKeys: 1, maxKeys: 2 }), 1),
  cookie: rarely(fc.record({ c: matcher }), 3),
  percent: rarely(fc.constantFrom(50, 0, 20), 4),
  pinned: rarely(fc.constant(true), 8),
}).map((spec) => defined(spec) as ClauseSpec);

export const strategyDocument: fc.Arbitrary<StrategyDocument> = fc.array(fc.record({
  priority: fc.nat(4),
  when: fc.array(clause, { minLength: 1, maxLength: 3 }),
  percent: rarely(fc.constantFrom(50, 10, 0), 2),
  stickyBy: rarely(fc.constantFrom<readonly string[]>(['header:x-a'], ['cookie:k'], ['cookie:c', 'request'], ['header:x-a', 'anonymous'], ['request']), 1),
  salt: rarely(fc.constant('shared'), 3),
  steps: rarely(fc.constantFrom([{ percent: 100 }], [{ percent: 20 }, { percent: 50 }]), 5),
}).map(defined), { minLength: 1, maxLength: 4 }).map((releases) => ({
  services: { web: { stable: 'v0', versions: Object.fromEntries(['v0', ...releases.map((_, i) => `v${i + 1}`)].map((name) => [name, {}])) } },
  releases: releases.map((spec, i) => ({ ...spec, name: `r${i}`, versions: { web: `v${i + 1}` } }) as NonNullable<StrategyDocument['releases']>[number]),
}));
