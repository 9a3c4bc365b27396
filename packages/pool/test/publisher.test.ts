// A publication in two phases, on a clock that the test holds: how long whom it waits for, and what overtakes it.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import { FrameReader } from '@graylane/wire';
import type { StrategyMessage } from '@graylane/wire';

import type { Hearer } from '../src/hearer.ts';
import { runPaths } from '../src/paths.ts';
import { Publisher } from '../src/publisher.ts';
import { Standings } from '../src/standing.ts';
import { Waiters } from '../src/until.ts';
import { FakeClock } from './support/fake-clock.ts';

type Told = readonly [kind: string, generation: number];

/** A worker that answers after `delayMs`, or never. `oldest` is the oldest generation that its requests carry. */
class FakeWorker implements Hearer {
  readonly spec = { service: 'web' };
  readonly state = { name: 'ready' } as const;
  readonly connected = true;
  readonly told: Told[] = [];
  readonly id: string;
  ackedGeneration = 0;
  oldest = Infinity;
  readonly #reader = new FrameReader();
  readonly #answer: (worker: FakeWorker, told: Told) => void;

  constructor(id: string, answer: (worker: FakeWorker, told: Told) => void) {
    this.id = id;
    this.#answer = answer;
  }

  send(): void { throw new Error('a publication is encoded once'); }
  sendEncoded(bytes: Uint8Array): void {
    for (const frame of this.#reader.push(bytes)) {
      const { kind, generation } = JSON.parse(Buffer.from(frame).toString()) as { readonly kind: string; readonly generation: number };
      this.told.push([kind, generation]);
      this.#answer(this, [kind, generation]);
    }
  }
}

interface Ward {
  readonly clock: FakeClock;
  readonly publisher: Publisher;
  readonly workers: readonly FakeWorker[];
  readonly publish: (generation: number, isUrgent?: boolean) => Promise<{ readonly tookMs: number; readonly acked: readonly string[]; readonly stale: readonly string[] }>;
}

const DEADLINE_MS = 50;
const KEEP = 8;

function ward(t: TestContext, delaysMs: readonly (number | null)[]): Ward {
  const folder = mkdtempSync(path.join(tmpdir(), 'glp-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const clock = new FakeClock();
  const waiters = new Waiters(clock);
  const standings = new Standings(waiters);
  const workers = delaysMs.map((delayMs, n) => new FakeWorker(`w${n}`, (worker, [kind, generation]) => {
    if (delayMs === null) return;
    clock.after(delayMs, () => {
      if (kind === 'strategy') worker.ackedGeneration = Math.max(worker.ackedGeneration, generation);
      else standings.hear(worker, { kind: 'in-flight', current: generation, oldest: Math.min(generation, worker.oldest) });
      waiters.poke();
    });
  }));
  const publisher = new Publisher(runPaths(folder), waiters, standings, () => workers);
  return {
    clock, publisher, workers,
    publish: async (generation, isUrgent = false) => {
      const begun = clock.now();
      const message: StrategyMessage = { kind: 'strategy', generation, snapshot: { format: 1 } as never };
      const published = await publisher.publish(['web'], true, message, DEADLINE_MS, { keep: KEEP, isUrgent });
      return { ...published, tookMs: clock.now() - begun };
    },
  };
}

test('both phases together wait no longer than one deadline for a worker that stands still', async (t) => {
  const { clock, publish, workers } = ward(t, [2, null, 3]);
  const publishing = publish(1);
  await clock.pass(2 * DEADLINE_MS);
  const { tookMs, acked, stale } = await publishing;
  assert.ok(tookMs <= DEADLINE_MS, `${tookMs} ms`);
  assert.deepEqual([acked, stale], [['w0', 'w2'], ['w1']]);
  assert.deepEqual(workers.map(({ told }) => told.map(([kind]) => kind)), [['strategy', 'begin'], ['strategy', 'begin'], ['strategy', 'begin']]);
});

test('time that the first phase did not need belongs to the second', async (t) => {
  const { clock, publish } = ward(t, [24, 1]);
  const publishing = publish(1);
  await clock.pass(2 * DEADLINE_MS);
  assert.deepEqual((await publishing).stale, []);
});

test('a publication waits for requests that carry a generation that is about to go, a way back does not', async (t) => {
  const { clock, publish, workers } = ward(t, [1, 1]);
  for (let generation = 1; generation < KEEP; generation += 1) {
    const publishing = publish(generation);
    await clock.pass(10);
    await publishing;
  }
  // A stream that began with the first one.
  for (const worker of workers) worker.oldest = 1;
  const last = publish(KEEP);
  await clock.pass(10);
  await last;
  const forward = publish(KEEP + 1);
  await clock.pass(20);
  const back = publish(KEEP + 2, true);
  await clock.pass(DEADLINE_MS);
  const { tookMs, stale } = await back;
  assert.ok(tookMs <= 10, `${tookMs} ms`);
  assert.deepEqual(stale, []);
  await clock.pass(2_000);
  await forward;
});

test('what a way back has overtaken is not what later workers begin with', async (t) => {
  const { clock, publish, publisher, workers } = ward(t, [1]);
  for (const worker of workers) worker.oldest = 1;
  for (let generation = 1; generation <= KEEP; generation += 1) {
    const publishing = publish(generation);
    await clock.pass(10);
    await publishing;
  }
  const forward = publish(KEEP + 1);
  const back = publish(KEEP + 2, true);
  await clock.pass(2_000);
  await Promise.all([forward, back]);
  const later = new FakeWorker('later', () => undefined);
  const said: number[] = [];
  publisher.greet({ id: 'later', spec: later.spec, state: later.state, connected: true, ackedGeneration: 0, sendEncoded: (bytes) => later.sendEncoded(bytes), send: (message) => { if (message.kind === 'begin') said.push(message.generation); } });
  assert.deepEqual(said, [KEEP + 2]);
});
