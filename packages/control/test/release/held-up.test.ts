// What holds up a step holds up no way back: a full disk, a freeze, a pool that takes its time to start.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { StrategyDocument, StepSpec } from '@graylane/rules';
import type { VerdictView } from '../../src/release/verdicts.ts';
import { settle } from '../fake-clock.ts';
import { weakened } from '../plane/weak-store.ts';
import type { Weakness } from '../plane/weak-store.ts';
import { openWorld, web } from '../plane/world.ts';
import type { World } from '../plane/world.ts';

interface Watched extends World {
  /** What the verdict says of a release from now on. */
  readonly say: (release: string, answer: VerdictView['answer']) => void;
  readonly weakness: Weakness;
}

describe('harm', () => {
  watched('rolls back while another release cannot take a step that the store has no room for', async ({ plane, machine, clock, say, weakness }) => {
    weakness.failure = 'full';
    await clock.advance(5 * MINUTE);
    say('b', 'harm');
    await clock.advance(2_000);
    assert.deepEqual(machine.snapshot?.releases, ['a']);
    assert.deepEqual([await phaseOf(plane, 'a'), (await plane.status()).healthy], ['paused', false]);
    weakness.failure = null;
    await clock.advance(MINUTE);
    assert.deepEqual([await phaseOf(plane, 'b'), (await plane.release('b')).why], ['rolled-back', 'errors: too many']);
    assert.deepEqual(await plane.release('a').then(({ percent }) => percent), 50, 'what waited for room goes on');
  });

  watched('rolls back a release whose own next step the store has no room for', async ({ plane, machine, clock, say, weakness }) => {
    weakness.failure = 'full';
    await clock.advance(5 * MINUTE);
    say('a', 'harm');
    await clock.advance(2_000);
    assert.deepEqual(machine.snapshot?.releases, ['b']);
    weakness.failure = null;
    await clock.advance(MINUTE);
    const events = (await plane.events({ limit: 50 })).filter(({ subject, to }) => subject === 'a' && to === 'rolled-back');
    assert.deepEqual(events.map(({ who, why }) => [who, why]), [['controller', 'errors: too many']]);
  });

  watched('that the store cannot take down is tried again once a second, not without end', async ({ clock, say, weakness }) => {
    weakness.failure = 'full';
    say('b', 'harm');
    await clock.advance(10_000);
    assert.ok(weakness.refused > 5 && weakness.refused < 40, `${weakness.refused} writes in ten seconds`);
  });

  watched('rolls back a release whose promotion still waits for its pool', async ({ plane, machine, clock, say }) => {
    let open: () => void = () => undefined;
    machine.before = (call) => (call.startsWith('prepare') ? new Promise((resolve) => { open = resolve; }) : Promise.resolve());
    await plane.verb('a', 'promote-full', by);
    await settle();
    assert.equal(await phaseOf(plane, 'a'), 'promoting');
    say('a', 'harm');
    await clock.advance(2_000);
    assert.equal(await phaseOf(plane, 'a'), 'rolled-back');
    assert.deepEqual(machine.snapshot?.releases, ['b']);
    open();
    await clock.advance(MINUTE);
    assert.deepEqual([...machine.pools.keys()].sort(), ['web/v1/stable', 'web/v3/canary'], 'the pool that nobody needs any more is gone');
  });

  watched('rolls back a release whose promotion is held by a freeze', async ({ plane, clock, say }) => {
    await plane.freeze('Black Friday', 'ann');
    await plane.verb('a', 'promote-full', by);
    await clock.advance(10 * MINUTE);
    assert.equal(await phaseOf(plane, 'a'), 'promoting');
    say('a', 'harm');
    await clock.advance(2_000);
    assert.deepEqual([await phaseOf(plane, 'a'), (await plane.release('a')).why], ['rolled-back', 'errors: too many']);
  });
});

const MINUTE = 60_000;
const by = { who: 'test', why: 'a test' };

/** `a` goes on by itself after a minute, `b` waits for a person. */
function twoReleases(): StrategyDocument {
  const planned = (name: string, priority: number, version: string, steps: readonly StepSpec[]): NonNullable<StrategyDocument['releases']>[number] => ({ name, priority, when: [{ header: { 'x-group': name } }], versions: { web: version }, steps });
  return {
    services: { web: { listen: 8080, stable: 'v1', versions: { ...web.services['web']?.versions, v3: { script: './v3.js' } } } },
    releases: [planned('a', 1, 'v2', [{ percent: 5 }, { pause: '1m' }, { percent: 50 }, { pause: true }]), planned('b', 2, 'v3', [{ percent: 5 }, { pause: true }])],
  };
}

async function phaseOf(plane: World['plane'], name: string): Promise<string> {
  return (await plane.release(name)).phase;
}

function watched(title: string, body: (world: Watched) => Promise<void>): void {
  it(title, async () => {
    const weakness: Weakness = { failure: null, refused: 0 };
    const said = new Map<string, VerdictView>();
    const verdicts = { judge: ({ name }: { readonly name: string }) => said.get(name) ?? null };
    const world = await openWorld(twoReleases(), { verdicts }, (store) => weakened(store, weakness));
    try {
      for (const name of ['a', 'b']) await world.plane.verb(name, 'start', by);
      await body({ ...world, weakness, say: (release, answer) => void said.set(release, { answer, reasons: ['errors: too many'], evidence: [] }) });
    } finally {
      weakness.failure = null;
      world.machine.before = () => Promise.resolve();
      await world.end();
    }
  });
}
