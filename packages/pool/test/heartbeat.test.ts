// Heartbeats on a clock that the test holds: who is silent, and whose fault that is.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Clock } from '../src/clock.ts';
import { Heartbeat } from '../src/heartbeat.ts';
import { HttpLiveness } from '../src/http-liveness.ts';
import { fullSpec } from '../src/spec.ts';
import { Worker } from '../src/worker/worker.ts';
import type { WorkerHost } from '../src/worker/worker.ts';

const SPEC = fullSpec({ service: 'web', version: 'v2', role: 'canary', script: 'x.js', cwd: '/', liveness: { everyMs: 1_000, ejectAfterMs: 3_000, replaceAfterMs: 10_000, http: '/alive' } });

const LISTENER = { index: 0, protocol: 'http', socket: '/nowhere.sock', port: 80, host: null } as const;

interface Ward { readonly clock: Clock; readonly workers: readonly Worker[]; readonly replaced: string[]; readonly pass: (ms: number, stepMs: number) => void; readonly states: () => readonly string[] }

function ward(count: number): Ward {
  let now = 0;
  const clock: Clock = { now: () => now, wall: () => now, after: () => ({ cancel: () => undefined }), random: () => 0 };
  const host: WorkerHost = { clock, changed: () => undefined, connected: () => undefined, said: () => undefined, forgotten: () => Promise.resolve() };
  const workers = Array.from({ length: count }, (_, slot) => new Worker(
    { id: `web.v2.${slot}`, slot, others: [], revision: 1, logFile: '/nowhere', places: [], startedWall: 0 }, SPEC,
    { pid: 0, born: null, onExit: () => undefined, signal: () => undefined, killAll: () => undefined },
    { state: { name: 'ready', sinceMs: 0 }, listeners: [LISTENER] }, host,
  ));
  const replaced: string[] = [];
  const heartbeat = new Heartbeat(clock, () => workers, (worker) => replaced.push(worker.id));
  return {
    clock, workers, replaced,
    pass: (ms, stepMs) => {
      for (let passed = 0; passed < ms; passed += stepMs) {
        now += stepMs;
        heartbeat.beat();
      }
    },
    states: () => workers.map((worker) => worker.state.name),
  };
}

test('a silent worker is ejected first and replaced later, once', () => {
  const { pass, states, replaced } = ward(1);
  pass(2_900, 100);
  assert.deepEqual(states(), ['ready']);
  pass(200, 100);
  assert.deepEqual([states(), replaced], [['stalled'], []]);
  pass(9_000, 100);
  assert.deepEqual(replaced, ['web.v2.0']);
});

test('a supervisor that stood still itself blames nobody for the silence', () => {
  const { pass, states, replaced } = ward(2);
  pass(500, 100);
  pass(60_000, 60_000);
  assert.deepEqual([states(), replaced], [['ready', 'ready'], []]);
});

test('never more than half of a version is ejected', () => {
  const { pass, states } = ward(5);
  pass(4_000, 100);
  assert.deepEqual(states().filter((state) => state === 'stalled').length, 2);
});

test('three failures in a row of its liveness path condemn a worker, and a success in between forgives', async () => {
  const { clock, workers, pass } = ward(1);
  const condemned: string[] = [];
  const answers = [false, false, true, false, false, false, false];
  const liveness = new HttpLiveness(clock, (_, why) => condemned.push(why), () => Promise.resolve(answers.shift() ?? true));
  const [worker] = workers;
  assert.ok(worker);
  for (let look = 0; look < 8; look++) {
    await liveness.look(worker);
    pass(5_000, 5_000);
  }
  assert.deepEqual(condemned, ['/alive failed 3 times in a row']);
});
