// What real requests do to a verdict: counted by the processes that clients speak to, each one once, whatever becomes of a worker.

import assert from 'node:assert/strict';
import { get } from 'node:http';
import { test } from 'node:test';
import { appSource, freePort, Project } from './support/project.ts';

interface Arm { readonly arm: string; readonly users: number; readonly requests: number; readonly failed: number }

/** One in twenty of its answers is an error. */
const FAILING = `let n = 0;
require('node:http').createServer((request, response) => {
  n += 1;
  response.statusCode = n % 20 === 0 ? 500 : 200;
  response.end('two');
}).listen(process.env.PORT);
`;

async function visit(port: number, from: number, users: number): Promise<Record<string, number>> {
  const seen: Record<string, number> = {};
  for (let user = from; user < from + users; user++) {
    const kind = await new Promise<string>((resolve, reject) => {
      get({ port, agent: false, headers: { cookie: `graylane-id=${user.toString(16).padStart(5, '0')}` } }, (response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => { body += chunk.toString(); });
        response.on('end', () => resolve(response.statusCode === 500 ? 'failed' : body));
      }).on('error', reject);
    });
    seen[kind] = (seen[kind] ?? 0) + 1;
  }
  return seen;
}

test('a canary that fails 5 % of its requests is seen to, user by user and once each, also over a reload', async (t) => {
  const port = await freePort();
  const project = new Project({ 'v1/server.js': appSource('one'), 'v2/server.js': FAILING });
  t.after(() => project.remove());
  await project.up('./v1/server.js', '--canary', './v2/server.js', '--percent', '50', '--port', String(port));

  /** Asks until all requests are counted; what is counted twice would never be `requests`. */
  const counted = async (requests: number): Promise<Record<string, Arm>> => {
    for (const until = Date.now() + 20_000; ;) {
      const { arms } = JSON.parse((await project.run('compare', 'canary', '--json')).stdout) as { arms: readonly Arm[] };
      const sum = arms.reduce((total, arm) => total + arm.requests, 0);
      assert.ok(sum <= requests, `${sum} counted of ${requests}`);
      if (sum === requests) return Object.fromEntries(arms.map((arm) => [arm.arm, arm]));
      assert.ok(Date.now() < until, `only ${sum} of ${requests} were counted`);
    }
  };

  const first = await visit(port, 0, 100);
  await counted(100);
  const reload = await project.run('reload', 'web');
  assert.equal(reload.code, 0, reload.stderr);
  const second = await visit(port, 100, 100);
  const { treated, control } = await counted(200);
  const total = (kind: string): number => (first[kind] ?? 0) + (second[kind] ?? 0);
  assert.deepEqual(
    { treated, control },
    {
      treated: { ...treated, users: total('two') + total('failed'), requests: total('two') + total('failed'), failed: total('failed') },
      control: { ...control, users: total('one'), requests: total('one'), failed: 0 },
    },
  );
  assert.ok(total('failed') >= 2);

  await visit(port, 0, 200);
  const again = await counted(400);
  assert.deepEqual([again['treated']?.users, again['control']?.users], [treated?.users, control?.users], 'who comes back is no new user');
  assert.match((await project.run('compare', 'canary')).stdout, /errors/);
});
