// Several servers and many data planes as one: what is written at one is in force at all, exactly once, whoever dies or is cut off.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { systemClock } from '../../src/clock.ts';
import type { Clock } from '../../src/clock.ts';
import { snapshotOf as compiledHere } from '../../src/plane/publisher.ts';
import { ControlError } from '../../src/problem.ts';
import { FakeNode } from './fake-node.ts';
import { eventually, openFleet } from './world.ts';
import type { FleetWorld, Server } from './world.ts';

inFleet('a strategy that is written at one server begins at the machines of all, and nowhere before everybody has it', async (fleet) => {
  const [one, two] = [await fleet.server('one'), await fleet.server('two')];
  const nodes = [new FakeNode('a', systemClock), new FakeNode('b', systemClock)] as const;
  nodes[0].join(one.replica);
  nodes[1].join(two.replica);
  await eventually('both serve', () => nodes.every(({ generation }) => generation === 1));
  await two.plane().split('r', '20%', null, 'ann');
  await eventually('both have begun', () => nodes.every(({ generation }) => generation === 2));
  const steps = nodes.map(({ heard }) => heard.flatMap((message) => (message.kind === 'strategy' || message.kind === 'delta' || message.kind === 'begin' ? [`${message.kind === 'begin' ? 'begin' : 'have'} ${message.generation}`] : [])));
  for (const step of steps) assert.ok(step.indexOf('have 2') < step.indexOf('begin 2'), step.join(', '));
  assert.deepEqual(one.replica.nodes().map(({ name }) => name).sort(), ['a', 'b']);
});

inFleet('a large strategy is compiled once a publication, however many machines there are, sent whole to who has none, and as a difference to all others', async (fleet) => {
  const names = Array.from({ length: 500 }, (_, n) => `r${n}`);
  let compiled = 0;
  const server = await fleet.server('one', systemClock, {
    runnable: false,
    compile: (document) => {
      compiled += 1;
      return compiledHere(document);
    },
    document: {
      services: { web: { stable: 'v1', versions: Object.fromEntries(['v1', ...names].map((name) => [name, { upstreams: ['127.0.0.1:9'] }])) } },
      releases: names.map((name, n) => ({ name, priority: n, when: [{ header: { 'x-team': name } }], percent: 10, versions: { web: name } })),
    },
  });
  await eventually('it leads', () => server.replica.leads);
  const nodes = Array.from({ length: 8 }, (_, n) => new FakeNode(`n${n}`, systemClock));
  for (const node of nodes) node.join(server.replica);
  await eventually('all serve', () => nodes.every(({ generation }) => generation === 1));
  const before = compiled;
  await server.plane().split('r7', '20%', null, 'ann');
  await eventually('all have begun', () => nodes.every(({ generation }) => generation === 2));
  const late = new FakeNode('late', systemClock);
  late.join(server.replica);
  await eventually('it serves', () => late.generation === 2);
  assert.equal(compiled, before + 1);
  const told = (node: FakeNode): readonly string[] => node.heard.flatMap((message) => (message.kind === 'strategy' || message.kind === 'delta' ? [message.kind] : []));
  for (const node of nodes) assert.deepEqual(told(node), ['strategy', 'delta']);
  assert.deepEqual(told(late), ['strategy']);
  const sizes = nodes[0]?.heard.flatMap((message) => (message.kind === 'strategy' || message.kind === 'delta' ? [JSON.stringify(message).length] : [])) ?? [];
  assert.ok((sizes[1] ?? Infinity) < 500 && (sizes[0] ?? 0) > 50 * (sizes[1] ?? Infinity), `${sizes.join(' and ')} bytes`);
});

inFleet('a machine that does not answer holds nobody up, is named, and catches up when it is back', async (fleet) => {
  const server = await fleet.server('one');
  const [quick, stuck] = [new FakeNode('quick', systemClock), new FakeNode('stuck', systemClock)];
  for (const node of [quick, stuck]) node.join(server.replica);
  await eventually('both serve', () => quick.generation === 1 && stuck.generation === 1);
  stuck.mute = true;
  const applied = await server.plane().split('r', '30%', null, 'ann');
  assert.deepEqual([applied.acked, applied.stale], [1, ['stuck']]);
  assert.equal(quick.generation, 2);
  stuck.mute = false;
  stuck.leave();
  stuck.join(server.replica);
  await eventually('it has caught up', () => stuck.generation === 2);
});

inFleet('a machine that moved to another server stays known, however late the former one hears that it left', async (fleet) => {
  const [one, two] = [await fleet.server('one'), await fleet.server('two')];
  const node = new FakeNode('a', systemClock);
  node.join(one.replica);
  await eventually('both know it at one', () => [one, two].every(({ replica }) => replica.nodes()[0]?.replica === 'one'));
  const former = node.connection();
  node.join(two.replica);
  await eventually('two knows it', () => two.replica.nodes()[0]?.replica === 'two');
  former.close();
  await eventually('both know it at two', () => [one, two].every(({ replica }) => replica.nodes()[0]?.replica === 'two'));
  // The goodbye of one has gone through the store by then.
  await one.plane().split('r', '20%', null, 'ann');
  assert.deepEqual([one, two].map(({ replica }) => replica.nodes().map(({ replica: at }) => at)), [['two'], ['two']]);
  node.leave();
  await eventually('nobody knows it', () => [one, two].every(({ replica }) => replica.nodes().length === 0));
});

inFleet('a laggard that has caught up is one at no server', async (fleet) => {
  const [one, two] = [await fleet.server('one'), await fleet.server('two')];
  const [quick, slow] = [new FakeNode('quick', systemClock), new FakeNode('slow', systemClock)];
  quick.join(one.replica);
  slow.join(one.replica);
  await eventually('both serve', () => quick.generation === 1 && slow.generation === 1);
  slow.hold();
  const applied = await two.plane().split('r', '30%', null, 'ann');
  // Whoever wrote at the other server hears of it, too.
  assert.deepEqual([applied.acked, applied.stale], [1, ['slow']]);
  const generationAtTwo = (name: string): number | undefined => two.replica.nodes().find((node) => node.name === name)?.generation;
  await eventually('two knows the laggard', () => generationAtTwo('quick') === 2 && generationAtTwo('slow') === 1);
  slow.letGo();
  await eventually('and that it is none any more', () => generationAtTwo('slow') === 2);
});

inFleet('a leader that is cut off from the store is followed by another within five seconds, and a step is taken once', async (fleet) => {
  const [one, two] = [await fleet.server('one'), await fleet.server('two')];
  const node = new FakeNode('a', systemClock);
  node.join(two.replica);
  await eventually('somebody leads', async () => (await two.replica.leader()) !== null);
  const [leader, other] = one.replica.leads ? [one, two] : [two, one];
  node.slow.add('web/v2/stable');
  await other.plane().verb('r', 'promote-full', { who: 'ann', why: 'good' });
  await eventually('the new stable pool is on its way', () => node.wishes.some(({ version, role }) => version === 'v2' && role === 'stable'));
  leader.cut();
  node.hurry();
  const tookMs = await eventually('the other leads and has promoted', async () => other.replica.leads && (await other.plane().release('r')).phase === 'succeeded');
  assert.ok(tookMs < 5_000 + 3_000, `${Math.round(tookMs)} ms`);
  const phases = (await other.plane().events({ limit: 100 })).filter(({ kind }) => kind === 'release').map(({ to }) => to);
  assert.equal(phases.filter((to) => to === 'succeeded').length, 1, phases.join(', '));
  assert.equal((await other.plane().strategy()).document['releases'] === undefined || JSON.stringify((await other.plane().strategy()).document['releases']) === '[]', true);
});

inFleet('counts of all machines are counted once, over repeats, another server and another leader', async (fleet) => {
  const [one, two] = [await fleet.server('one'), await fleet.server('two')];
  const node = new FakeNode('a', systemClock);
  node.join(one.replica);
  await eventually('it serves', () => node.generation === 1);
  const entry = (requests: number): Parameters<FakeNode['counts']>[1] => [{ worker: 'w', service: 'web', message: { kind: 'counts', counts: [{ generation: 1, lane: 'r', reason: 'selected', requests }] } }];
  node.counts(1, entry(10));
  node.counts(1, entry(10));
  await eventually('the first is counted', () => node.counted.includes(1));
  node.leave();
  node.join(two.replica);
  // It has not heard that the first was counted, and says it again.
  node.counts(1, entry(10));
  node.counts(2, entry(5));
  await eventually('the second is counted', () => node.counted.includes(2));
  for (const server of [one, two]) await eventually('all servers know', async () => requestsOf(await server.plane().metrics()) === 15);
  const [leader, other] = one.replica.leads ? [one, two] : [two, one];
  leader.cut();
  await eventually('the other leads', () => other.replica.leads);
  node.join(other.replica);
  node.counts(2, entry(5));
  node.counts(3, entry(1));
  await eventually('the third is counted', () => node.counted.includes(3));
  await eventually('and nothing twice', async () => requestsOf(await other.plane().metrics()) === 16);
});

inFleet('while the store is gone machines go on, writes are refused with the reason, and all catch up after', async (fleet) => {
  const server = await fleet.server('one');
  const node = new FakeNode('a', systemClock);
  node.join(server.replica);
  await eventually('it serves', () => node.generation === 1);
  server.cut();
  await assert.rejects(server.plane().split('r', '40%', null, 'ann'), (error) => ControlError.from(error).code === 'GL3011' && ControlError.from(error).problem().status === 503);
  assert.equal(node.ended, false);
  assert.equal((await server.plane().status()).generation, 1);
  server.mend();
  await server.plane().split('r', '40%', null, 'ann');
  await eventually('it has caught up', () => node.generation === 2, 5_000);
});

inFleet('a version that fails on one machine is refused with its name, and its wish is taken back', async (fleet) => {
  const server = await fleet.server('one');
  const [good, bad] = [new FakeNode('good', systemClock), new FakeNode('bad', systemClock)];
  bad.broken.add('web/v3/canary');
  for (const node of [good, bad]) node.join(server.replica);
  await eventually('both serve', () => good.generation === 1 && bad.generation === 1);
  await assert.rejects(server.plane().canary({ service: 'web', version: 'v3', spec: { script: './v3.js' }, who: 'ann' }), (error) => ControlError.from(error).code === 'GL3010' && ControlError.from(error).message.includes('on bad: exited with code 1'));
  await eventually('nobody is asked for it any more', () => good.wishes.every(({ version }) => version !== 'v3'));
  bad.broken.clear();
  await server.plane().canary({ service: 'web', version: 'v3', spec: { script: './v3.js' }, release: { name: 'later', when: [{ header: { x: '1' } }] }, who: 'ann' }).catch((error: unknown) => assert.match(String(error), /priority/));
});

inFleet('a credential that is revoked is out within seconds, and another one does not take the name of a machine', async (fleet) => {
  const server = await fleet.server('one');
  const [owner, thief] = [new FakeNode('a', systemClock), new FakeNode('a', systemClock)];
  let holds = true;
  owner.join(server.replica, { holder: 'token a', name: null, stillHolds: () => Promise.resolve(holds) });
  await eventually('it serves', () => owner.generation === 1);
  thief.join(server.replica, { holder: 'token b', name: null, stillHolds: () => Promise.resolve(true) });
  await eventually('the thief is out', () => thief.ended);
  assert.ok(thief.heard.some((message) => message.kind === 'refused' && message.why.includes('another credential')));
  assert.ok(thief.heard.every(({ kind }) => kind !== 'keys' && kind !== 'strategy'));
  holds = false;
  await eventually('the owner is out', () => owner.ended, 12_000);
});

inFleet('a machine that sends nonsense is cut off, and nobody else notices', async (fleet) => {
  const server = await fleet.server('one');
  const good = new FakeNode('good', systemClock);
  good.join(server.replica);
  await eventually('it serves', () => good.generation === 1);
  const nonsense: readonly object[] = [
    { name: 7 }, { labels: null }, { generation: -1 }, { boot: ['x'] }, { forward: 'somewhere' }, { labels: { a: { b: 1 } } }, { name: '__proto__' }, { name: '../../x' }, { name: 'x'.repeat(5_000) },
  ];
  for (const part of nonsense) {
    const bad = new FakeNode('bad', systemClock);
    bad.join(server.replica, undefined, part);
    await eventually(`cut off: ${JSON.stringify(part).slice(0, 40)}`, () => bad.ended);
  }
  const late = new FakeNode('late', systemClock);
  late.join(server.replica);
  await eventually('it serves', () => late.generation === 1);
  late.counts(1, [{ worker: 'w', service: 'web', message: JSON.parse('{"kind":"counts","counts":[{"generation":1,"lane":"r","reason":"x","requests":"many"}]}') as never }]);
  await eventually('cut off', () => late.ended);
  assert.deepEqual(server.replica.nodes().map(({ name }) => name), ['good']);
  assert.deepEqual(server.faults, []);
});

inFleet('a store that was restored is behind the machines: no generation goes back', async (fleet) => {
  const server = await fleet.server('one');
  const node = new FakeNode('a', systemClock);
  node.generation = 41;
  node.join(server.replica);
  await eventually('it has a later one', () => node.generation > 41);
  assert.deepEqual(node.begun.filter((generation) => generation <= 41), []);
});

inFleet('an hour between the clocks of two servers changes neither who leads nor what is in force', async (fleet) => {
  const fast: Clock = { now: () => Date.now() + 3_600_000, monotonic: () => systemClock.monotonic(), after: (ms, run) => systemClock.after(ms, run) };
  const [one, two] = [await fleet.server('one'), await fleet.server('two', fast)];
  await eventually('one leads', async () => (await one.replica.leader()) !== null);
  const leader = await one.replica.leader();
  const node = new FakeNode('a', systemClock);
  node.join(two.replica);
  await two.plane().split('r', '7%', null, 'ann');
  await eventually('it has begun', () => node.generation === 2);
  assert.equal(await two.replica.leader(), leader);
  assert.equal([one, two].filter(({ replica }) => replica.leads).length, 1);
});

inFleet('machines are told one time, the leader\'s, by servers whose clocks are an hour apart, and the same by the next leader', async (fleet) => {
  const fast: Clock = { now: () => Date.now() + 3_600_000, monotonic: () => systemClock.monotonic(), after: (ms, run) => systemClock.after(ms, run) };
  const one = await fleet.server('one');
  await eventually('one leads', () => one.replica.leads);
  const two = await fleet.server('two', fast);
  const told = async ({ replica }: Server, name: string): Promise<number> => {
    const node = new FakeNode(name, systemClock);
    node.join(replica);
    await eventually(`${name} is welcome`, () => node.heard.some(({ kind }) => kind === 'welcome'));
    return node.heard.flatMap((message) => (message.kind === 'welcome' ? [(message.at ?? 0) - Date.now()] : []))[0] ?? Infinity;
  };
  await eventually('both say the time of one', async () => Math.abs(await told(one, 'a')) < 1_000 && Math.abs(await told(two, 'b')) < 1_000);
  one.cut();
  await eventually('two leads', () => two.replica.leads);
  assert.ok(Math.abs(await told(two, 'c')) < 5_000);
});

function inFleet(title: string, body: (fleet: FleetWorld) => Promise<void>): void {
  it(title, async () => {
    const fleet = await openFleet();
    try {
      await body(fleet);
    } finally {
      await fleet.end();
    }
  });
}

function requestsOf(metrics: string): number {
  return [...metrics.matchAll(/^graylane_route_decisions_total\{[^}]*lane="r"[^}]*\} (\d+)$/gm)].reduce((sum, match) => sum + Number(match[1]), 0);
}

