// What differs in other projects' suites stands in the docs as it is known here.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { rows } from './known.ts';

test('docs/agent.md has the table of what differs, and why', () => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/agent.md'), 'utf8');
  assert.ok(text.includes(`\n${rows().join('\n')}\n`), `the rows have to be:\n${rows().join('\n')}`);
});
