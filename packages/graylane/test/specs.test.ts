// What a version says in the document and what its pool is asked to run.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PoolSpec } from '@graylane/pool';
import type { VersionSpec } from '@graylane/rules';
import { poolSpec } from '../src/up/specs.ts';

function check(spec: VersionSpec, expected: Partial<PoolSpec>): void {
  const pool = poolSpec({ service: 'web', version: 'v1', role: 'stable', publicSlots: 'open', spec: { script: './server.js', ...spec }, base: '/srv/app' });
  const seen = Object.fromEntries(Object.keys(expected).map((key) => [key, Reflect.get(pool, key) as unknown]));
  assert.deepEqual(seen, expected);
}

test('paths are relative to the document', () => {
  check({}, { script: '/srv/app/server.js', cwd: '/srv/app' });
  check({ cwd: 'current' }, { script: '/srv/app/current/server.js', cwd: '/srv/app/current' });
  check({ interpreter: 'node22' }, { interpreter: 'node22' });
  check({ interpreter: './bin/node' }, { interpreter: '/srv/app/bin/node' });
  check({ envFile: '.env' }, { envFile: ['/srv/app/.env'] });
});

test('durations and sizes are read', () => {
  check({ killTimeout: '2s', drainTimeout: '1m', maxLifetime: '1h' }, { killTimeoutMs: 2_000, drainTimeoutMs: 60_000, maxLifetimeMs: 3_600_000 });
  check({ ready: { http: '/up', timeout: '5s' } }, { ready: { http: '/up', timeoutMs: 5_000 } });
  check({ heapLimit: '64MB' }, { heapLimitBytes: 64 * 2 ** 20 });
});

test('a worker can be judged by a path and looked into before it is replaced', () => {
  check({ liveness: { http: '/alive' } }, { liveness: { http: '/alive' } });
  check({ memoryLimit: '128MB', heapSnapshot: true }, { memory: { rssBytes: 128 * 2 ** 20, snapshot: true } });
});

test('one number of workers, or a range', () => {
  check({}, { workers: 1 });
  check({ workers: { min: 1, max: 4 } }, { scaling: { min: 1, max: 4 } });
});

test('its share of the CPU', () => {
  check({ nice: 5, cpuWeight: 50 }, { nice: 5, cpuWeight: 50 });
});
