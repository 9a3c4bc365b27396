// Looking into a running worker, and telling from two snapshots what has grown.

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';

import { closeInspector, diffHeaps, formatGrowth, openInspector, openTunnel, parseSnapshot, profileCpu, takeHeapSnapshot } from '../src/index.ts';
import type { Subject } from '../src/index.ts';
import { retention } from '../src/heap/dominators.ts';
import type { HeapGraph } from '../src/heap/snapshot.ts';
import { Inspector } from '../src/diagnostics/inspector.ts';
import { app, freePort, get, rig } from './support/harness.ts';

/** Nodes as [class, bytes, …indexes of those it refers to]; the first is the root. */
function graphOf(nodes: readonly (readonly [string, number, ...number[]])[]): HeapGraph {
  const strings = ['', ...new Set(nodes.map(([name]) => name))];
  return parseSnapshot(JSON.stringify({
    snapshot: { meta: { node_fields: ['type', 'name', 'id', 'self_size', 'edge_count'], node_types: [['object']], edge_fields: ['type', 'name_or_index', 'to_node'], edge_types: [['property']] } },
    nodes: nodes.flatMap(([name, bytes, ...to], index) => [0, strings.indexOf(name), index + 1, bytes, to.length]),
    edges: nodes.flatMap(([, , ...to]) => to.flatMap((node) => [0, 0, node * 5])),
    strings,
  }));
}

test('what two keep alive is retained by neither, but by whom both hang on', () => {
  const { retained, dominator } = retention(graphOf([['root', 0, 1], ['Owner', 1, 2, 3], ['Left', 10, 4], ['Right', 20, 4], ['Shared', 100], ['Lost', 7]]));
  assert.deepEqual([...retained].slice(0, 5), [131, 131, 10, 20, 100]);
  assert.deepEqual([dominator[4], dominator[5]], [1, 0xffffffff]);
});

test('a cycle is retained by its entrance', () => {
  const { retained } = retention(graphOf([['root', 0, 1], ['A', 1, 2], ['B', 2, 3], ['C', 4, 1]]));
  assert.deepEqual([...retained], [7, 7, 6, 4]);
});

test('growth is told by constructor, nested instances counted once, with the way to the largest new one', () => {
  const earlier = graphOf([['root', 0, 1], ['Queue', 8]]);
  const later = graphOf([['root', 0, 1], ['Queue', 8, 2, 3], ['Job', 50, 4], ['Job', 5], ['Job', 1_000]]);
  const [first, second] = diffHeaps(earlier, later, 5);
  assert.deepEqual({ ...first, path: first?.path.length }, { constructor: 'Job', count: 3, shallow: 1_055, retained: 1_055, total: 3, path: 2 });
  assert.equal(second, undefined, 'the queue itself is no new instance');
  assert.match(formatGrowth(diffHeaps(earlier, later, 5)), /^constructor +count[\s\S]*Job +\+3/);
});

test('a running worker gives a heap snapshot and a CPU profile without a restart, and goes on serving', async (t) => {
  const { fleet, port } = await rig(t);
  const folder = mkdtempSync(path.join(tmpdir(), 'glh-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  await fleet.openSlots('web', [{ port, host: '127.0.0.1' }], 1);
  await fleet.start(app());
  const subject = fleet.workers()[0] as Subject;
  const [one, two] = [path.join(folder, 'a.heapsnapshot'), path.join(folder, 'b.heapsnapshot')];
  await takeHeapSnapshot(subject, one);
  await get(port, '/leak');
  await takeHeapSnapshot(subject, two);
  const [largest] = diffHeaps(parseSnapshot(readFileSync(one, 'utf8')), parseSnapshot(readFileSync(two, 'utf8')), 3).filter((growth) => growth.constructor === 'LeakedThing');
  assert.equal(largest?.count, 1_000);
  assert.ok(largest.path.some((step) => step.includes('leaked')), largest.path.join(' '));
  const profile = path.join(folder, 'a.cpuprofile');
  await profileCpu(subject, 100, profile);
  assert.ok((JSON.parse(readFileSync(profile, 'utf8')) as { nodes: unknown[] }).nodes.length > 0);
  assert.equal((await get(port)).worker, 'web.v1.0');
});

test('an inspector that somebody has opened is used, left open and closed only when nobody is connected', async (t) => {
  const { fleet, port } = await rig(t);
  const folder = mkdtempSync(path.join(tmpdir(), 'glh-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  await fleet.openSlots('web', [{ port, host: '127.0.0.1' }], 1);
  await fleet.start(app());
  const subject = fleet.workers()[0] as Subject;
  const { url, found } = await openInspector(subject);
  assert.equal(found, false);
  assert.deepEqual(await openInspector(subject), { url, found: true });
  const debug = await Inspector.connect(url);
  await profileCpu(subject, 50, path.join(folder, 'a.cpuprofile'));
  assert.equal(await closeInspector(subject), false, 'the worker would stand still');
  assert.equal((await get(port)).worker, 'web.v1.0');
  const { result } = await debug.call('Runtime.evaluate', { expression: '40 + 2' });
  assert.equal((result as { value: number }).value, 42, 'the debugger is still connected');
  debug.close();
  while (!await closeInspector(subject));
  await assert.rejects(Inspector.connect(url));
  const again = await openInspector(subject);
  assert.notEqual(again.url, url);
});

test('a tunnel gives a worker\'s inspector an address that is known, and ends with what it carries', async (t) => {
  const { fleet, port } = await rig(t);
  await fleet.openSlots('web', [{ port, host: '127.0.0.1' }], 1);
  await fleet.start(app());
  const subject = fleet.workers()[0] as Subject;
  const { url } = await openInspector(subject);
  const known = await freePort();
  const tunnel = await openTunnel(url, known);
  t.after(() => tunnel.close());
  assert.equal(new URL(tunnel.url).port, String(known));
  await assert.rejects(openTunnel(url, known), { code: 'EADDRINUSE' });
  const debug = await Inspector.connect(tunnel.url);
  const { result } = await debug.call('Runtime.evaluate', { expression: 'process.pid' });
  assert.equal((result as { value: number }).value, subject.pid);
  tunnel.close();
  while (!await closeInspector(subject));
  await assert.rejects(Inspector.connect(tunnel.url));
  assert.equal((await get(port)).worker, 'web.v1.0');
});
