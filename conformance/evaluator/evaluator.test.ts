// The independent evaluator agrees with the shared vectors, which no code of ours has made.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { bucketOf } from './bucket.ts';
import type { Document, WireRequest } from './document.ts';
import { lanesOf, versionOf } from './evaluate.ts';
import { utf8 } from './values.ts';

interface Vectors {
  readonly buckets: readonly { readonly salt: string; readonly key: string; readonly bucket: number }[];
  readonly cases: readonly {
    readonly id: string;
    readonly strategy: Document;
    readonly requests: readonly {
      readonly name: string;
      readonly request: { readonly method: string; readonly path: string; readonly headers: Readonly<Record<string, string | readonly string[]>> };
      readonly lane: string | null;
      readonly route: Readonly<Record<string, string>>;
    }[];
  }[];
}

const vectors = JSON.parse(readFileSync(join(import.meta.dirname, '../routing.json'), 'utf8')) as Vectors;

function onTheWire(request: Vectors['cases'][number]['requests'][number]['request']): WireRequest {
  const headers = Object.entries(request.headers).flatMap(([name, value]) => (Array.isArray(value) ? value : [value]).map((line): [string, string] => [name, utf8(String(line))]));
  return { method: request.method, target: request.path, headers };
}

it('the buckets of the shared vectors', () => {
  for (const { salt, key, bucket } of vectors.buckets) assert.equal(bucketOf(salt, utf8(key)), bucket, `${salt}:${key}`);
  assert.ok(vectors.buckets.length > 20);
});

describe('the routes of the shared vectors', () => {
  for (const { id, strategy, requests } of vectors.cases) {
    it(id, () => {
      for (const { name, request, lane, route } of requests) {
        assert.deepEqual(lanesOf(strategy, onTheWire(request)), [lane], name);
        for (const [service, version] of Object.entries(route)) assert.equal(versionOf(strategy, service, lane), version, `${name}, ${service}`);
      }
    });
  }
});
