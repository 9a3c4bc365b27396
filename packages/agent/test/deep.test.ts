// A full stack in the app, with the agent's hooks somewhere in it: each answer is the one that the app gives without the agent.

import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { nodeBinary } from '../../../tools/nodes.ts';
import { body, exchange, get } from './support/exchange.ts';
import { BUNDLE, document, Supervisor } from './support/supervisor.ts';

const EXPECTED = {
  '/recursion': 'threw RangeError',
  '/contexts': 'threw RangeError outside',
  '/awaits': 'reached 1',
  '/events': 'at the bottom',
  '/endless-events': 'threw RangeError',
  '/headers': 'set',
  '/outgoing': 'got plain',
  // And it lives.
  '/plain': 'plain',
};

async function answers(port: number): Promise<Record<string, string>> {
  const got: Record<string, string> = {};
  for (const path of Object.keys(EXPECTED)) got[path] = body(await exchange({ port }, get(path)));
  return got;
}

async function bare(t: TestContext, node: string): Promise<number> {
  const child: ChildProcess = spawn(node, [join(import.meta.dirname, 'apps/deep.mjs')], { env: { ...process.env, PORT: '0' }, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  t.after(() => child.kill('SIGKILL'));
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return port;
}

/** Two services: then the agent carries requests on through the app, and has its hands in what the app sends. */
const CHAIN = { services: { web: { stable: 'v1', versions: { v1: {}, v2: {} } }, other: { stable: 'v1', versions: { v1: {} } } } };

for (const [major, node] of [['20', nodeBinary('20')], ['22', nodeBinary('22')], ['24', process.execPath], ['26', nodeBinary('26')]] as const) {
  test(`a full stack is met on Node ${major} as without the agent`, { skip: node === null && `Node ${major} is not installed: node tools/nodes.ts` }, async (t) => {
    const supervisor = await Supervisor.start();
    t.after(() => supervisor.stop());
    await supervisor.publish(document([{ name: 'next', when: [{ header: { 'x-canary': '1' } }], versions: { web: 'v2' } }], CHAIN));
    const port = supervisor.port();
    const loader = { node: node ?? '', flags: BUNDLE.flags };
    const worker = await supervisor.worker({ app: 'deep.mjs', ports: [port], loader });
    assert.deepEqual(await answers(await bare(t, loader.node)), EXPECTED);
    assert.deepEqual(await answers(port), EXPECTED);
    assert.equal(worker.child.exitCode, null);
  });
}
