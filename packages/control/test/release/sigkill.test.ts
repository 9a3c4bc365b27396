// The control plane dies by SIGKILL at random points of a release, again and again: no transition is lost or done twice,
// no event is missing, and the release arrives.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { seeded } from '../../../../tools/seeded.ts';
import { testFolder } from '../support/folder.ts';

/** The long form is asked for: GRAYLANE_LONG=1. */
const KILLS = process.env['GRAYLANE_LONG'] === '1' ? 200 : 5;
const SEED = 20_261_122;
/** A release takes about so long when it is left alone; later there is nothing to interrupt. */
const SPAN_MS = 60;

it(`a release survives ${KILLS} deaths of its control plane (seed ${SEED})`, async () => {
  const random = seeded(SEED);
  let kills = 0;
  let interrupted = 0;
  while (kills < KILLS) {
    const dir = testFolder('mortal');
    try {
      for (let round = 0; round < 12 && kills < KILLS; round += 1) {
        const { finished } = await killedAfter(dir, random() * SPAN_MS);
        kills += 1;
        if (finished) break;
        interrupted += 1;
      }
      checkHistory(await run(dir));
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  }
  assert.ok(interrupted > KILLS / 4, `only ${interrupted} of ${kills} kills interrupted anything`);
});

interface Event { readonly seq: number; readonly kind: string; readonly from: string; readonly to: string }

function checkHistory(output: string): void {
  const lines = output.split('\n');
  const events = JSON.parse(lines.find((line) => line.startsWith('events '))?.slice('events '.length) ?? '[]') as Event[];
  const oldestFirst = events.toReversed();
  assert.deepEqual(oldestFirst.map(({ seq }) => seq), oldestFirst.map((_, index) => index + 1), 'no event is missing');
  const moves = oldestFirst.filter(({ kind }) => kind === 'release');
  assert.deepEqual(moves.map(({ to }) => to.replace(/ at \d+ %$/, '')), [
    'pending', 'paused at step 2/5', 'paused at step 4/5', 'promoting (preparing)', 'promoting (switching)', 'succeeded',
  ], 'every transition once');
  for (const [index, { from }] of moves.entries()) {
    if (index > 0) assert.equal(from, moves[index - 1]?.to.replace(/ at \d+ %$/, ''), 'each begins where the one before ended');
  }
  assert.ok(lines.includes('pools web.v2.stable'), output);
}

/** Starts the control plane and kills it so long after it was up. */
function killedAfter(dir: string, ms: number): Promise<{ readonly finished: boolean }> {
  const child = start(dir);
  let text = '';
  return new Promise((resolve) => {
    child.stdout.on('data', (chunk: string) => {
      if (text === '') setTimeout(() => child.kill('SIGKILL'), ms);
      text += chunk;
    });
    child.once('close', () => resolve({ finished: text.includes('\npools ') }));
  });
}

function run(dir: string): Promise<string> {
  const child = start(dir);
  let text = '';
  child.stdout.on('data', (chunk: string) => {
    text += chunk;
  });
  return new Promise((resolve, reject) => {
    child.once('close', (code) => {
      if (code === 0) resolve(text);
      else reject(new Error(`ended with ${String(code)}: ${text}`));
    });
  });
}

function start(dir: string): ReturnType<typeof spawnWalker> {
  const child = spawnWalker(dir);
  child.stdout.setEncoding('utf8');
  return child;
}

function spawnWalker(dir: string) {
  return spawn(process.execPath, ['--conditions=graylane-source', fileURLToPath(new URL('mortal.ts', import.meta.url)), dir, 'walk'], { stdio: ['ignore', 'pipe', 'inherit'] });
}
