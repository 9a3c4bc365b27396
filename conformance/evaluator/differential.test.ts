// The router of packages/rules and the independent evaluator agree on seeded strategies and requests.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { compile, loadRouter, parseStrategy } from '@graylane/rules';
import type { Router } from '@graylane/rules';
import { Random } from '../live/random.ts';
import { anyReleases } from '../live/strategies.ts';
import { anyRequest } from '../live/users.ts';
import type { Document, WireRequest } from './document.ts';
import { lanesOf } from './evaluate.ts';

const STRATEGIES = 1_000;
const REQUESTS = 100;
/** Another seed: GRAYLANE_SEED=7 */
const seed = Number(process.env['GRAYLANE_SEED'] ?? 1);

function routerOf(document: object, random: Random): Router {
  const parsed = parseStrategy(document);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return loadRouter(compile(parsed.strategy), { generation: 1, random: () => random.below(1_000_000) / 1_000_000 });
}

function check(document: Document, router: Router, request: WireRequest): void {
  const { lane, mint } = router.decide({ method: request.method, target: request.target, rawHeaders: request.headers.flat() });
  const allowed = lanesOf(document, request, mint);
  const place = (): string => `seed ${seed}: lane ${lane ?? 'stable'}, allowed ${JSON.stringify(allowed)}\n${JSON.stringify(request)}\n${JSON.stringify(document.releases, null, 1)}`;
  assert.ok(allowed.includes(lane), place());
}

it(`${STRATEGIES} strategies, ${REQUESTS} requests each`, () => {
  const random = new Random(seed);
  let taken = 0;
  for (let strategy = 0; strategy < STRATEGIES; strategy++) {
    const document = {
      tags: { region: { header: 'x-region' }, user: { header: 'x-user' } },
      services: { web: { stable: 'v1', versions: { v1: { script: 'a' }, v2: { script: 'a' }, v3: { script: 'a' } } } },
      releases: anyReleases(random),
    };
    const router = routerOf(document, random);
    for (let request = 0; request < REQUESTS; request++) {
      const asked = anyRequest(random);
      check(document, router, asked);
      if (lanesOf(document, asked)[0] !== null) taken++;
    }
  }
  // A generator that never selects anybody would compare nothing.
  assert.ok(taken > (STRATEGIES * REQUESTS) / 10, String(taken));
});
