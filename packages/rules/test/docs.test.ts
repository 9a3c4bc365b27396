// The page of findings and the schema say what the code says.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';

import { FINDINGS } from '../src/index.ts';

it('docs/findings.md names every finding with its code and level', () => {
  const page = readFileSync(new URL('../../../docs/findings.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| `([a-z-]+)` \| (GL\d+) \| (\w+) \|/gm)].map(([, kind = '', code, level]) => [kind, { code, level }]);
  assert.deepEqual(Object.fromEntries(rows), FINDINGS);
});
