// The short form of `npm run conformance:lanes`.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startChain, type RunningChain } from './chain.ts';
import { runLanes } from './run.ts';

describe('a chain of three services while its strategy changes', () => {
  let chain: RunningChain;
  before(async () => {
    chain = await startChain(false);
  });
  after(() => chain.stop());

  it('no request meets two generations or two lanes, and no tag is lost', async () => {
    const report = await runLanes({ chain, requests: 1_500, changes: 40, connections: 8 });
    const { asked, answered, failed, mixedGenerations, twoLanes, wrongVersions, lostTags, generations } = report;
    assert.deepEqual({ answered, failed, mixedGenerations, twoLanes, wrongVersions, lostTags }, { answered: asked, failed: 0, mixedGenerations: 0, twoLanes: 0, wrongVersions: 0, lostTags: 0 }, report.examples.join('\n'));
    // A run that met few generations would prove nothing.
    assert.ok(generations > 30, JSON.stringify(report));
  });
});
