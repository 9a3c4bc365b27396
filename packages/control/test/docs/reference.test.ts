// The written references are what the code says.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { METRICS_FILE, metricsReference } from './metrics-reference.ts';
import { REFERENCE_FILE, apiReference } from './reference.ts';

for (const { page, file, text, writer } of [
  { page: 'docs/api.md', file: REFERENCE_FILE, text: apiReference(), writer: 'reference.ts' },
  { page: 'docs/metrics.md', file: METRICS_FILE, text: metricsReference(), writer: 'metrics-reference.ts' },
]) {
  it(`${page} is as the code is`, () => {
    assert.equal(readFileSync(file, 'utf8'), text, `write it anew: node --conditions=graylane-source packages/control/test/docs/${writer}`);
  });
}
