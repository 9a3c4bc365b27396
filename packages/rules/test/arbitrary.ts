// Random strategies and requests over a small vocabulary, so that they meet each other.

import fc from 'fast-check';

import type { ClauseSpec, Matcher, ReleaseSpec, RequestFields, StrategyDocument } from '../src/index.ts';
import { toBytes } from '../src/index.ts';

const VALUES = ['', 'a', 'b', 'ab', 'abc', 'ba', 'é', '京', '1', '2', '10', '-1.5', '1.50', '2.1.0', '2.1.0-rc.1', '3.0.0', 'u1', 'u2'] as const;
const PATHS = ['/', '/api', '/api/x', '/apix', '/a/../b', '/a//b', '/%2e%2E/x', '/a%2Fb', '/.well-known', '/a.b', '*', 'http://h/api', 'http://other/api', 'http://h'] as const;

const value = fc.constantFrom(...VALUES);

const basic: fc.Arbitrary<Matcher> = fc.oneof(
  { weight: 5, arbitrary: value },
  { weight: 2, arbitrary: fc.uniqueArray(value, { minLength: 1, maxLength: 3 }) },
  { weight: 2, arbitrary: fc.constantFrom('', 'a', 'ab', 'é', '1').map((prefix) => ({ prefix })) },
  fc.constantFrom('', 'b', 'c', '0').map((suffix) => ({ suffix })),
  fc.constantFrom('a*b?', '[ab]+', '\\d+', '.', '(a|é|京)b?c?', 'u[12]').map((regex) => ({ regex })),
  fc.constantFrom<Matcher>({ gte: 1 }, { gt: '1.5', lte: 10 }, { lt: 0 }, { gte: '-1.50', lt: 2 }),
  fc.constantFrom('>=2.1 <3', '<2.1', '=2.1.0-rc.1', '>2.1.0-alpha').map((semver) => ({ semver })),
  fc.boolean().map((present) => ({ present })),
);

export const matcher: fc.Arbitrary<Matcher> = fc.letrec<{ matcher: Matcher }>((tie) => ({
  matcher: fc.oneof({ maxDepth: 2 }, { weight: 6, arbitrary: basic }, tie('matcher').map((not) => ({ not })), fc.array(tie('matcher'), { minLength: 1, maxLength: 3 }).map((any) => ({ any }))),
})).matcher;

const pathMatcher: fc.Arbitrary<Matcher> = fc.oneof(fc.constantFrom<Matcher>('/', '/api', { prefix: '/api' }, { prefix: '/api/' }, { prefix: '/' }, { suffix: 'x' }, { not: '/' }, { not: { prefix: '/api' } }, { present: false }, { regex: '/[a-z]+' }));

/** Mostly a key is missing altogether: few conditions in a clause make clauses that meet. */
const sometimes = <T>(arbitrary: fc.Arbitrary<T>, absent = 3): fc.Arbitrary<T | undefined> => fc.oneof({ weight: absent, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });

const named = (...names: readonly string[]): fc.Arbitrary<Record<string, Matcher>> => fc.dictionary(fc.constantFrom(...names), matcher, { minKeys: 1, maxKeys: 2 });

const clausePercent = fc.constantFrom(100, 100, 100, 50, 12.5, 0.0001, 0);

export const clause: fc.Arbitrary<ClauseSpec> = fc.record({
  header: sometimes(named('x-a', 'X-B')),
  cookie: sometimes(named('c', 'd')),
  query: sometimes(named('q', 'é')),
  tag: sometimes(named('t', 'many', 'unknown')),
  path: sometimes(pathMatcher, 8),
  method: sometimes(fc.constantFrom<Matcher>('GET', ['POST', 'PUT'], { not: 'GET' }), 8),
  host: sometimes(fc.constantFrom<Matcher>('h', { suffix: 'h' }, { not: 'h' }), 8),
  percent: clausePercent,
  pinned: sometimes(fc.constant(true), 8),
}).map((spec) => Object.fromEntries(Object.entries(spec).filter(([, member]) => member !== undefined)) as ClauseSpec);

const stickyBy = fc.constantFrom(['header:x-a'], ['cookie:c', 'header:x-b'], ['tag:t', 'anonymous'], ['anonymous'], ['request'], ['tag:many']);

export const release: fc.Arbitrary<Omit<ReleaseSpec, 'name' | 'versions'>> = fc.record({
  priority: fc.nat(4),
  when: fc.array(clause, { minLength: 1, maxLength: 3 }),
  percent: fc.constantFrom(100, 100, 100, 50, 20, 5, 0),
  holdback: fc.constantFrom(0, 0, 0, 10),
  stickyBy,
});

export const document: fc.Arbitrary<StrategyDocument> = fc.record({ releases: fc.array(release, { maxLength: 6 }), mint: fc.constantFrom('always' as const, 'navigation' as const), consent: sometimes(fc.constantFrom({ cookie: 'd' }, { cookie: { d: 'a' } }), 6) })
  .map(({ releases, mint, consent }) => ({
    tags: { t: { header: 'x-t' }, many: [{ cookie: 'c' }, { query: 'q' }, { header: 'x-b' }] },
    services: { web: { stable: 'v0', versions: Object.fromEntries(['v0', ...releases.map((_, i) => `v${i + 1}`)].map((name) => [name, {}])) } },
    releases: releases.map((spec, i) => ({ ...spec, name: `r${i}`, versions: { web: `v${i + 1}` } })),
    mint,
    ...(consent === undefined ? {} : { consent }),
  }));

const line = (...names: readonly string[]): fc.Arbitrary<readonly [string, string]> => fc.tuple(fc.constantFrom(...names), fc.tuple(value, fc.constantFrom('', '', ' ', '\t')).map(([text, space]) => `${space}${toBytes(text)}${space}`));
const cookies = fc.array(fc.tuple(fc.constantFrom('c', 'd', 'cc', 'graylane-id'), value, fc.constantFrom('=', '=', ' = ', '')), { minLength: 1, maxLength: 4 }).map((pairs) => ['Cookie', pairs.map(([name, text, sign]) => `${name}${sign}${toBytes(text)}`).join('; ')] as const);
const other = fc.constantFrom<readonly [string, string]>(['Host', 'h'], ['host', 'H:8080'], ['Host', 'other'], ['Accept', 'text/html,*/*'], ['Sec-Fetch-Mode', 'navigate'], ['sec-fetch-mode', 'cors'], ['X-Long-Name-Of-No-Use', 'a']);
const query = fc.array(fc.tuple(fc.constantFrom('q', '%71', '%C3%A9', 'qq', 'q+'), fc.constantFrom('', '=', '=a', '=%61', '=a+b', '=%C3%A9', '=%E4%BA%AC', '=%zz', '=%ff', '=1', '=a=b')).map((pair) => pair.join('')), { maxLength: 3 }).map((pairs) => (pairs.length === 0 ? '' : `?${pairs.join('&')}`));

export const request: fc.Arbitrary<RequestFields> = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT'),
  target: fc.tuple(fc.constantFrom(...PATHS), query).map(([path, search]) => path + search),
  rawHeaders: fc.array(fc.oneof({ weight: 4, arbitrary: line('x-a', 'X-A', 'X-B', 'x-t') }, { weight: 2, arbitrary: cookies }, other), { maxLength: 7 }).map((lines) => lines.flat()),
});
