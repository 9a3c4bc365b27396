import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Measure } from '../measure.ts';
import { GATEWAY, proxies } from './proxies.ts';
import { table } from './table.ts';

const runs = (...micros: readonly number[]): Measure[] => micros.map((cpuMicrosPerRequest) => ({ cpuMicrosPerRequest, requests: 1, seconds: 1, failed: 0, p50Ms: 1, p99Ms: 1 }));

void test('ratios are of the same round, say how often the gateway costs the other one, and stand beside what was promised', () => {
  const chosen = proxies.filter(({ name }) => [GATEWAY, 'nginx', 'http-proxy'].includes(name));
  const measures = new Map([[GATEWAY, runs(20, 40, 30)], ['nginx', runs(10, 20, 15)], ['http-proxy', runs(80, 160, 120)]]);
  const rows = table('3 bytes', chosen, measures, () => 0.5).split('\n').filter((line) => line.startsWith('| ')).slice(-3);
  assert.deepEqual(rows, [
    '| graylane gateway | 30.0 |  |  |  |',
    '| nginx | 15.0 | 2.00 | 2.00 | 2.20 |',
    '| http-proxy | 120.0 | 0.25 | 0.25 | 0.50 |',
  ]);
});
