// Large strategies are analysed and compiled on a thread of their own: the event loop goes on, and nothing can hang or end it.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseStrategy, type ReleaseSpec, type Strategy } from '@graylane/rules';
import { AnalysisThread } from '../src/up/analysis-thread-owner.ts';
import { findingsOf, snapshotOf } from '../src/up/analysis.ts';

function strategyOf(releases: readonly ReleaseSpec[]): Strategy {
  const versions = Object.fromEntries(['v0', ...releases.map(({ name }) => name)].map((name) => [name, {}]));
  const parsed = parseStrategy({ services: { web: { stable: 'v0', versions } }, releases });
  assert.ok(parsed.ok);
  return parsed.strategy;
}

const tenants = (count: number): readonly ReleaseSpec[] => Array.from({ length: count }, (_, i) => ({ name: `r${i}`, priority: i, when: [{ header: { 'x-tenant': i === count - 1 ? 't0' : `t${i}` } }], versions: { web: `r${i}` } }));

/** A thread whose program is this text. */
const threadOf = (program: string, timeoutMs = 60_000): AnalysisThread => new AnalysisThread({ timeoutMs, idleMs: 10, file: new URL(`data:text/javascript,${encodeURIComponent(`import { parentPort } from 'node:worker_threads'; parentPort.on('message', ({ id }) => { ${program} });`)}`) });

describe('a strategy', () => {
  for (const count of [3, 500]) {
    it(`of ${count} releases has its findings and its snapshot`, async () => {
      const strategy = strategyOf(tenants(count));
      assert.deepEqual((await findingsOf(strategy)).map(({ code, pointer }) => `${code} ${pointer}`), [`GL1102 /releases/${count - 1}`]);
      assert.equal((await snapshotOf(strategy.document)).releases.length, count);
    });
  }
  it('the event loop turns while a large one is analysed', async () => {
    let turns = 0;
    const counting = setInterval(() => turns += 1, 5);
    const strategy = strategyOf(tenants(2_000));
    turns = 0;
    await findingsOf(strategy);
    clearInterval(counting);
    assert.ok(turns > 10, `${turns} turns`);
  });
});

describe('a thread', () => {
  const question = { kind: 'compile', document: strategyOf(tenants(2)).document } as const;
  it('that takes too long is ended, and whoever waits is told', async () => {
    const thread = threadOf('for (;;);', 50);
    assert.deepEqual(await thread.ask(question), { kind: 'failed', why: 'it took more than 0.05 s' });
    assert.equal(thread.running, false);
  });
  it('that fails is an answer, and the next question starts another', async () => {
    const thread = threadOf("throw new Error('broken');");
    for (let i = 0; i < 2; i++) assert.deepEqual(await thread.ask(question), { kind: 'failed', why: 'broken' });
  });
  it('that ends is an answer', async () => {
    assert.deepEqual(await threadOf('process.exit(3);').ask(question), { kind: 'failed', why: 'its thread ended with code 3' });
  });
  it('with too many questions takes no more', async () => {
    const thread = threadOf('setTimeout(() => process.exit(0), 200);');
    const answers = Array.from({ length: 65 }, () => thread.ask(question));
    assert.deepEqual(await answers.at(-1), { kind: 'failed', why: '64 others are waiting already' });
    await Promise.all(answers);
  });
});
