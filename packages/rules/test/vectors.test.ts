// The shared routing cases: every evaluator of the project has to pass them.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';

import { bucketOf, explain } from '../src/index.ts';
import type { WrittenRequest } from './helpers.ts';
import { requestOf, routerOf } from './helpers.ts';

interface Vectors {
  readonly buckets: readonly { readonly salt: string; readonly key: string; readonly bucket: number }[];
  readonly cases: readonly {
    readonly id: string;
    readonly strategy: { readonly services: Readonly<Record<string, unknown>> };
    readonly requests: readonly { readonly name: string; readonly request: WrittenRequest; readonly lane: string | null; readonly route: Readonly<Record<string, string>> }[];
  }[];
}

const vectors = JSON.parse(readFileSync(new URL('../../../conformance/routing.json', import.meta.url), 'utf8')) as Vectors;

describe('buckets', () => {
  for (const { salt, key, bucket } of vectors.buckets) {
    it(`${salt}:${key} is ${bucket}`, () => assert.equal(bucketOf(salt, key), bucket));
  }
});

for (const { id, strategy, requests } of vectors.cases) {
  describe(`case ${id}`, () => {
    for (const { name, request, lane, route } of requests) {
      it(name, () => {
        const router = routerOf(strategy);
        const decision = router.decide(requestOf(request));
        assert.equal(decision.lane, lane);
        assert.deepEqual(Object.fromEntries(Object.keys(strategy.services).map((service) => [service, router.version(service, decision.lane)])), route);
        assert.deepEqual(explain(router, requestOf(request)).versions, route);
      });
    }
  });
}
