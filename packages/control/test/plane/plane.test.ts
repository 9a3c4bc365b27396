// The life of a strategy: seeded, applied, split, continued after a restart; and that a failure changes nothing.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { snapshotOf } from '../../src/plane/publisher.ts';
import { ControlError } from '../../src/problem.ts';
import { settle } from '../fake-clock.ts';
import { inWorld, openWorld, web, withRelease } from './world.ts';

describe('a strategy', () => {
  inWorld('is seeded from the file as revision 1, published before its pools start', web, async ({ plane, machine }) => {
    assert.deepEqual(machine.take(), ['publish 1: web=v1', 'prepare web/v1', 'open web/v1']);
    const { revision, generation, document } = await plane.strategy();
    assert.deepEqual({ revision, generation, document }, { revision: 1, generation: 1, document: web });
  });

  inWorld('that adds a release starts its version first and publishes then', web, async ({ plane, machine }) => {
    machine.take();
    const applied = await plane.apply({ ...request, document: withRelease() });
    assert.deepEqual(machine.take(), ['start web/v2', 'publish 2: web=v1, lanes r']);
    assert.equal(applied.revision, 2);
    assert.deepEqual(applied.changes.map(({ kind, pointer }) => `${kind} ${pointer}`), ['added /releases']);
  });

  inWorld('whose version does not become ready is refused with the last lines, and nothing changes', web, async ({ plane, machine }) => {
    machine.broken.add('web/v2/canary');
    const before = await plane.strategy();
    await assert.rejects(plane.apply({ ...request, document: withRelease() }), failsWith('GL3010', (error) => {
      assert.deepEqual(error.details.lastLines, ['boom']);
      assert.equal(error.details.cause, 'GL2006');
    }));
    assert.deepEqual(await plane.strategy(), before);
    assert.equal(machine.generation, 1);
  });

  inWorld('with errors is refused with every place', web, async ({ plane }) => {
    await assert.rejects(plane.apply({ ...request, document: { services: { web: { stable: 'v1', versions: { v1: { scrpt: './x.js' } } } }, releaces: [] } }), failsWith('GL3001', (error) => {
      assert.ok((error.details.errors ?? []).length >= 2);
      assert.ok((error.details.errors ?? []).some(({ pointer }) => pointer === '/releaces'));
    }));
  });

  inWorld('whose release nobody can reach is refused with the cause and a witness, also with force where the rules of the house are broken', withRelease(undefined, 100), async ({ plane }) => {
    const [release] = withRelease(undefined, 100).releases ?? [];
    const both = (second: object): unknown => ({ ...withRelease(), services: { web: { ...web.services['web'], versions: { ...web.services['web']?.versions, v3: { script: './v3.js' } } } }, releases: [{ ...release, priority: 1 }, { name: 's', when: [{ cookie: { beta: '1' } }], versions: { web: 'v3' }, ...second }] });
    await assert.rejects(plane.apply({ ...request, document: both({ priority: 2 }) }), failsWith('GL3002', (error) => {
      assert.equal(error.details.errors?.[0]?.code, 'GL1102');
      assert.notEqual(error.details.errors[0].witness, undefined);
    }));
    await assert.rejects(plane.apply({ ...request, document: both({ priority: 1 }), force: true }), failsWith('GL3002'));
    assert.equal((await plane.apply({ ...request, document: both({ priority: 2 }), force: true })).revision, 2);
  });

  inWorld('is not written by a dry run', web, async ({ plane, machine }) => {
    machine.take();
    const applied = await plane.apply({ ...request, document: withRelease(), dryRun: true });
    assert.deepEqual([applied.dryRun, applied.revision, applied.changes.length], [true, 1, 1]);
    assert.deepEqual(machine.take(), []);
  });

  inWorld('that says the same again changes no revision', web, async ({ plane }) => {
    assert.equal((await plane.apply({ ...request, document: { ...web } })).revision, 1);
  });

  inWorld('of an older revision than what stands is a conflict that shows the difference', withRelease(), async ({ plane }) => {
    await plane.split('r', '20%', null, 'test');
    await assert.rejects(plane.apply({ ...request, document: withRelease(undefined, 7), expectedRevision: 1 }), failsWith('GL3003', (error) => {
      assert.equal(error.details.revision, 2);
      assert.deepEqual(error.details.changes, [{ pointer: '/releases/r/percent', kind: 'changed', before: 7, after: 20 }]);
    }));
  });

  inWorld('of two writers at once lets one through and gives the other a conflict', withRelease(), async ({ plane }) => {
    const results = await Promise.allSettled([7, 8].map((percent) => plane.apply({ ...request, document: withRelease(undefined, percent), expectedRevision: 1 })));
    assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    assert.equal((await plane.strategy()).revision, 2);
  });

  inWorld('goes on from the store after a restart, live changes kept and told', withRelease(), async (world) => {
    await world.plane.split('r', '+10%', null, 'test');
    world.machine.take();
    await world.restart(withRelease());
    assert.deepEqual(world.machine.take().slice(0, 1), ['publish 2: web=v1, lanes r']);
    assert.equal((await world.plane.releases())[0]?.percent, 15);
  });

  inWorld('whose file changed while nothing ran follows the file, unless it was changed live', withRelease(), async (world) => {
    await world.restart(withRelease(undefined, 8));
    assert.equal((await world.plane.releases())[0]?.percent, 8);
    await world.plane.split('r', '9%', null, 'test');
    await world.plane.stop();
    const { origin } = await world.plane.start(withRelease(undefined, 30));
    assert.deepEqual(origin.kind === 'file-differs' && [origin.file, origin.live], [
      [{ pointer: '/releases/r/percent', kind: 'changed', before: 8, after: 30 }],
      [{ pointer: '/releases/r/percent', kind: 'changed', before: 8, after: 9 }],
    ]);
    assert.equal((await world.plane.releases())[0]?.percent, 9);
  });

  inWorld('gets a generation beyond what running workers have, as after a restore of an older store', web, async (world) => {
    world.machine.generation = 41;
    await world.restart();
    assert.equal((await world.plane.strategy()).generation, 42);
    assert.equal((await world.plane.strategy()).revision, 1);
  });

  inWorld('takes a canary at run time, and keeps running when it fails', web, async ({ plane, machine }) => {
    machine.take();
    const { release } = await plane.canary({ service: 'web', version: 'v3', spec: { script: '/srv/v3/server.js' }, release: { percent: 10 }, who: 'test' });
    assert.equal(release, 'v3');
    assert.deepEqual(machine.take(), ['start web/v3', 'publish 2: web=v1, lanes v3']);
    machine.broken.add('web/v4/canary');
    await assert.rejects(plane.canary({ service: 'web', version: 'v4', spec: { script: '/x.js' }, who: 'test' }), failsWith('GL3010'));
    assert.equal((await plane.strategy()).revision, 2);
  });

  inWorld('gives the second release a place behind the first', withRelease(), async ({ plane }) => {
    await plane.canary({ service: 'web', version: 'v3', spec: { script: '/srv/v3/server.js' }, who: 'test' });
    const { document } = await plane.strategy();
    assert.deepEqual((document['releases'] as { name: string; priority: number }[]).map(({ name, priority }) => [name, priority]), [['r', 10], ['v3', 20]]);
  });

  inWorld('says what to do about a share that is none', withRelease(), async ({ plane }) => {
    for (const text of ['', 'x', '101%', '+96%', '-6%', '1e1', '5.12345']) await assert.rejects(plane.split('r', text, null, 'test'), failsWith('GL3007'), text);
    await assert.rejects(plane.split('nobody', '5%', null, 'test'), failsWith('GL3005'));
    assert.equal((await plane.strategy()).revision, 1);
  });

  inWorld('moves its stable version by a document as a promotion does: ready, switched, opened, drained', web, async ({ plane, machine }) => {
    machine.take();
    await plane.apply({ ...request, document: { services: { web: { ...web.services['web'], stable: 'v2' } } } });
    await settle();
    assert.deepEqual(machine.take(), ['prepare web/v2', 'publish 2: web=v2', 'prepare web/v2', 'open web/v2', 'retire web/v1/stable']);
  });

  it('that waits for its turn to be compiled holds up no way back', async () => {
    let stalls = false;
    const world = await openWorld(withRelease(), { compile: (document) => (stalls ? new Promise(() => undefined) : snapshotOf(document)) });
    stalls = true;
    void world.plane.split('r', '50%', null, 'test');
    await settle();
    await world.plane.verb('r', 'rollback', { who: 'ann', why: 'errors' });
    assert.deepEqual(world.machine.take().slice(-1), ['publish 2: web=v1']);
    await world.end();
  });

  inWorld('explains a request by the router that is published', withRelease(undefined, 100), ({ plane }) => {
    const explained = plane.explain({ method: 'GET', target: '/', rawHeaders: ['Host', 'x', 'Cookie', 'graylane-id=abc'] });
    assert.deepEqual([explained.generation, explained.decision.lane, explained.versions['web']], [1, 'r', 'v2']);
    return Promise.resolve();
  });

  inWorld('keeps no copy of itself in an event, however much of it has changed', web, async ({ plane }) => {
    const versions = Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`w${n}`, { script: `./${'x'.repeat(500)}.js` }]));
    await plane.apply({ ...request, document: { ...web, services: { ...web.services, shop: { stable: 'w0', versions } } } });
    const [first, ...others] = await plane.events({ limit: 10 });
    const text = JSON.stringify([first, ...others]);
    assert.ok(text.length < 50_000, `${text.length} characters`);
    assert.match(text, /"pointer":"\/services\/shop","kind":"added"/);
  });

  inWorld('keeps an event of each change with who and why', withRelease(), async ({ plane }) => {
    await plane.split('r', '20%', null, 'ann');
    await plane.verb('r', 'rollback', { who: 'bob', why: 'too slow' });
    const events = await plane.events({ limit: 10 });
    assert.deepEqual(events.map(({ seq, subject, from, to, who, why, generation }) => [seq, subject, from, to, who, why, generation]), [
      [3, 'r', 'progressing', 'rolled-back', 'bob', 'too slow', 3],
      [2, 'r', '5 %', '20 %', 'ann', 'split 20%', 2],
      [1, 'strategy', '', 'revision 1', 'graylane up', 'the first strategy', 1],
    ]);
  });
});

const request = { expectedRevision: null, dryRun: false, force: false, who: 'test', why: 'a test' } as const;

function failsWith(code: string, look: (error: ControlError) => void = () => undefined): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof ControlError, String(error));
    assert.equal(error.code, code);
    look(error);
    return true;
  };
}
