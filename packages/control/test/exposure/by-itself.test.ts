// End to end on simulated time and traffic: a sick canary is rolled back by itself with its reason, a healthy one promoted.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openWorld, withRelease } from '../plane/world.ts';
import type { World } from '../plane/world.ts';
import { Traffic } from './traffic.ts';
import type { TrafficOptions } from './traffic.ts';

const gateAt = (percent: number): ReturnType<typeof withRelease> => withRelease([{ percent }, { verdict: { for: '30m' } }]);
const gate = gateAt(5);
const sick = { treated: 0.05, control: 0.01 };
const healthy = { treated: 0.01, control: 0.01 };

describe('a release that is left alone', () => {
  check('with 5 % errors against 1 % at 50 + 950 requests a minute is rolled back within ten minutes', { errors: sick }, async (world, minutes) => {
    const { phase, why } = await world.plane.release('r');
    assert.equal(phase, 'rolled-back');
    assert.ok(minutes <= 10, `it took ${minutes} minutes`);
    assert.match(why, /^errors: .* bad against .* in control/);
    const [event] = await world.plane.events({ limit: 1 });
    assert.deepEqual([event?.who, (event?.evidence as { answer: string } | undefined)?.answer], ['controller', 'harm']);
    assert.deepEqual(world.machine.snapshot?.releases, []);
  });

  check('that is healthy is promoted at its gate', { errors: healthy, requestsPerMinute: 2_400, percent: 50 }, async (world, minutes) => {
    assert.equal((await world.plane.release('r')).phase, 'succeeded');
    assert.ok(minutes >= 29, `after ${minutes} minutes already`);
    assert.equal((await world.plane.strategy()).document['services'] === undefined, false);
  });

  check('and healthy, but with too few requests to know, is held for a person', { errors: healthy, requestsPerMinute: 60 }, async (world) => {
    const { phase, why } = await world.plane.release('r');
    assert.equal(phase, 'paused');
    assert.match(why, /units were seen|at most/);
  });

  check('without known users is rolled back on requests, a little later', { errors: { treated: 0.2, control: 0.01 }, users: false }, async (world, minutes) => {
    assert.equal((await world.plane.release('r')).phase, 'rolled-back');
    assert.ok(minutes <= 30, `it took ${minutes} minutes`);
  });

  it('keeps what it has seen over a restart of the supervisor', async () => {
    const world = await openWorld(gate);
    await world.plane.verb('r', 'start', by);
    const traffic = new Traffic({ seed: 7, requestsPerMinute: 1_000, errors: healthy, release: 'r' });
    await feed(world, traffic, 5);
    const before = await unitsOf(world);
    await world.plane.stop();
    await world.restart();
    assert.deepEqual(await unitsOf(world), before);
    assert.ok(before.treated > 100);
    await world.end();
  });

  it('is compared anew when another version has become stable', async () => {
    const { services, releases } = gate;
    const versions = { ...services['web']?.versions, v3: { script: './v3.js' } };
    const world = await openWorld({ services: { web: { ...services['web'], versions } }, releases });
    await world.plane.verb('r', 'start', by);
    await feed(world, new Traffic({ seed: 7, requestsPerMinute: 1_000, errors: healthy, release: 'r' }), 2);
    assert.ok((await unitsOf(world)).control > 100);
    await world.plane.apply({ document: { services: { web: { ...services['web'], stable: 'v3', versions } }, releases }, expectedRevision: null, dryRun: false, force: false, who: 'test', why: 'v3 is stable' });
    await world.clock.advance(1_000);
    assert.deepEqual(await unitsOf(world), { treated: 0, control: 0 });
    assert.deepEqual([(await world.plane.release('r')).phase, world.faults], ['progressing', []]);
    await world.end();
  });

  it('counts a message that comes twice once', async () => {
    const world = await openWorld(gate);
    await world.plane.verb('r', 'start', by);
    const message = { ...new Traffic({ seed: 3, requestsPerMinute: 60_000, errors: healthy, release: 'r', users: false }).second(2, 50), seq: 1 };
    for (let n = 0; n < 3; n += 1) world.plane.report({ id: 'web.v1.0', service: 'web' }, message);
    const { treated, control } = await unitsOf(world);
    assert.equal(treated + control, 1_000);
    assert.match(await world.plane.metrics(), /http_server_request_duration_seconds_count\{service="web",version="v2",lane="r",http_request_method="GET",http_response_status_code="200"\} 4\d\d\n/);
    await world.end();
  });
});

const by = { who: 'test', why: 'a test' };
const MINUTES = 40;

function check(title: string, { percent = 5, ...traffic }: Partial<TrafficOptions> & Pick<TrafficOptions, 'errors'> & { readonly percent?: number }, look: (world: World, minutes: number) => Promise<void>): void {
  it(title, async () => {
    const world = await openWorld(gateAt(percent));
    try {
      await world.plane.verb('r', 'start', by);
      await look(world, await feed(world, new Traffic({ seed: 20_301, requestsPerMinute: 1_000, release: 'r', ...traffic }), MINUTES, percent));
      assert.deepEqual(world.faults, []);
    } finally {
      await world.end();
    }
  });
}

/** Until the release is no longer progressing; returns the minutes that passed. */
async function feed(world: World, traffic: Traffic, minutes: number, percent: number = 5): Promise<number> {
  for (let second = 0; second < minutes * 60; second += SECONDS_AT_ONCE) {
    for (let one = 0; one < SECONDS_AT_ONCE; one += 1) world.plane.report({ id: 'web.v1.0', service: 'web' }, traffic.second(2, percent));
    await world.clock.advance(SECONDS_AT_ONCE * 1_000);
    if ((await world.plane.release('r')).phase !== 'progressing') return second / 60;
  }
  return minutes;
}

/** A look is real work; twenty seconds of traffic each keep the test short. */
const SECONDS_AT_ONCE = 20;

async function unitsOf(world: World): Promise<{ treated: number; control: number }> {
  const { verdict } = await world.plane.release('r');
  const [errors] = (verdict?.evidence ?? []) as unknown as { treated: { n: number }; control: { n: number } }[];
  return { treated: errors?.treated.n ?? 0, control: errors?.control.n ?? 0 };
}
