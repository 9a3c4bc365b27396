// The short form of `npm run conformance:reload`.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reloadUnderLoad } from './reload-run.ts';

void test('gateway processes are replaced under load without a lost request, on new, kept and HTTP/2 connections', { timeout: 60_000 }, async () => {
  const { lost, reloads, farewells, answered } = await reloadUnderLoad({ requests: 300, reloads: 1, workers: 1 });
  assert.deepEqual(lost, []);
  assert.ok(answered >= 300 && reloads >= 1 && farewells >= 1, `${answered} answered, ${reloads} reloads, ${farewells} GOAWAY`);
});
