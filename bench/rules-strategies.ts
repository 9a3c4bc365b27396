// Strategies and requests for the benchmark of rules: as real ones are, in any number; seeded.

import type { ClauseSpec, ReleaseSpec, RequestFields, StrategyDocument } from '@graylane/rules';
import { seeded } from '../tools/seeded.ts';

const REGIONS = ['eu', 'us', 'ap', 'sa', 'af'];

/** A release is for a tenant, or for some users, a path, an app version or a group of one; the last one is for a share of everybody. */
function clauseOf(i: number, random: () => number): ClauseSpec {
  const region = REGIONS[Math.floor(random() * REGIONS.length)] ?? 'eu';
  const tenant = `tenant-${i}`;
  switch (i % 10) {
    case 0: return { header: { 'x-tenant': tenant }, tag: { user: [`user-${i}`, `user-${i}-b`, `user-${i}-c`] } };
    case 1: return { header: { 'x-tenant': tenant, 'x-region': region }, path: { prefix: `/t${i % 100}` } };
    case 2: return { header: { 'x-tenant': tenant }, tag: { app: { semver: '>=2.1 <3' } } };
    case 3: return { header: { 'x-tenant': { prefix: `group-${i}-` } }, cookie: { beta: '1' } };
    case 4: return { header: { 'x-tenant': { regex: `org-${i}-[a-z]{2,8}` } } };
    default: return { header: { 'x-tenant': tenant, 'x-region': [region, 'global'] } };
  }
}

export function strategy(count: number): StrategyDocument {
  const random = seeded(count);
  const releases = Array.from({ length: count }, (_, i): ReleaseSpec => ({
    name: `release-${i}`, priority: i, when: [i === count - 1 ? {} : clauseOf(i, random)], versions: { web: `v${i + 1}` },
    ...(i % 3 === 0 || i === count - 1 ? { percent: 20, stickyBy: ['tag:user', 'anonymous'] } : {}),
  }));
  return {
    tags: { user: { header: 'x-user-id' }, app: { header: 'x-app-version' } },
    services: { web: { stable: 'v0', versions: Object.fromEntries(Array.from({ length: count + 1 }, (_, i) => [`v${i}`, {}])) } },
    releases,
  };
}

/** Requests with 20 headers and 10 cookies, of which `share` names some tenant, user or group of the strategy. */
export function requests(count: number, releases: number, share: number): readonly RequestFields[] {
  const random = seeded(count + releases);
  return Array.from({ length: count }, (_, k) => {
    const i = Math.floor(random() * releases);
    const known = random() < share;
    const cookies = Array.from({ length: 9 }, (_cookie, c) => `cookie${c}=value-${k}-${c}`);
    const lines = [
      'Host', 'localhost:8080', 'Connection', 'keep-alive', 'User-Agent', 'Mozilla/5.0 (X11; Linux x86_64)', 'Accept', 'text/html,application/xhtml+xml', 'Accept-Language', 'en-US,en;q=0.5',
      'Accept-Encoding', 'gzip, br', 'Cache-Control', 'no-cache', 'Pragma', 'no-cache', 'Sec-Fetch-Dest', 'document', 'Sec-Fetch-Mode', 'navigate', 'Sec-Fetch-Site', 'same-origin',
      'Upgrade-Insecure-Requests', '1', 'DNT', '1', 'Referer', 'http://localhost/', 'X-Request-Id', `request-${k}`, 'X-Region', REGIONS[k % REGIONS.length] ?? '', 'X-App-Version', '2.5.0',
      'X-User-Id', known ? `user-${i}` : `someone-${k}`, 'X-Tenant', known ? `tenant-${i}` : `other-${k}`, 'Cookie', [...cookies, known ? 'beta=1' : 'theme=dark'].join('; '),
    ];
    return { method: 'GET', target: `/t${known ? i % 100 : 'x'}/cart?x=1`, rawHeaders: lines };
  });
}

/** As most services have it: testers by a cookie, staff by a header, a share of the users. */
export function usualStrategy(percent: number): StrategyDocument {
  return {
    services: { web: { stable: 'v1', versions: { v1: {}, v2: {}, v3: {}, v4: {} } } },
    releases: [
      { name: 'testers', priority: 1, when: [{ cookie: { beta: '1' }, pinned: true }], versions: { web: 'v2' } },
      { name: 'staff', priority: 2, when: [{ header: { 'x-staff': 'yes' } }], versions: { web: 'v3' } },
      { name: 'ramp', priority: 3, percent, stickyBy: ['header:x-user-id', 'anonymous'], when: [{}], versions: { web: 'v4' } },
    ],
  };
}
