// The written reference is what the code says.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { REFERENCE_FILE, apiReference } from './reference.ts';

it('docs/api.md is as the routes and schemas are', () => {
  assert.equal(readFileSync(REFERENCE_FILE, 'utf8'), apiReference(), 'write it anew: node --conditions=graylane-source packages/control/test/docs/reference.ts');
});
