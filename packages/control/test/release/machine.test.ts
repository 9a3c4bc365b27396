// Releases on a whole control plane with fake time and processes: plans that go on by themselves, promotions that move pools
// without a gap, and a supervisor that dies between any two steps.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { StrategyDocument } from '@graylane/rules';
import type { VerdictView } from '../../src/release/verdicts.ts';
import { settle } from '../fake-clock.ts';
import { inWorld, openWorld, web, withRelease } from '../plane/world.ts';
import type { World } from '../plane/world.ts';

const MINUTE = 60_000;

describe('a release with a plan', () => {
  inWorld('goes through its steps and is promoted without a request on a canary process', planned(), async ({ plane, machine, clock }) => {
    machine.take();
    await plane.verb('r', 'start', by);
    await settle();
    assert.deepEqual(machine.take(), ['start web/v2', 'publish 2: web=v1, lanes r']);
    assert.deepEqual(await standing(plane), ['paused', 5]);
    await clock.advance(10 * MINUTE);
    assert.deepEqual(machine.take(), ['publish 3: web=v1, lanes r']);
    assert.deepEqual(await standing(plane), ['paused', 50]);
    await plane.verb('r', 'promote', by);
    await settle();
    assert.deepEqual(machine.take(), ['prepare web/v2', 'publish 4: web=v2', 'prepare web/v2', 'open web/v2', 'retire web/v1/stable']);
    await clock.advance(MINUTE);
    assert.deepEqual(machine.take(), ['retire web/v2/canary']);
    assert.deepEqual(await standing(plane), ['succeeded', 100]);
    assert.deepEqual([...machine.pools.keys()], ['web/v2/stable']);
    const { document } = await plane.strategy();
    assert.deepEqual((document as { releases: unknown[] }).releases, []);
  });

  inWorld('publishes a rollback before anything else, with every worker start stuck', planned(), async ({ plane, machine }) => {
    await plane.verb('r', 'start', by);
    machine.take();
    machine.before = (call) => (call.startsWith('publish') ? Promise.resolve() : new Promise(() => undefined));
    await plane.verb('r', 'rollback', { who: 'ann', why: 'errors' });
    assert.deepEqual(machine.take(), ['publish 3: web=v1']);
    machine.before = () => Promise.resolve();
  });

  inWorld('keeps its canary in force when the new stable pool does not start, and says why', planned(), async ({ plane, machine }) => {
    await plane.verb('r', 'start', by);
    machine.broken.add('web/v2/stable');
    await plane.verb('r', 'promote-full', by);
    await settle();
    const release = await plane.release('r');
    assert.deepEqual([release.phase, release.live], ['paused', true]);
    assert.match(release.why, /version 'v2' of 'web' did not become ready: exited with code 1/);
    machine.broken.clear();
    await plane.verb('r', 'resume', by);
    await settle();
    assert.equal((await plane.release('r')).phase, 'succeeded');
  });

  inWorld('is rolled back while its stable pool still starts, and that pool goes again', planned(), async ({ plane, machine, clock }) => {
    await plane.verb('r', 'start', by);
    const gate = stall(machine, 'prepare web/v2');
    await plane.verb('r', 'promote-full', by);
    await settle();
    await plane.verb('r', 'rollback', by);
    gate.open();
    await settle();
    await clock.advance(MINUTE);
    assert.deepEqual([...machine.pools.keys()], ['web/v1/stable']);
    assert.equal((await plane.release('r')).phase, 'rolled-back');
  });

  inWorld('goes back after its success to the version before, whose pool starts first', planned(), async ({ plane, machine, clock }) => {
    await promoted(plane);
    await clock.advance(MINUTE);
    machine.take();
    await plane.verb('r', 'rollback', by);
    await settle();
    assert.deepEqual(machine.take(), ['prepare web/v1', 'publish 4: web=v1', 'prepare web/v1', 'open web/v1', 'retire web/v2/stable']);
    assert.equal((await plane.release('r')).phase, 'rolled-back');
    assert.deepEqual([...machine.pools.keys()], ['web/v1/stable']);
  });

  inWorld('that became stable right after another one goes back to that one, though both began to wait before', twoAtOnce(), async ({ plane, machine, clock }) => {
    for (const name of ['a', 'b']) await plane.verb(name, 'start', by);
    const gate = stall(machine, 'prepare');
    for (const name of ['a', 'b']) await plane.verb(name, 'promote-full', by);
    await settle();
    assert.deepEqual([(await plane.release('a')).phase, (await plane.release('b')).phase], ['promoting', 'promoting']);
    gate.open();
    await clock.advance(MINUTE);
    assert.deepEqual([...machine.pools.keys()], ['web/v3/stable']);
    await plane.verb('b', 'rollback', by);
    await clock.advance(MINUTE);
    assert.deepEqual([...machine.pools.keys()], ['web/v2/stable'], 'not two versions back');
    await plane.verb('a', 'rollback', by);
    await clock.advance(MINUTE);
    assert.deepEqual([...machine.pools.keys()], ['web/v1/stable']);
  });

  inWorld('goes back after its success at once, though the promotion of another one still waits for its pool', twoAtOnce(), async ({ plane, machine, clock }) => {
    for (const name of ['a', 'b']) await plane.verb(name, 'start', by);
    await plane.verb('a', 'promote-full', by);
    await settle();
    await clock.advance(MINUTE);
    assert.equal((await plane.release('a')).phase, 'succeeded');
    const gate = stall(machine, 'prepare web/v3');
    await plane.verb('b', 'promote-full', by);
    await settle();
    machine.take();
    await plane.verb('a', 'rollback', { who: 'ann', why: 'errors' });
    await settle();
    assert.deepEqual([(await plane.release('a')).phase, (await plane.release('b')).phase], ['rolled-back', 'promoting']);
    assert.ok(machine.take().some((call) => /^publish \d+: web=v1/.test(call)));
    gate.open();
    await clock.advance(MINUTE);
    assert.deepEqual([...machine.pools.keys()], ['web/v3/stable']);
    await plane.verb('b', 'rollback', by);
    await clock.advance(MINUTE);
    assert.deepEqual([...machine.pools.keys()], ['web/v1/stable']);
  });

  inWorld('waits its whole pause though the wall clock jumps an hour back or forth', planned(), async ({ plane, clock }) => {
    await plane.verb('r', 'start', by);
    await settle();
    clock.jump(-60 * MINUTE);
    await clock.advance(9 * MINUTE);
    clock.jump(180 * MINUTE);
    await clock.advance(0.9 * MINUTE);
    assert.deepEqual(await standing(plane), ['paused', 5]);
    await clock.advance(0.2 * MINUTE);
    assert.deepEqual(await standing(plane), ['paused', 50]);
  });

  inWorld('counts the time before a restart, and not less than none when the clock went back', planned(), async (world) => {
    await world.plane.verb('r', 'start', by);
    await world.clock.advance(6 * MINUTE);
    await world.restart();
    await world.clock.advance(3.9 * MINUTE);
    assert.deepEqual(await standing(world.plane), ['paused', 5]);
    await world.clock.advance(0.2 * MINUTE);
    assert.deepEqual(await standing(world.plane), ['paused', 50]);
  });

  inWorld('is held by a freeze, but not kept from going back', planned(), async ({ plane, clock }) => {
    await plane.verb('r', 'start', by);
    await plane.freeze('Black Friday', 'ann');
    await clock.advance(20 * MINUTE);
    assert.deepEqual(await standing(plane), ['paused', 5]);
    assert.equal((await plane.status()).frozen, 'Black Friday');
    await plane.verb('r', 'rollback', by);
    assert.deepEqual(await standing(plane), ['rolled-back', 0]);
  });

  inWorld('goes on once the freeze is over', planned(), async ({ plane, clock }) => {
    await plane.verb('r', 'start', by);
    await plane.freeze('Black Friday', 'ann');
    await clock.advance(20 * MINUTE);
    await plane.freeze(null, 'ann');
    await clock.advance(MINUTE);
    assert.deepEqual(await standing(plane), ['paused', 50]);
  });

  inWorld('is held outside of its time window, and its gate begins when that opens', windowed('2030-01-01T00:10:00Z', '2030-01-01T06:00:00Z'), async ({ plane, clock }) => {
    await plane.verb('r', 'start', by);
    await clock.advance(9 * MINUTE);
    assert.deepEqual([await standing(plane), (await plane.release('r')).window], [['paused', 5], 'before']);
    await clock.advance(10 * MINUTE);
    assert.deepEqual([await standing(plane), (await plane.release('r')).window], [['paused', 5], 'open']);
    await clock.advance(2 * MINUTE);
    assert.deepEqual(await standing(plane), ['paused', 50]);
  });

  inWorld('goes nowhere by itself once its time window is over, but back', windowed('2029-01-01T00:00:00Z', '2030-01-01T00:05:00Z'), async ({ plane, clock }) => {
    await plane.verb('r', 'start', by);
    await clock.advance(15 * MINUTE);
    assert.deepEqual([await standing(plane), (await plane.release('r')).window], [['paused', 5], 'over']);
    await plane.verb('r', 'rollback', by);
    assert.deepEqual(await standing(plane), ['rolled-back', 0]);
  });

  for (const at of CRASH_POINTS()) {
    inWorld(`survives a supervisor that dies before '${at}' of its promotion, nothing lost or done twice`, planned(), async (world) => {
      await world.plane.verb('r', 'start', by);
      await settle();
      stall(world.machine, at);
      void world.plane.verb('r', 'promote-full', by);
      await settle();
      await world.restart();
      await world.clock.advance(MINUTE);
      assert.equal((await world.plane.release('r')).phase, 'succeeded');
      assert.deepEqual([...world.machine.pools].map(([id, { open }]) => [id, open]), [['web/v2/stable', true]]);
      const phases = (await world.plane.events({ limit: 50 })).filter(({ kind }) => kind === 'release').map(({ to }) => to).reverse();
      assert.deepEqual(phases, ['pending', 'paused at step 2/4', 'promoting (preparing)', 'promoting (switching)', 'succeeded'], 'every transition once');
    });
  }
});

describe('a strategy that is promoted again and again', () => {
  inWorld('keeps the last versions that were stable for a way back, and drops older ones', { ...web, keep: { versions: 2 } }, async ({ plane, clock }) => {
    for (let n = 3; n < 8; n += 1) {
      await plane.canary({ service: 'web', version: `v${n}`, spec: { script: `/srv/v${n}.js` }, release: { percent: 10 }, who: 'test' });
      await plane.verb(`v${n}`, 'promote-full', by);
      await settle();
      await clock.advance(MINUTE);
    }
    const { services } = (await plane.strategy()).document as { services: { web: { stable: string; versions: object } } };
    // v2 never was stable: it stays, as somebody's plan.
    assert.deepEqual([services.web.stable, Object.keys(services.web.versions)], ['v7', ['v2', 'v5', 'v6', 'v7']]);
    await plane.verb('v7', 'rollback', by);
    await settle();
    await clock.advance(MINUTE);
    assert.equal((await plane.release('v7')).phase, 'rolled-back');
  });
});

describe('a verdict', () => {
  withVerdict('of harm rolls a release back by itself, with its evidence in the event', async ({ plane, clock }, say) => {
    await plane.verb('r', 'start', by);
    say({ answer: 'harm', reasons: ['errors: 5.00 % against 1.00 %'], evidence: [evidence] });
    await clock.advance(2_000);
    assert.deepEqual(await standing(plane), ['rolled-back', 0]);
    const [event] = await plane.events({ limit: 1 });
    assert.deepEqual([event?.who, event?.why, (event?.evidence as VerdictView).evidence], ['controller', 'errors: 5.00 % against 1.00 %', [evidence]]);
  });

  withVerdict('that is clear lets a gate go on, not before its time', async ({ plane, clock }, say) => {
    await plane.verb('r', 'start', by);
    say({ answer: 'go', reasons: ['within the margin'], evidence: [] });
    await clock.advance(29 * MINUTE);
    assert.deepEqual(await standing(plane), ['progressing', 5]);
    await clock.advance(2 * MINUTE);
    assert.deepEqual(await standing(plane), ['succeeded', 100]);
  });

  for (const answer of ['inconclusive', 'waiting'] as const) {
    withVerdict(`that is ${answer} never passes a gate`, async ({ plane, clock }, say) => {
      await plane.verb('r', 'start', by);
      say({ answer, reasons: ['too little data'], evidence: [] });
      await clock.advance(40 * MINUTE);
      assert.deepEqual(await standing(plane), ['paused', 5]);
      assert.equal((await plane.release('r')).why, 'too little data');
    });
  }

  withVerdict('that is unclear when its time is up is looked at on, where the plan says so', async ({ plane, clock }, say) => {
    await plane.verb('r', 'start', by);
    say({ answer: 'waiting', reasons: ['too little data'], evidence: [] });
    await clock.advance(40 * MINUTE);
    assert.deepEqual(await standing(plane), ['progressing', 5]);
    say({ answer: 'go', reasons: ['within the margin'], evidence: [] });
    await clock.advance(MINUTE);
    assert.deepEqual(await standing(plane), ['succeeded', 100]);
  }, 'wait');

  withVerdict('that nobody gives never passes a gate', async ({ plane, clock }) => {
    await plane.verb('r', 'start', by);
    await clock.advance(40 * MINUTE);
    assert.deepEqual(await standing(plane), ['paused', 5]);
  });
});

const evidence: VerdictView['evidence'][number] = {
  guardrail: 'errors', kind: 'share', unit: 'user', treated: { n: 1_000, bad: 50, estimate: 0.05 }, control: { n: 19_000, bad: 190, estimate: 0.01 },
  ratio: { estimate: 5, low: 3, high: 8 }, limit: 1.25, difference: { estimate: 0.04, low: 0.02, high: 0.06 }, differenceLimit: 0.005,
  alpha: 0.005, logEvidence: 7, needed: 5.3, crossed: null, bounded: null,
};

const by = { who: 'test', why: 'a test' };

/** Every effect that a promotion calls. */
function CRASH_POINTS(): readonly string[] {
  return ['prepare web/v2', 'publish 3: web=v2', 'open web/v2', 'retire web/v1/stable', 'retire web/v2/canary'];
}

function planned(): ReturnType<typeof withRelease> {
  return withRelease([{ percent: 5 }, { pause: '10m' }, { percent: 50 }, { pause: true }]);
}

function twoAtOnce(): StrategyDocument {
  const planned = (name: string, priority: number, version: string): NonNullable<StrategyDocument['releases']>[number] => ({ name, priority, when: [{ header: { 'x-group': name } }], versions: { web: version }, steps: [{ percent: 5 }, { pause: true }] });
  return {
    services: { web: { listen: 8080, stable: 'v1', versions: { ...web.services['web']?.versions, v3: { script: './v3.js' } } } },
    releases: [planned('a', 1, 'v2'), planned('b', 2, 'v3')],
  };
}

/** The clock of tests begins with 2030. */
function windowed(from: string, until: string): ReturnType<typeof withRelease> {
  const { releases, ...document } = planned();
  return { ...document, releases: (releases ?? []).map((release) => ({ ...release, from, until })) };
}

async function standing(plane: World['plane']): Promise<[string, number]> {
  const { phase, percent } = await plane.release('r');
  return [phase, percent];
}

async function promoted(plane: World['plane']): Promise<void> {
  await plane.verb('r', 'start', by);
  await plane.verb('r', 'promote-full', by);
  await settle();
}

/** Holds the first call that begins with `call` until it is opened. */
function stall(machine: World['machine'], call: string): { open(): void } {
  let open: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  machine.before = (made) => (made.startsWith(call) ? gate : Promise.resolve());
  return { open };
}

function withVerdict(title: string, body: (world: World, say: (verdict: VerdictView) => void) => Promise<void>, inconclusive: 'pause' | 'wait' = 'pause'): void {
  it(title, async () => {
    let verdict: VerdictView | null = null;
    const world = await openWorld(withRelease([{ percent: 5 }, { verdict: { for: '30m', inconclusive } }]), { verdicts: { judge: () => verdict } });
    try {
      await body(world, (said) => {
        verdict = said;
      });
    } finally {
      await world.end();
    }
  });
}
