// The router against the oracle, and its promises one by one.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';

import type { Decision, RequestFields, StrategyDocument } from '../src/index.ts';
import { bucketOf, explain } from '../src/index.ts';
import * as arbitrary from './arbitrary.ts';
import type { WrittenRequest } from './helpers.ts';
import { requestOf, routerOf } from './helpers.ts';
import { evaluate } from './oracle.ts';
import { seeded } from '../../../tools/seeded.ts';

/** Every draw is 0.4: the oracle is told what the router makes of it. */
const CHANCE = { id: Math.floor(0.4 * 2 ** 20).toString(16).padStart(5, '0'), draw: String(Math.floor(0.4 * 2 ** 32)) };

describe('router and oracle agree', () => {
  it('on random strategies and requests', () => {
    const seed = Number(process.env['FC_SEED'] ?? 20261122);
    fc.assert(fc.property(arbitrary.document, fc.array(arbitrary.request, { minLength: 10, maxLength: 10 }), (document, requests) => {
      const router = routerOf(document, { random: () => 0.4 });
      for (const request of requests) {
        const decision = router.decide(request);
        const expected = evaluate(document, request, CHANCE);
        assert.deepEqual({ lane: decision.lane, arm: decision.arm, armOf: armOf(decision), mints: decision.mint !== null }, expected);
        assert.deepEqual(explain(router, request).decision, decision);
      }
    }), { numRuns: Number(process.env['FC_RUNS'] ?? 500), seed });
  });
});

function armOf(decision: Decision): readonly string[] {
  return decision.arm === 'control' ? [...decision.controlOf].sort() : decision.armOf === null ? [] : [decision.armOf];
}

const web = (...releases: readonly object[]): StrategyDocument => ({
  tags: { user: { header: 'x-user-id' }, ua: { userAgent: 'os' }, plan: { jwt: { claim: 'plan' } } },
  services: { web: { stable: 'v0', versions: Object.fromEntries(Array.from({ length: releases.length + 1 }, (_, i) => [`v${i}`, {}])) } },
  releases: releases.map((release, i) => ({ name: `r${i + 1}`, priority: i, when: [{}], versions: { web: `v${i + 1}` }, ...release })),
});

function check(document: StrategyDocument, request: WrittenRequest, lane: string | null): void {
  assert.equal(routerOf(document).decide(requestOf(request)).lane, lane);
}

describe('values of a request', () => {
  const beta = web({ when: [{ cookie: { beta: '1' } }] });
  it('the first cookie of a name counts', () => check(beta, { headers: { cookie: 'beta=0; beta=1' } }, null));
  it('a cookie is not found inside another name', () => check(beta, { headers: { cookie: 'xbeta=1; betax=1; b=beta=1' } }, null));
  it('cookie lines are joined', () => check(beta, { headers: { cookie: ['a=b', 'beta=1'] } }, 'r1'));
  it('a quoted cookie stays quoted', () => check(beta, { headers: { cookie: 'beta="1"' } }, null));
  it('a header named __proto__ is a header', () => check(web({ when: [{ header: JSON.parse('{"__proto__":"x"}') as Record<string, string> }] }), { headers: JSON.parse('{"__proto__":"x"}') as Record<string, string> }, 'r1'));
  it('an empty value is present', () => check(web({ when: [{ header: { 'x-a': { present: true } } }] }), { headers: { 'x-a': '' } }, 'r1'));
  it('bytes over 127 are compared as UTF-8', () => check(web({ when: [{ header: { 'x-city': '北京' } }] }), { headers: { 'X-City': '北京' } }, 'r1'));
  it('many cookie names are read in one pass', () => {
    const names = Array.from({ length: 40 }, (_, i) => `c${i}`);
    const document = web({ when: names.map((name) => ({ cookie: { [name]: 'yes' } })) });
    check(document, { headers: { cookie: 'c7=no; c39=yes; c39=no' } }, 'r1');
    check(document, { headers: { cookie: 'c7=no; c39=no; c39=yes' } }, null);
  });
  it('many header names of one length are told apart', () => {
    const names = Array.from({ length: 40 }, (_, i) => `x-${String(i).padStart(3, '0')}`);
    check(web({ when: names.map((name) => ({ header: { [name]: 'yes' } })) }), { headers: { 'X-017': 'yes' } }, 'r1');
  });
  it('a path with dot segments matches neither a matcher nor its not', () => {
    for (const path of ['/a/../b', '/a/%2e%2E', '/a//b', '/a\\b', '/a%2fb', '/%00', '/a/.']) check(web({ when: [{ path: { not: '/x' } }] }), { path }, null);
  });
  it('a path prefix ends at a segment', () => {
    const api = web({ when: [{ path: { prefix: '/api' } }] });
    check(api, { path: '/api' }, 'r1');
    check(api, { path: '/api/x?y' }, 'r1');
    check(api, { path: '/apix' }, null);
  });
});

describe('the anonymous id', () => {
  const half = web({ percent: 50 });
  const html = { accept: 'text/html' };
  it('is minted for a navigation and decides this same request', () => {
    const random = seeded(7);
    for (let i = 0; i < 200; i++) {
      const decision = routerOf(half, { random }).decide(requestOf({ headers: html }));
      assert.match(decision.mint ?? '', /^[0-9a-f]{5}$/);
      assert.equal(decision.lane, bucketOf('r1', decision.mint ?? '') < 500_000 ? 'r1' : null);
    }
  });
  for (const [why, document, headers] of [
    ['the cookie is there', half, { ...html, cookie: 'graylane-id=abcde' }],
    ['no page is opened', half, { 'sec-fetch-mode': 'cors', ...html }],
    ['everybody is in', web({ percent: 100 }), html],
    ['nobody is in', web({ percent: 0 }), html],
    ['a clause without percentage holds too', web({ percent: 100, when: [{ percent: 5 }, { header: { accept: { present: true } } }] }), html],
    ['a higher release takes the request', web({ when: [{ header: { accept: 'text/html' } }] }, { percent: 50 }), html],
    ['another key is there', web({ percent: 50, stickyBy: ['tag:user', 'anonymous'] }), { ...html, 'x-user-id': 'u1' }],
    ['consent is missing', { ...half, consent: { cookie: 'ok' } }, html],
  ] as const) {
    it(`is not minted when ${why}`, () => assert.equal(routerOf(document).decide(requestOf({ headers })).mint, null));
  }
});

describe('the bucket of a user', () => {
  const html = { accept: 'text/html' };
  const bucketIn = (document: StrategyDocument, headers: Readonly<Record<string, string>>): number | null => {
    const router = routerOf(document);
    router.decide(requestOf({ headers }));
    return router.userBucket('r1');
  };
  it('is the one that decided', () => assert.equal(bucketIn(web({ percent: 50, stickyBy: ['tag:user'] }), { 'x-user-id': 'u1' }), bucketOf('r1', 'u1')));
  it('is known at 100 %, where nothing had to be drawn', () => assert.equal(bucketIn(web({ stickyBy: ['tag:user'] }), { 'x-user-id': 'u1' }), bucketOf('r1', 'u1')));
  it('is that of an id minted for this request', () => {
    const router = routerOf(web({ percent: 50 }));
    const { mint } = router.decide(requestOf({ headers: html }));
    assert.ok(mint !== null);
    assert.equal(router.userBucket('r1'), bucketOf('r1', mint));
  });
  it('is none for a visitor without an id', () => assert.equal(bucketIn(web({ percent: 50 }), {}), null));
  it('is none where each request is drawn', () => assert.equal(bucketIn(web({ percent: 50, stickyBy: ['request'] }), { 'x-user-id': 'u1' }), null));
  it('is none of a release that the strategy does not have', () => assert.equal(routerOf(web({ percent: 50 })).userBucket('r9'), null));
});

describe('percentages', () => {
  it('raising one never takes a user off, and shares are what they say', () => {
    const users = Array.from({ length: 20_000 }, (_, i) => `user-${i}`);
    let before = new Set<string>();
    for (const percent of [0, 0.5, 1, 5, 20, 50, 100]) {
      const router = routerOf(web({ percent, stickyBy: ['tag:user'] }));
      const now = new Set(users.filter((user) => router.decide(requestOf({ headers: { 'x-user-id': user } })).lane === 'r1'));
      for (const user of before) assert.ok(now.has(user), `${user} left at ${percent} %`);
      const share = percent / 100;
      // Five standard deviations of a binomial.
      assert.ok(Math.abs(now.size - users.length * share) <= 5 * Math.sqrt(users.length * share * (1 - share)), `${now.size} users at ${percent} %`);
      before = now;
    }
  });
  it('a holdback keeps its users out at 100 %', () => {
    const router = routerOf(web({ percent: 100, holdback: 10, stickyBy: ['tag:user'] }));
    const lanes = Array.from({ length: 2_000 }, (_, i) => router.decide(requestOf({ headers: { 'x-user-id': `u${i}` } })));
    const out = lanes.filter(({ lane }) => lane === null).length;
    assert.ok(out > 120 && out < 280, String(out));
    assert.ok(lanes.filter(({ lane }) => lane === null).every(({ arm, armOf: of }) => arm === 'control' && of === 'r1'));
  });
});

describe('time windows', () => {
  const document = web({ from: '2026-03-01T08:00:00Z', until: '2026-03-01T10:00:00+01:00' });
  for (const [at, lane] of [['2026-03-01T07:59:59.999Z', null], ['2026-03-01T08:00:00Z', 'r1'], ['2026-03-01T08:59:59Z', 'r1'], ['2026-03-01T09:00:00Z', null]] as const) {
    it(`at ${at}`, () => assert.equal(routerOf(document, { now: () => Date.parse(at) }).decide(requestOf({})).lane, lane));
  }
});

describe('overrides', () => {
  const document = web({ when: [{ header: { never: 'x' } }] });
  const override = (token: string): string | null => (token === 'good' ? 'r1' : token === 'off' ? '' : token === 'gone' ? 'r9' : null);
  const decide = (headers: Readonly<Record<string, string>>): string => {
    const { lane, reason } = routerOf(document, { override }).decide(requestOf({ headers }));
    return `${lane ?? '-'} ${reason}`;
  };
  it('a valid one beats every clause', () => assert.equal(decide({ 'graylane-override': 'good' }), 'r1 override'));
  it('in a cookie too', () => assert.equal(decide({ cookie: 'a=b; graylane-override=good' }), 'r1 override'));
  it('to stable', () => assert.equal(decide({ 'graylane-override': 'off', never: 'x' }), '- override'));
  it('an invalid one is ignored', () => assert.equal(decide({ 'graylane-override': 'bad' }), '- not-matched'));
  it('one for a release that is gone is ignored', () => assert.equal(decide({ 'graylane-override': 'gone' }), '- not-matched'));
  it('is ignored where nobody verifies', () => assert.equal(routerOf(document).decide(requestOf({ headers: { 'graylane-override': 'good' } })).lane, null));
});

describe('derived tags', () => {
  it('client hints come before the user agent', () => {
    const document = web({ when: [{ tag: { ua: 'Android' } }] });
    check(document, { headers: { 'user-agent': 'Mozilla/5.0 (Linux; Android 15)' } }, 'r1');
    check(document, { headers: { 'user-agent': 'Mozilla/5.0 (X11; Linux)', 'sec-ch-ua-platform': '"Android"' } }, 'r1');
    check(document, { headers: { 'user-agent': 'Mozilla/5.0 (Linux; Android 15)', 'sec-ch-ua-platform': '"Windows"' } }, null);
  });
  for (const [agent, os, browser, device] of [
    ['Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0', 'Windows', 'Edge', 'desktop'],
    ['Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1', 'iOS', 'Safari', 'mobile'],
    ['Mozilla/5.0 (iPad; CPU OS 16_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Safari/604.1', 'iOS', 'Safari', 'tablet'],
    ['Mozilla/5.0 (Linux; Android 13; SM-X700) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/23.0 Chrome/115.0.0.0 Safari/537.36', 'Android', 'Samsung Internet', 'tablet'],
    ['Mozilla/5.0 (Android 14; Mobile; rv:128.0) Gecko/128.0 Firefox/128.0', 'Android', 'Firefox', 'mobile'],
    ['Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36', 'Chrome OS', 'Chrome', 'desktop'],
    ['Mozilla/5.0 (compatible; Microsoft Windows; Googlebot/2.1)', 'Windows', null, 'bot'],
    ['curl/8.5.0', null, null, null],
  ] as const) {
    it(`${agent.slice(0, 48)}… is ${os}, ${browser}, ${device}`, () => {
      for (const [part, value] of [['os', os], ['browser', browser], ['device', device]] as const) {
        const document = { ...web({ when: [{ tag: { it: value ?? { present: false } } }] }), tags: { it: { userAgent: part } } };
        check(document, { headers: { 'user-agent': agent } }, 'r1');
      }
    });
  }
  it('a claim comes from whoever verifies', () => {
    const document = web({ when: [{ tag: { plan: 'gold' } }] });
    const request: RequestFields = requestOf({ headers: { authorization: 'Bearer abc' } });
    assert.equal(routerOf(document, { claim: (token, claim) => (token === 'abc' && claim === 'plan' ? 'gold' : null) }).decide(request).lane, 'r1');
    assert.equal(routerOf(document).decide(request).lane, null);
  });
});
