// Strategies for one service with three versions, seeded: every matcher that the independent evaluator knows, shares of all sizes.

import type { Clause, Matcher, Release } from '../evaluator/document.ts';
import type { Random } from './random.ts';

/** One or two releases; v2 and v3 belong to one at most. */
export function anyReleases(random: Random): readonly Release[] {
  const first = random.below(5);
  const releases = [anyRelease(random, 'next', 'v2', first)];
  if (random.chance(50)) releases.push(anyRelease(random, 'other', 'v3', first + 1 + random.below(5)));
  return random.chance(50) ? releases : releases.toReversed();
}

function anyRelease(random: Random, name: string, version: string, priority: number): Release {
  const clauses = Array.from({ length: 1 + random.below(3) }, () => anyClause(random));
  return {
    name,
    priority,
    when: clauses,
    percent: anyPercent(random),
    ...(random.chance(20) ? { holdback: 2 } : {}),
    ...(random.chance(20) ? { salt: `salt-${random.below(3)}` } : {}),
    stickyBy: random.pick([['header:x-user', 'anonymous'], ['header:x-user'], ['anonymous'], ['cookie:graylane-id', 'request'], ['tag:user', 'anonymous']]),
    versions: { web: version },
  };
}

function anyPercent(random: Random): number {
  return random.pick([0, 1, 5, 20, 50, 99.9999, 100, random.below(1_000_001) / 10_000]);
}

function anyClause(random: Random): Clause {
  const share = random.chance(20) ? { pinned: true } : random.chance(40) ? { percent: anyPercent(random) } : {};
  switch (random.below(9)) {
    case 0: return { ...share, cookie: { beta: anyMatcher(random, ['1', '0']) } };
    case 1: return { ...share, header: { 'x-region': anyMatcher(random, ['eu', 'us', 'cn']) } };
    case 2: return { ...share, query: { plan: anyMatcher(random, ['pro', 'free']) } };
    case 3: return { ...share, tag: { region: anyMatcher(random, ['eu', 'us']) } };
    case 4: return { ...share, path: random.pick<Matcher>([{ prefix: '/cart' }, { prefix: '/cart/' }, { not: '/cart' }, '/', ['/cart', '/api/v1']]) };
    case 5: return { ...share, method: random.pick<Matcher>(['DELETE', { not: 'DELETE' }, ['GET', 'HEAD']]) };
    case 6: return { ...share, header: { 'x-region': anyMatcher(random, ['eu', 'us']) }, cookie: { theme: anyMatcher(random, ['dark', 'light']) } };
    case 7: return { ...share, host: random.pick<Matcher>(['shop.test', 'other.test', { suffix: '.test' }]) };
    default: return share;
  }
}

function anyMatcher(random: Random, values: readonly [string, ...string[]]): Matcher {
  const value = random.pick(values);
  switch (random.below(8)) {
    case 0: return [...values];
    case 1: return { prefix: value };
    case 2: return { suffix: value };
    case 3: return { present: random.chance(50) };
    case 4: return { not: value };
    case 5: return { any: [value, { suffix: '-west' }] };
    case 6: return { gte: '0', lt: '1' };
    default: return value;
  }
}
