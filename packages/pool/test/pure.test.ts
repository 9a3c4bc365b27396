// The parts that compute: back-off, states, limits, scaling, tables of the kernel.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';

import fc from 'fast-check';

import { afterCrash, DEFAULT_BACKOFF } from '../src/backoff.ts';
import { HEALTHY, judge, lifetimeOf } from '../src/limits.ts';
import { parseSockets } from '../src/os/listening.ts';
import { migratesConnections } from '../src/os/migration.ts';
import { parseStat } from '../src/os/processes.ts';
import { scalingStep, STEADY } from '../src/scaling.ts';
import { nameSockets } from '../src/service/listen-fds.ts';
import { fullSpec } from '../src/spec.ts';
import { nextState } from '../src/worker/state.ts';
import type { WorkerEvent, WorkerState } from '../src/worker/state.ts';

const CRASH = { readyForMs: 0, killedFromOutside: false };
const VITALS = { rss: 100, heapUsed: 10, heapLimit: 100, cpuMicros: 0, loopDelayP99Ms: 0, loopUtilization: 0, inFlight: 0, waiting: 0 };
const SPEC = fullSpec({ service: 'web', version: 'v1', role: 'stable', script: 'x.js', cwd: '/', memory: { rssBytes: 1_000, heapRatio: 0.9 }, maxLifetimeMs: 10_000 });

test('back-off doubles to its cap, with at most half of it left to chance', () => {
  const plan = { ...DEFAULT_BACKOFF, firstMs: 100, capMs: 1_000 };
  assert.deepEqual([0, 1, 2, 3, 4, 50].map((crashes) => afterCrash(plan, crashes, CRASH, 0.999_999).delayMs).map(Math.round), [100, 200, 400, 800, 1_000, 1_000]);
  fc.assert(fc.property(fc.nat(100), fc.double({ min: 0, max: 0.999, noNaN: true }), (crashes, random) => {
    const low = afterCrash(plan, crashes, CRASH, 0).delayMs;
    const some = afterCrash(plan, crashes, CRASH, random).delayMs;
    return some >= low && some <= 2 * low && some <= plan.capMs;
  }));
});

test('time in service wipes the slate, a kill from outside counts as no crash, and both end in failed otherwise', () => {
  const plan = { ...DEFAULT_BACKOFF, stableAfterMs: 5_000, maxCrashes: 3 };
  assert.equal(afterCrash(plan, 7, { readyForMs: 5_000, killedFromOutside: false }, 0).crashes, 1);
  assert.equal(afterCrash(plan, 7, { readyForMs: 1_000, killedFromOutside: true }, 0).crashes, 1);
  assert.equal(afterCrash(plan, 7, { readyForMs: 999, killedFromOutside: true }, 0).crashes, 8);
  assert.deepEqual([0, 1, 2].map((crashes) => afterCrash(plan, crashes, CRASH, 0).failed), [false, false, true]);
});

const STARTING = { name: 'starting', sinceMs: 0, owed: { agent: true, places: [0, 1], message: true, probe: true } } as const satisfies WorkerState;

function isReady(state: WorkerState): boolean {
  return state.name === 'ready';
}

function checkLife(from: WorkerState, events: readonly WorkerEvent[], names: readonly string[]): void {
  const seen: string[] = [];
  let state = from;
  for (const event of events) {
    state = nextState(state, event, seen.length + 1);
    seen.push(state.name);
  }
  assert.deepEqual(seen, names);
}

test('a worker is ready when nothing is owed any more, in whatever order it was paid', () => {
  const payments: readonly WorkerEvent[] = [{ kind: 'agent-connected' }, { kind: 'listening', index: 0 }, { kind: 'listening', index: 1 }, { kind: 'said-ready' }, { kind: 'probe-passed' }];
  fc.assert(fc.property(fc.shuffledSubarray([...payments], { minLength: 5 }), (order) => {
    let state: WorkerState = STARTING;
    for (const [at, event] of order.entries()) {
      state = nextState(state, event, at);
      if (isReady(state) !== (at === 4)) return false;
    }
    return true;
  }));
});

test('draining and stopping are never left but by the end', () => {
  checkLife({ name: 'ready', sinceMs: 0 }, [{ kind: 'stalled' }, { kind: 'answered' }, { kind: 'drain', why: '' }, { kind: 'answered' }, { kind: 'stalled' }, { kind: 'terminate', why: '' }, { kind: 'drain', why: '' }, { kind: 'exit', exit: { code: 0, signal: null } }, { kind: 'drain', why: '' }],
    ['stalled', 'ready', 'draining', 'draining', 'draining', 'stopping', 'stopping', 'exited', 'exited']);
});

test('an end remembers how long the worker served, through a stall too', () => {
  const stalled = nextState({ name: 'ready', sinceMs: 100 }, { kind: 'stalled' }, 300);
  const ended = nextState(stalled, { kind: 'exit', exit: { code: 1, signal: null } }, 1_100);
  assert.ok(ended.name === 'exited');
  assert.deepEqual([ended.readyForMs, ended.asked], [1_000, false]);
});

test('memory must be over its limit twice in a row', () => {
  const fat = { ...VITALS, rss: 2_000 };
  const once = judge(SPEC, fat, 0, null, HEALTHY);
  assert.equal(once.verdict, null);
  assert.match(judge(SPEC, fat, 0, null, once).verdict ?? '', /resident memory/);
  assert.equal(judge(SPEC, VITALS, 0, null, once).over, 0);
  const full = { ...VITALS, heapUsed: 95 };
  assert.match(judge(SPEC, full, 0, null, judge(SPEC, full, 0, null, HEALTHY)).verdict ?? '', /heap/);
});

test('a long life ends within the last tenth of its limit', () => {
  assert.deepEqual([0, 0.5, 0.999_999].map((random) => Math.round(lifetimeOf(SPEC, random) ?? 0)), [9_000, 9_500, 10_000]);
  assert.match(judge(SPEC, VITALS, 9_000, 9_000, HEALTHY).verdict ?? '', /older than 9 s/);
});

test('a pool grows after three busy looks, shrinks after thirty idle ones, and stays within its bounds', () => {
  const run = (workers: number, utilization: number, looks: number, waiting: number = 0): number => {
    let state = STEADY;
    let now = workers;
    for (let look = 0; look < looks; look++) {
      const step = scalingStep({ min: 1, max: 4 }, now, Array.from({ length: now }, () => ({ ...VITALS, loopUtilization: utilization, waiting })), state);
      state = step.state;
      now = step.wanted;
    }
    return now;
  };
  assert.deepEqual([run(2, 0.9, 2), run(2, 0.9, 3), run(2, 0.9, 100), run(2, 0.1, 29), run(2, 0.1, 30), run(2, 0.1, 300), run(2, 0.1, 3, 1)], [2, 3, 4, 2, 1, 1, 3]);
});

test("a process's birth is read behind whatever its name contains", () => {
  const text = '42 (odd) name ) x) S 7 42 40 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 11 0 987654 123 456';
  assert.deepEqual(parseStat(text), { pid: 42, parent: 7, session: 40, born: '987654', state: 'S' });
});

test('whether the kernel hands connections on is read from its switch, and no switch means no', (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'gl-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, 'tcp_migrate_req');
  const answers = ['1\n', '0\n'].map((text) => {
    writeFileSync(file, text);
    return migratesConnections(file);
  });
  assert.deepEqual([...answers, migratesConnections(path.join(folder, 'none'))], [true, false, false]);
});

test('listening sockets are read from the tables of the kernel', () => {
  const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 12345 1 0000
   1: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 99 1 0000
   2: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 777 1 0
   3: 0000000000000000FFFF00000100007F:0051 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 778 1 0`;
  assert.deepEqual(parseSockets(table).map(({ address, port, inode, state }) => [address, port, inode, state === '0A']),
    [['127.0.0.1', 8080, '12345', true], ['127.0.0.1', 8080, '99', false], ['::', 80, '777', true], ['::ffff:127.0.0.1', 81, '778', true]]);
});

test("systemd's sockets become slots by address, a port listed twice being two", () => {
  const bound = [{ address: '::', port: 80 }, { address: '::', port: 80 }, { address: '127.0.0.1', port: 81 }, null];
  assert.deepEqual(nameSockets([3, 4, 5, 6], (fd) => bound[fd - 3] ?? null), { '*:80/0': 3, '*:80/1': 4, '127.0.0.1:81/0': 5 });
});
