// Bad documents: each fault is named with its place and its cure, all at once, and nothing hangs or leaks.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import type { StrategyErrorCode } from '../src/index.ts';
import { compile, durationMs, listenPlace, loadRouter, parseStrategy, schema, sizeBytes } from '../src/index.ts';
import { requestOf, strategyOf } from './helpers.ts';

const services = { web: { stable: 'v1', versions: { v1: {}, v2: {} } } };
const withRelease = (release: object): object => ({ services, releases: [{ name: 'r', when: [{}], versions: { web: 'v2' }, ...release }] });
const withMatcher = (matcher: unknown): object => withRelease({ when: [{ header: { 'x-a': matcher } }] });
const guardrail = { name: 'checkouts', query: 'sum(rate(checkouts{version="{{version}}"}[5m]))', worse: 'lower' };
const prometheus = { url: 'http://127.0.0.1:9090' };
const nested = (depth: number): unknown => Array.from({ length: depth }).reduce<unknown>((inner) => ({ not: inner }), 'a');

/** Exactly these faults, as `code pointer`. */
function check(document: unknown, ...faults: readonly `${StrategyErrorCode} ${string}`[]): void {
  const parsed = parseStrategy(document);
  assert.deepEqual(parsed.ok ? [] : parsed.errors.map(({ code, pointer }) => `${code} ${pointer}`), faults);
}

function fixOf(document: unknown): string {
  const parsed = parseStrategy(document);
  return parsed.ok ? '' : parsed.errors[0]?.fix ?? '';
}

describe('each fault has its code and place', () => {
  for (const [name, document, ...faults] of [
    ['no document', null, 'GL1002 '],
    ['a list', [], 'GL1002 '],
    ['no services', {}, 'GL1001 '],
    ['an unknown key', { services, relases: [] }, 'GL1003 /relases'],
    ['a wrong type', { services: 'x' }, 'GL1002 /services'],
    ['a bad name', { services: { 'a b': services.web } }, 'GL1005 /services/a b'],
    ['a slash in a name is escaped in the pointer', { services: { 'a/b~c': services.web } }, 'GL1005 /services/a~1b~0c'],
    ['stable that does not exist', { services: { web: { stable: 'v9', versions: { v1: {} } } } }, 'GL1012 /services/web/stable'],
    ['a percentage over 100', withRelease({ percent: 101 }), 'GL1004 /releases/0/percent'],
    ['a percentage with five decimals', withRelease({ percent: 0.00001 }), 'GL1004 /releases/0/percent'],
    ['a percentage as text', withRelease({ percent: '5' }), 'GL1002 /releases/0/percent'],
    ['NaN', withRelease({ percent: Number.NaN }), 'GL1004 /releases/0/percent'],
    ['no clause', withRelease({ when: [] }), 'GL1004 /releases/0/when'],
    ['a number as matcher', withMatcher(1), 'GL1002 /releases/0/when/0/header/x-a'],
    ['an empty list', withMatcher([]), 'GL1004 /releases/0/when/0/header/x-a'],
    ['an empty any', withMatcher({ any: [] }), 'GL1004 /releases/0/when/0/header/x-a/any'],
    ['an empty matcher', withMatcher({}), 'GL1001 /releases/0/when/0/header/x-a'],
    ['two conditions in one matcher', withMatcher({ prefix: 'a', suffix: 'b' }), 'GL1009 /releases/0/when/0/header/x-a'],
    ['a bound that is no decimal', withMatcher({ gte: '1e3' }), 'GL1004 /releases/0/when/0/header/x-a/gte'],
    ['a caret range', withMatcher({ semver: '^1.2.3' }), 'GL1014 /releases/0/when/0/header/x-a/semver'],
    ['an anchor', withMatcher({ regex: '^a' }), 'GL1013 /releases/0/when/0/header/x-a/regex'],
    ['half a surrogate pair', withMatcher('\ud800'), 'GL1008 /releases/0/when/0/header/x-a'],
    ['not 1,000 deep', withMatcher(nested(1_000)), `GL1006 /releases/0/when/0/header/x-a${'/not'.repeat(33)}`],
    ['the cookie header', withRelease({ when: [{ header: { Cookie: 'a' } }] }), 'GL1010 /releases/0/when/0/header/Cookie'],
    ['the host header', withRelease({ when: [{ header: { host: 'a' } }] }), 'GL1010 /releases/0/when/0/header/host'],
    ['a key after anonymous', withRelease({ stickyBy: ['anonymous', 'tag:u'] }), 'GL1015 /releases/0/stickyBy/1'],
    ['a colon in the salt', withRelease({ salt: 'a:b' }), 'GL1004 /releases/0/salt'],
    ['a time without zone', withRelease({ from: '2026-01-01T00:00:00' }), 'GL1004 /releases/0/from'],
    ['a window that ends before it begins', withRelease({ from: '2026-01-02T00:00:00Z', until: '2026-01-01T00:00:00Z' }), 'GL1004 /releases/0/until'],
    ['a step that does two things', withRelease({ steps: [{ percent: 5, pause: '1m' }] }), 'GL1009 /releases/0/steps/0'],
    ['two releases without priority', { services, releases: [1, 2].map((n) => ({ name: `r${n}`, when: [{}], versions: { web: 'v2' } })) }, 'GL1011 /releases/0', 'GL1011 /releases/1'],
    ['one name twice', { services, releases: [1, 2].map((priority) => ({ name: 'r', priority, when: [{}], versions: { web: 'v2' } })) }, 'GL1016 /releases/1/name'],
    ['many at once', { servces: {}, releases: [{ name: 'r', when: [{ haeder: {} }], percnt: 5, versions: {} }] }, 'GL1003 /servces', 'GL1001 ', 'GL1003 /releases/0/percnt', 'GL1003 /releases/0/when/0/haeder'],
    ['a tag with two sources in one', { services, tags: { u: { header: 'a', cookie: 'b' } } }, 'GL1009 /tags/u'],
    ['an own __proto__ key', JSON.parse('{"services":{"web":{"stable":"v1","versions":{"v1":{}}}},"__proto__":{"polluted":true}}'), 'GL1003 /__proto__'],
    ['a service called __proto__', JSON.parse('{"services":{"__proto__":{"stable":"v1","versions":{"v1":{}}}}}'), 'GL1005 /services/__proto__'],
    ['a guardrail that nobody can be asked for', { services, guardrails: [guardrail] }, 'GL1001 /guardrails'],
    ["a release's guardrail that nobody can be asked for", withRelease({ guardrails: [guardrail] }), 'GL1001 /releases/0/guardrails'],
    ['a guardrail named as one of the strategy', { ...withRelease({ guardrails: [guardrail] }), guardrails: [guardrail], prometheus }, 'GL1016 /releases/0/guardrails/0/name'],
    ['a guardrail with a label that is not filled in', { services, prometheus, guardrails: [{ ...guardrail, query: 'up{job="{{ job }}"}' }] }, 'GL1004 /guardrails/0/query'],
    ['a guardrail that lets everything pass', { services, prometheus, guardrails: [{ ...guardrail, ratio: 1_000 }] }, 'GL1004 /guardrails/0/ratio'],
    ['a guardrail without direction', { services, prometheus, guardrails: [{ name: 'a', query: 'up' }] }, 'GL1001 /guardrails/0'],
    ['an address with a password in it', { services, prometheus: { url: 'http://user:secret@host:9090' } }, 'GL1004 /prometheus/url'],
    ['an address that is none', { services, prometheus: { url: 'host:9090' } }, 'GL1004 /prometheus/url'],
    ['a gate that passes when nothing is clear', withRelease({ steps: [{ verdict: { for: '1m', inconclusive: 'promote' } }] }), 'GL1004 /releases/0/steps/0/verdict/inconclusive'],
    ['a host of two services', { services: { web: { ...services.web, hosts: ['web.internal'] }, api: { ...services.web, hosts: ['api.internal', 'WEB.internal'] } } }, 'GL1016 /services/api/hosts/1'],
    ['one kept generation: nothing in flight could end', { services, keep: { generations: 1 } }, 'GL1004 /keep/generations'],
    ['a class instance', { services: new Map() }, 'GL1002 /services'],
  ] as const) {
    it(name, () => check(document, ...(faults as `${StrategyErrorCode} ${string}`[])));
  }
});

it('a document with every key of a plan is accepted', () => check({
  ...withRelease({ from: '2026-01-01T00:00:00Z', until: '2026-02-01T00:00:00+01:00', guardrails: [{ ...guardrail, name: 'own', ratio: 0.1 }], steps: [{ percent: 5 }, { pause: '10m' }, { verdict: { for: '30m', inconclusive: 'wait' } }, { pause: true }] }),
  guardrails: [guardrail], prometheus, keep: { generations: 16, versions: 3 }, propagate: { headers: ['x-location'], hosts: ['partner.example'] }, consent: { cookie: 'yes' }, mint: 'always',
}));

describe('a fix says what to write', () => {
  it('the nearest key', () => assert.equal(fixOf(withRelease({ percnt: 5 })), 'did you mean "percent"?'));
  it('the nearest condition', () => assert.equal(fixOf(withMatcher({ prefx: 'a' })), 'did you mean "prefix"?'));
  it('quotes around a number', () => assert.equal(fixOf(withMatcher(1)), 'put it in quotes: "1"'));
  it('the nearest version', () => assert.equal(fixOf({ services: { web: { stable: 'v-1', versions: { v1: {} } } } }), 'did you mean "v1"?'));
});

describe('documents made to hurt', () => {
  it('10^6 alternatives are compiled and matched', () => {
    const values = Array.from({ length: 1_000_000 }, (_, i) => `user-${i}`);
    const router = loadRouter(compile(strategyOf(withMatcher(values))), { generation: 1, random: () => 0 });
    assert.equal(router.decide(requestOf({ headers: { 'x-a': 'user-999999' } })).lane, 'r');
    assert.equal(router.decide(requestOf({ headers: { 'x-a': 'user-1000000' } })).lane, null);
  });
  it('10^5 faults are counted, not listed', () => {
    const parsed = parseStrategy(withMatcher(Array.from({ length: 100_000 }, () => 1)));
    assert.ok(!parsed.ok);
    assert.equal(parsed.errors.length, 101);
    assert.equal(parsed.errors.at(-1)?.problem, 'and 99900 more errors');
  });
  it('an object 100,000 deep where text belongs', () => {
    const deep = Array.from({ length: 100_000 }).reduce<object>((inner) => ({ a: inner }), {});
    check({ services, exposeRoute: deep }, 'GL1002 /exposeRoute');
  });
  it('10^6 integer-like keys', () => {
    const parsed = parseStrategy({ services: Object.fromEntries(Array.from({ length: 1_000_000 }, (_, i) => [i, 1])) });
    assert.ok(!parsed.ok);
    assert.equal(parsed.errors[0]?.code, 'GL1002');
  });
  it('prototypes stay as they are', () => {
    parseStrategy(JSON.parse('{"__proto__":{"x":1},"constructor":{"prototype":{"x":1}},"services":{"__proto__":{"x":1}}}'));
    assert.equal(({} as Record<string, unknown>)['x'], undefined);
  });
  it('NUL in a value is a text that no header has', () => {
    const router = loadRouter(compile(strategyOf(withMatcher('a\0b'))), { generation: 1, random: () => 0 });
    assert.equal(router.decide(requestOf({ headers: { 'x-a': 'ab' } })).lane, null);
  });
  it('escapes of terminals do not reach a message', () => {
    const parsed = parseStrategy({ services, [`\u001b[31m\u202e`]: 1 });
    assert.ok(!parsed.ok);
    assert.equal(parsed.errors[0]?.problem, '"\\u001b[31m\\u202e" is not a key of the strategy');
  });
});

it('the schema is plain JSON and names every key of a release', () => {
  const text = JSON.stringify(schema());
  for (const key of ['"stickyBy"', '"holdback"', '"onUnavailable"', '"#/$defs/matcher"']) assert.ok(text.includes(key), key);
});

it('durations, sizes and places', () => {
  assert.deepEqual([durationMs('1.5s'), durationMs('10m'), durationMs(250), durationMs('5 m'), durationMs(-1)], [1_500, 600_000, 250, null, null]);
  assert.deepEqual([sizeBytes('512MB'), sizeBytes('1.5GB'), sizeBytes(10), sizeBytes('x')], [536_870_912, 1_610_612_736, 10, null]);
  assert.deepEqual([listenPlace(8080), listenPlace('[::1]:80'), listenPlace('*:80'), listenPlace('a:b')], [{ host: null, port: 8080 }, { host: '::1', port: 80 }, { host: null, port: 80 }, null]);
});
