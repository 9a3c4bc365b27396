// What is loaded into apps: a small file made of nothing but itself and Node, and parts that few apps load.

import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { test } from 'node:test';
import { AGENT_FILE, AGENT_LIMIT_BYTES, PARTS } from '../../../tools/bundle-agent.ts';
import { build } from '../../../tools/build.ts';

build();

for (const { file, limitBytes } of [{ file: AGENT_FILE, limitBytes: AGENT_LIMIT_BYTES }, ...PARTS]) {
  test(`${basename(file)} stays under its limit`, () => {
    assert.ok(statSync(file).size <= limitBytes, `${statSync(file).size} bytes of ${limitBytes}`);
  });
}

test('the bundle imports nothing and asks for nothing but Node\'s own modules', () => {
  const code = readFileSync(AGENT_FILE, 'utf8');
  assert.deepEqual(code.match(/\b(?:import|export)\b\s*[{*"'a-z][^;]{0,60}?from\s*["'][^"']+["']|\brequire\(/g), null);
  const modules = [...code.matchAll(/getBuiltinModule\(["']([^"']+)["']\)/g)].map(([, name]) => name);
  assert.ok(modules.length > 5);
  assert.deepEqual(modules.filter((name) => name?.startsWith('node:') !== true), []);
});

test('the parts ask for nothing but Node\'s own modules', () => {
  for (const { file } of PARTS) {
    const modules = [...readFileSync(file, 'utf8').matchAll(/\brequire\(["']([^"']+)["']\)/g)].map(([, name]) => name ?? '');
    assert.deepEqual(modules.filter((name) => !name.startsWith('node:')), [], basename(file));
  }
});
