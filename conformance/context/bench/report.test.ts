// The verdicts of the benchmark's page, on made-up measures.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Measure } from '../../../bench/measure.ts';
import { computedTable, reached, table } from './report.ts';

const measure = (cpuMicrosPerRequest: number, requests: number): Measure => ({ cpuMicrosPerRequest, requests, failed: 0, seconds: 1, p50Ms: 1, p99Ms: 1 });

/** Three rounds, of which the second is a slow one for all. */
const rounds = (micros: number, requests: number): readonly Measure[] => [measure(micros, requests), measure(micros * 2, requests / 2), measure(micros, requests)];

test('differences are taken inside a round, and held against what is to be reached', () => {
  const computed = new Map([['agent, one service', [50, 100, 50]], ['agent, several: stable', [51, 103, 51]], ['agent, several: a lane', [54, 109, 56]]]);
  const koa = new Map([['bare', rounds(50, 1000)], ['agent, one service', rounds(50, 980)], ['agent, several: a lane', rounds(52, 900)]]);
  const lines = reached(computed, koa);
  assert.deepEqual(lines.map((line) => line.slice(0, 3)), ['- ✗', '- ✓', '- ✓', '- ✗']);
  assert.match(lines[0] ?? '', /6\.0 µs, at most 5\.0 µs/);
  assert.match(lines[3] ?? '', /10\.0 %, at most 3\.0 %/);
  assert.equal(computedTable(computed)[4], '| agent, several: a lane | 56.0 | 6.0 | 4.0 to 6.0 |');
  assert.match(table(koa)[3] ?? '', /^\| agent, one service \| [\d.]+ \| 0\.0 \| 0\.0 \| \d+ \| -2\.0 % \|$/);
});
