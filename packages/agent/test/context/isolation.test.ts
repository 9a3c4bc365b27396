// Nobody's stamp is ever on another's request. The short form of `npm run conformance:context`: two hundred users at once,
// through everything in Node that requests share.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { build } from '../../../../tools/build.ts';
import { nodes } from './support/process.ts';

build();

interface Outcome {
  readonly requests: number;
  /** That arrived without a stamp though their user has one. */
  readonly without: number;
  readonly wrongs: number;
  /** The first of them. */
  readonly wrong: readonly string[];
  readonly faults: readonly string[];
  readonly failed: string | null;
}

async function run(node: string, env: Readonly<Record<string, string>> = {}): Promise<Outcome> {
  const app = new URL('apps/isolation.mjs', import.meta.url).pathname;
  const { stdout } = await promisify(execFile)(node, [app], { env: { ...process.env, NODE_OPTIONS: '', USERS: '200', ROUNDS: '1', ...env }, timeout: 120_000 });
  return JSON.parse(stdout) as Outcome;
}

/** Contexts are kept in two ways: by async_hooks up to 22, by V8 itself from 24 on. The long form runs on all four. */
for (const { major, node, skip } of nodes.slice(0, 2)) {
  describe(`Node ${major}`, { skip }, () => {
    test('200 users share pools, connections, retries, timers and streams, and nobody gets another\'s lane', async () => {
      const seed = String(Math.floor(Math.random() * 1_000_000));
      const { requests, ...rest } = await run(node, { SEED: seed });
      assert.deepEqual(rest, { without: 0, wrongs: 0, wrong: [], faults: [], failed: null, seed: Number(seed) });
      assert.ok(requests > 800, `only ${requests} requests`);
    });
  });
}

test('the same users under a bare AsyncLocalStorage do get each other\'s lanes', async () => {
  const naive = new URL('apps/naive.cjs', import.meta.url).pathname;
  assert.ok((await run(process.execPath, { CONTEXT_FILE: naive })).wrongs > 0);
});
