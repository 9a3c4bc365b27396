// The one file that is loaded into apps: small, and made of nothing but itself and Node.

import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { test } from 'node:test';
import { AGENT_FILE, AGENT_LIMIT_BYTES } from '../../../tools/bundle-agent.ts';
import { build } from '../../../tools/build.ts';

build();

test('the bundle stays under its limit', () => {
  assert.ok(statSync(AGENT_FILE).size <= AGENT_LIMIT_BYTES, `${statSync(AGENT_FILE).size} bytes of ${AGENT_LIMIT_BYTES}`);
});

test('the bundle imports nothing and asks for nothing but Node\'s own modules', () => {
  const code = readFileSync(AGENT_FILE, 'utf8');
  assert.deepEqual(code.match(/\b(?:import|export)\b\s*[{*"'a-z][^;]{0,60}?from\s*["'][^"']+["']|\brequire\(/g), null);
  const modules = [...code.matchAll(/getBuiltinModule\(["']([^"']+)["']\)/g)].map(([, name]) => name);
  assert.ok(modules.length > 5);
  assert.deepEqual(modules.filter((name) => name?.startsWith('node:') !== true), []);
});
