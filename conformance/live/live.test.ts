// The short form of `npm run conformance:live`, on `graylane up` as a user starts it.

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { besideHog, besideKilledCanary, besideLoopingCanary } from './isolation.ts';
import { runLive } from './live.ts';
import { runStickiness } from './stickiness.ts';
import { liveVersions, startUp } from './up.ts';
import type { Up } from './up.ts';

/** "Within 50 ms (p99) of the command's answer". */
const EFFECT_LIMIT_MS = 50;
/** Below this, a p99 on a machine with other work says nothing about who waits for whom. */
const FLOOR_MS = 10;
const ATTEMPTS = 3;

describe('strategies change under load', () => {
  let up: Up;
  before(async () => {
    up = await startUp({ versions: liveVersions(1) });
  });
  after(() => up.stop());

  it('no request fails and every answer is what its generation prescribes', async () => {
    const report = await runLive({ up, requests: 10_000, strategies: 50, connections: 8, seed: 1 });
    assert.deepEqual({ answered: report.answered, failed: report.failed, wrong: report.wrong }, { answered: 10_000, failed: 0, wrong: 0 }, report.examples.join('\n'));
    assert.ok(report.lagP99Ms <= EFFECT_LIMIT_MS, JSON.stringify(report));
    // A run that met few generations or no canary would prove nothing.
    assert.ok(report.seen > 40 && report.canary > 1_000, JSON.stringify(report));
  });

  it('raising 1 → 5 → 20 → 50 % moves no user back, and the shares are what was wanted', async () => {
    for (const step of await runStickiness(up, 2_000, [1, 5, 20, 50], 8)) {
      assert.deepEqual({ movedBack: step.movedBack, failed: step.failed }, { movedBack: 0, failed: 0 }, JSON.stringify(step));
      assert.ok(step.canary >= step.atLeast && step.canary <= step.atMost, JSON.stringify(step));
    }
  });
});

describe('what happens to a canary stays with its users', () => {
  let up: Up;
  before(async () => {
    const releases = [{ name: 'testers', when: [{ cookie: { beta: '1' }, pinned: true }], versions: { web: 'v2' } }];
    up = await startUp({ versions: liveVersions(1), releases });
  });
  after(() => up.stop());

  it('a canary killed again and again: no stable request fails', async () => {
    const { asked, failed, kills } = await besideKilledCanary({ up, perSecond: 200, seconds: 3 });
    assert.deepEqual(failed, []);
    assert.ok(asked === 600 && kills >= 2, `${asked} asked, ${kills} kills`);
  });

  it('a canary in an endless loop: stable waits no longer than beside an unrelated CPU hog', async () => {
    const load = { up, perSecond: 200, seconds: 3 };
    const seen: string[] = [];
    // Other work on the machine comes and goes between two measurements; waiting for a looping canary would stay.
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const hog = await besideHog(load);
      const loop = await besideLoopingCanary(load);
      assert.deepEqual([hog.failed, loop.failed], [[], []]);
      if (loop.p99Ms <= 2 * Math.max(FLOOR_MS, hog.p99Ms)) return;
      seen.push(`p99 ${loop.p99Ms} ms beside the loop, ${hog.p99Ms} ms beside the hog`);
    }
    assert.fail(seen.join('\n'));
  });
});
