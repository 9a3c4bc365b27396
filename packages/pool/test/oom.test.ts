// The worked example of docs/overload.md: the heap diff names what piles up in an overloaded TD server.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

test('heap diff names ClientRequest in a TD server with one upstream socket', async () => {
  const example = path.join(import.meta.dirname, '..', '..', '..', 'examples', 'oom', 'run.mjs');
  const { stdout } = await promisify(execFile)(process.execPath, [...process.execArgv.filter((flag) => flag.startsWith('--conditions')), example, '60', '3']);
  const [, count] = /^ClientRequest +\+(\d+)/m.exec(stdout) ?? [];
  assert.ok(Number(count) >= 50, stdout);
  assert.match(stdout, /largest new ClientRequest is kept by[\s\S]*→/);
});
