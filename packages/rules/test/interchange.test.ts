// Strategies as HTTPRoutes and VirtualServices and back: the same requests, the same versions, or an error that says why not.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';

import type { ClauseSpec, HttpRoute, Matcher, RequestFields, StrategyDocument, VirtualService } from '../src/index.ts';
import { exportGatewayApi, exportIstio, importGatewayApi, importIstio } from '../src/index.ts';
import { byHttpRoute, byVirtualService } from './foreign-routers.ts';
import { requestOf, routerOf, strategyOf } from './helpers.ts';

const web = (...releases: readonly object[]): StrategyDocument => ({
  tags: { os: { header: 'x-os' }, ua: { userAgent: 'os' } },
  services: { web: { stable: 'v0', versions: Object.fromEntries(Array.from({ length: releases.length + 1 }, (_, i) => [`v${i}`, {}])) } },
  releases: releases.map((release, i) => ({ name: `r${i + 1}`, priority: i, when: [{}], versions: { web: `v${i + 1}` }, ...release })),
});

const some = <T>(arbitrary: fc.Arbitrary<T>, absent = 2): fc.Arbitrary<T | undefined> => fc.oneof({ weight: absent, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
const text: fc.Arbitrary<Matcher> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('a', 'ab', 'b') }, fc.constant<Matcher>(['a', 'b']), fc.constantFrom<Matcher>({ prefix: 'a' }, { prefix: 'a.' }, { present: true }, { suffix: 'b' }, { regex: 'a+b?' }),
);
const cookie = fc.constantFrom<Matcher>('1', ['1', '2'], { prefix: '1' }, { present: true }, { regex: '1[0-9]*' });
const path = fc.constantFrom<Matcher>('/api', { prefix: '/api' }, { prefix: '/' }, { prefix: '/api/x' }, ['/', '/api']);
const clause: fc.Arbitrary<ClauseSpec> = fc.record({
  header: some(fc.dictionary(fc.constantFrom('x-a', 'x-b'), text, { minKeys: 1, maxKeys: 2 }), 1), tag: some(fc.constant({ os: 'b' }), 5),
  cookie: some(fc.constantFrom('beta', 'b').chain((name) => cookie.map((matcher) => ({ [name]: matcher }))), 3), query: some(fc.record({ q: text }), 3),
  path: some(path, 3), method: some(fc.constantFrom<Matcher>('GET', ['POST', 'PUT']), 4),
}).map((spec) => Object.fromEntries(Object.entries(spec).filter(([, member]) => member !== undefined)) as ClauseSpec);
const document = fc.array(fc.record({ when: fc.array(clause, { minLength: 1, maxLength: 2 }), stickyBy: fc.constant(['request']), percent: fc.constantFrom(100, 100, 100, 20) }), { minLength: 1, maxLength: 4 }).map((releases) => web(...releases));

const value = fc.constantFrom('a', 'ab', 'b', 'a.c', 'aab', 'z');
const cookies = fc.array(fc.tuple(fc.constantFrom('beta', 'b', 'bet', 'betas', 'xbeta', 'beta x'), fc.constantFrom('=', ' = ', ''), fc.constantFrom('1', '2', '12', '1x', '')), { maxLength: 4 }).map((pairs) => pairs.map((pair) => pair.join('')).join('; ').trim());
const request: fc.Arbitrary<RequestFields> = fc.record({ method: fc.constantFrom('GET', 'POST', 'PUT'), path: fc.constantFrom('/', '/api', '/api/', '/api/x', '/apix', '/api/x/y'), query: fc.constantFrom('', '?q=a', '?q=b&q=a', '?q='), a: some(value, 1), b: some(value, 1), os: some(value, 3), cookie: some(cookies, 1) })
  .map(({ method, path: at, query, a, b, os, cookie: line }) => ({ method, target: `${at}${query}`, rawHeaders: [['x-a', a], ['X-B', b], ['x-os', os], ['cookie', line === '' ? undefined : line]].flatMap(([name, given]) => (name === undefined || given === undefined ? [] : [name, given])) }));

/** Version to share, as the router serves them over many draws. */
function versionsOf(strategy: StrategyDocument, asked: RequestFields): ReadonlySet<string> {
  const found = new Set<string>();
  let draw = 0;
  const router = routerOf(strategy, { random: () => draw });
  const chances = (strategy.releases ?? []).some(({ percent = 100 }) => percent < 100) ? 40 : 1;
  for (let i = 0; i < chances; i++) {
    draw = (i + 0.5) / chances;
    found.add(router.version('web', router.decide(asked).lane));
  }
  return found;
}

const runs = Number(process.env['FC_RUNS'] ?? 100);

describe('random strategies', () => {
  it('mean the same as a HTTPRoute, and read back', () => {
    let exported = 0;
    fc.assert(fc.property(document, fc.array(request, { minLength: 12, maxLength: 12 }), (strategy, requests) => {
      const { resources: [route], problems } = exportGatewayApi(strategyOf(strategy));
      if (route === undefined) {
        assert.ok(problems.length > 0);
        return;
      }
      exported += 1;
      const back = importGatewayApi([JSON.parse(JSON.stringify(route)) as HttpRoute]);
      for (const asked of requests) {
        const expected = versionsOf(strategy, asked);
        assert.deepEqual(new Set((byHttpRoute(route, asked) ?? []).map(([name]) => name.replace('web-', ''))), expected);
        if (back.problems.length === 0) assert.deepEqual(versionsOf(back.document, asked), expected);
      }
    }), { numRuns: runs, seed: Number(process.env['FC_SEED'] ?? 11) });
    assert.ok(exported > runs / 4, `${exported} exported`);
  });

  it('mean the same as a VirtualService, and read back', () => {
    let exported = 0;
    let readBack = 0;
    fc.assert(fc.property(document, fc.array(request, { minLength: 12, maxLength: 12 }), (strategy, requests) => {
      const { resources: [service], problems } = exportIstio(strategyOf(strategy));
      if (service?.kind !== 'VirtualService') {
        assert.ok(problems.length > 0);
        return;
      }
      exported += 1;
      const back = importIstio([JSON.parse(JSON.stringify(service)) as VirtualService]);
      if (back.problems.length === 0) readBack += 1;
      for (const asked of requests) {
        const expected = versionsOf(strategy, asked);
        assert.deepEqual(new Set((byVirtualService(service, asked) ?? []).map(([name]) => name)), expected);
        if (back.problems.length === 0) assert.deepEqual(versionsOf(back.document, asked), expected);
      }
    }), { numRuns: runs, seed: Number(process.env['FC_SEED'] ?? 12) });
    assert.ok(exported > runs / 2 && readBack > exported / 2, `${exported} exported, ${readBack} read back`);
  });
});

describe('the Gateway API prefers the more specific match', () => {
  const strategy = web({ when: [{ header: { 'x-a': 'a' } }] }, { when: [{ header: { 'x-b': 'b', 'x-os': 'c' } }] });
  const both = requestOf({ headers: { 'x-a': 'a', 'x-b': 'b', 'x-os': 'c' } });
  it('so the intersection of two releases is a rule of its own', () => {
    const { resources: [route] } = exportGatewayApi(strategyOf(strategy));
    assert.ok(route !== undefined);
    assert.deepEqual(byHttpRoute(route, both), [['web-v1', 1]]);
    assert.equal(route.spec.rules[0]?.matches.length, 2);
    assert.deepEqual(importGatewayApi([route]).document.releases?.map(({ when }) => when.length), [2, 1]);
  });
});

describe('what a target cannot say is an error', () => {
  for (const [name, release, why] of [
    ['a share that sticks to users', { percent: 5 }, /weights there are whole percentages drawn for each request/],
    ['absence', { when: [{ header: { 'x-a': { present: false } } }] }, /no absence/],
    ['a negation', { when: [{ header: { 'x-a': { not: 'a' } } }] }, /no `not`/],
    ['a version range', { when: [{ header: { 'x-a': { semver: '>=2' } } }] }, /no versions/],
    ['a derived tag', { when: [{ tag: { ua: 'iOS' } }] }, /headers, query parameters, paths and methods only/],
    ['a time window', { from: '2026-01-01T00:00:00Z' }, /hold at any time/],
    ['a plan', { steps: [{ percent: 5 }] }, /do not change by themselves/],
    ['a host', { when: [{ host: 'a.example' }] }, /one strategy per host/],
    ['an expression on the path', { when: [{ path: { regex: '/a+' } }] }, /left to each implementation/],
    ['two cookies at once', { when: [{ cookie: { a: '1', b: '2' } }] }, /cookies are all in one/],
    ['an expression that leaves its cookie', { when: [{ cookie: { a: { regex: '1.*' } } }] }, /run on into the next cookie/],
    ['a share of a clause', { when: [{ percent: 5 }, { header: { 'x-a': 'a' } }] }, /one release becomes rules of one weight/],
  ] as const) {
    it(name, () => {
      for (const { resources, problems } of [exportGatewayApi(strategyOf(web(release))), exportIstio(strategyOf(web(release)))]) {
        assert.deepEqual(resources, []);
        assert.match(problems[0]?.why ?? '', why);
      }
    });
  }
  it('whoever is not drawn would be for a later release', () => {
    const { problems } = exportIstio(strategyOf(web({ percent: 20, stickyBy: ['request'] }, {})));
    assert.match(problems[0]?.why ?? '', /never on to the next rule/);
  });
  it('two overlapping expressions, where the more specific match wins', () => {
    const strategy = strategyOf(web({ when: [{ header: { 'x-a': { regex: 'a+' } } }] }, { when: [{ header: { 'x-a': { suffix: 'a' }, 'x-b': 'b' } }] }));
    assert.match(exportGatewayApi(strategy).problems[0]?.problem ?? '', /two conditions on one header/);
    assert.deepEqual(exportIstio(strategy).problems, []);
  });
});

describe('what an import cannot carry over is said', () => {
  const rule = (more: object): object => ({ kind: 'HTTPRoute', metadata: { name: 'web' }, spec: { rules: [{ backendRefs: [{ name: 'web-v1' }], ...more }] } });
  for (const [name, { problems }, said] of [
    ['a filter', importGatewayApi([rule({ filters: [] })]), /`filters`/],
    ['an expression on the path', importGatewayApi([rule({ matches: [{ path: { type: 'RegularExpression', value: '/a' } }] })]), /ranks as it likes/],
    ['no rule for everybody', importGatewayApi([rule({ matches: [{ method: 'GET' }] })]), /404/],
    ['an expression over all cookies', importGatewayApi([rule({ matches: [{ headers: [{ name: 'Cookie', type: 'RegularExpression', value: '.*beta=1.*' }] }] })]), /single cookie/],
    ['a fault', importIstio([{ kind: 'VirtualService', metadata: { name: 'web' }, spec: { http: [{ fault: {}, route: [{ destination: { host: 'web', subset: 'v1' } }] }] } }]), /`fault`/],
    ['a prefix of characters', importIstio([{ kind: 'VirtualService', metadata: { name: 'web' }, spec: { http: [{ match: [{ uri: { prefix: '/a' } }], route: [] }] } }]), /prefix of characters/],
    ['nonsense', importIstio([{ kind: 'VirtualService', metadata: null, spec: { http: [null, 7, { match: 'x', route: [{}] }] } }]), /no name/],
  ] as const) {
    it(name, () => assert.ok(problems.some(({ problem }) => said.test(problem)), JSON.stringify(problems)));
  }
});
