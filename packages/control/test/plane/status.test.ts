// What status and comparisons say of requests: who served them, how fast, in which arm, and what to do next.

import assert from 'node:assert/strict';
import { describe } from 'node:test';
import type { Exposure } from '@graylane/wire';
import { exposureOf } from '../exposure/traffic.ts';
import { inWorld, withRelease } from './world.ts';

const worker = { id: 'web.v1.0', service: 'web' };
const by = { who: 'test', why: 'a test' };

describe('status', () => {
  inWorld('tells rates, success and durations of the last minute, by version and by lane', withRelease(undefined, 20), async ({ plane, clock }) => {
    const exposures = [...many(80, exposureOf(1, 'r', 'control', false)), ...many(18, exposureOf(1, 'r', 'treated', false)), ...many(2, exposureOf(1, 'r', 'treated', true))];
    await clock.advance(10_000);
    plane.report(worker, { kind: 'counts', counts: [], exposures });
    const { services, releases } = await plane.status();
    const [stable, canary] = services[0]?.versions ?? [];
    assert.deepEqual([stable?.recent?.rps, stable?.recent?.success, canary?.recent?.rps, canary?.recent?.success], [8, 100, 2, 90]);
    assert.deepEqual(releases[0]?.recent, canary?.recent);
    // All in the bucket from 10 to 25 ms.
    assert.ok((canary?.recent?.p50Ms ?? 0) > 10 && (canary?.recent?.p99Ms ?? 99) <= 25);
    await clock.advance(61_000);
    assert.equal((await plane.status()).services[0]?.versions[0]?.recent, undefined, 'a minute later nothing is recent');
  });

  inWorld('counts what stable served for a lane that could not as stable’s, and says so', withRelease(undefined, 50), async ({ plane }) => {
    const count = (lane: string | null, reason: string, requests: number): { generation: number; lane: string | null; reason: string; requests: number } => ({ generation: 1, lane, reason, requests });
    plane.report(worker, { kind: 'counts', counts: [count('r', 'bucket', 50), count(null, 'out-by-bucket', 50), count('r', 'unavailable', 20), count('r', 'pinned', 7)] });
    const { services, releases } = await plane.status();
    assert.deepEqual(services[0]?.versions.map(({ version, requests }) => [version, requests]), [['v1', 70], ['v2', 37]]);
    assert.deepEqual([releases[0]?.requests, releases[0]?.unavailable, releases[0]?.share], [57, 20, 50]);
  });

  inWorld('names the next command for each standing', withRelease([{ percent: 5 }, { pause: true }]), async ({ plane, machine }) => {
    const next = async (): Promise<string | undefined> => (await plane.status()).next[0];
    assert.equal(await next(), 'graylane start r');
    await plane.verb('r', 'start', by);
    assert.deepEqual((await plane.status()).next, ['graylane compare r', 'graylane promote r', 'graylane rollback r']);
    machine.broken.add('web/v2/stable');
    await plane.verb('r', 'promote-full', by);
    await until(async () => (await plane.release('r')).hold === 'failure');
    assert.equal(await next(), 'graylane resume r');
    await plane.verb('r', 'rollback', by);
    assert.deepEqual((await plane.status()).next, ['graylane start r', 'graylane canary <dir or script>']);
  });

  inWorld('says that a share of nobody still has its pinned users', withRelease(), async ({ plane }) => {
    assert.match((await plane.split('r', '0%', null, 'test')).notes.join(), /pinned users of 'r' stay in.*graylane rollback r/);
    assert.deepEqual((await plane.split('r', '5%', null, 'test')).notes, []);
    assert.match((await plane.status()).next[0] ?? '', /^graylane split r 10%$/);
  });
});

describe('a comparison', () => {
  inWorld('shows both arms now, and after the end what the last verdict was taken on', withRelease([{ percent: 5 }, { verdict: { for: '30m' } }]), async ({ plane, clock }) => {
    await plane.verb('r', 'start', by);
    plane.report(worker, { kind: 'counts', counts: [], exposures: [...many(1_900, exposureOf(2, 'r', 'control', false)), ...many(60, exposureOf(2, 'r', 'treated', true))] });
    const now = await plane.compare('r');
    assert.deepEqual(now.arms.map(({ arm, requests, failed }) => [arm, requests, failed]), [['treated', 60, 60], ['control', 1_900, 0]]);
    await clock.advance(2_000);
    assert.equal((await plane.release('r')).phase, 'rolled-back');
    const after = await plane.compare('r');
    assert.deepEqual([after.live, after.arms, after.verdict?.answer], [false, [], 'harm']);
    assert.ok((after.verdict?.evidence[0]?.treated.bad ?? 0) > 0);
  });

  inWorld('of a release whose whole audience is in takes stable as the control, and says so', withRelease(undefined, 100), async ({ plane }) => {
    const stable: Exposure = { ...exposureOf(1, 'r', 'control', false), arm: null, of: null };
    plane.report(worker, { kind: 'counts', counts: [], exposures: [...many(200, stable), ...many(200, exposureOf(1, 'r', 'treated', false))] });
    const { arms, verdict } = await plane.compare('r');
    assert.deepEqual(arms.map(({ requests }) => requests), [200, 200]);
    assert.match(verdict?.reasons.join() ?? '', /control is stable as a whole/);
  });

  inWorld('waits with the choice between users and requests until somebody comes back, or nobody does', withRelease(undefined, 50), async ({ plane }) => {
    const first = (arm: 'treated' | 'control'): Exposure[] => many(10, exposureOf(1, 'r', arm, false));
    plane.report(worker, { kind: 'counts', counts: [], exposures: [...first('treated'), ...first('control')] });
    assert.deepEqual((await plane.compare('r')).verdict?.evidence, []);
    assert.match((await plane.compare('r')).verdict?.reasons[0] ?? '', /^20 requests .* none of them of a user who came back/);
    plane.report(worker, { kind: 'counts', counts: [], exposures: first('treated'), users: [{ generation: 1, of: 'r', arm: 'treated', seen: [1, 2, 3], bad: [], slow: [] }] });
    assert.equal((await plane.compare('r')).verdict?.evidence[0]?.unit, 'user');
  });
});

function many(count: number, one: Exposure): Exposure[] {
  return Array.from({ length: count }, () => one);
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 100; turn += 1) {
    if (await holds()) return;
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  assert.fail('it did not come to that');
}
