// Logs: written by the worker itself, rotated under it, read and followed by others.

import assert from 'node:assert/strict';
import { appendFileSync, closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';

import { systemClock } from '../src/clock.ts';
import { formatLine, readLogs } from '../src/index.ts';
import { LogKeeper } from '../src/logs/keeper.ts';
import { logPlace } from '../src/logs/place.ts';
import { rotate } from '../src/logs/rotate.ts';
import { app, get, rig } from './support/harness.ts';

const PLAN = { maxBytes: 1_000, maxAgeMs: 1e12, keep: 2 };

function folder(t: TestContext): string {
  const made = mkdtempSync(path.join(tmpdir(), 'gll-'));
  t.after(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

function logFile(logs: string, number: number = 0, version: string = 'v1'): string {
  const { file } = logPlace(logs, 'web', version, number);
  mkdirSync(path.dirname(file), { recursive: true });
  return file;
}

test('a rotation loses no line and the writer goes on at the new beginning', async (t) => {
  const file = logFile(folder(t));
  const writer = openSync(file, 'a');
  for (const turn of ['one', 'two', 'three']) {
    writeSync(writer, `${turn}\n`);
    await rotate(file, PLAN);
  }
  writeSync(writer, 'four\n');
  closeSync(writer);
  assert.deepEqual([file, `${file}.1`, `${file}.2`].map((one) => readFileSync(one, 'utf8')), ['four\n', 'three\n', 'two\n']);
  assert.ok(!existsSync(`${file}.3`));
});

test('of a flood the end is kept and the loss is said', async (t) => {
  const file = logFile(folder(t));
  appendFileSync(file, `${'x'.repeat(99)}\n`.repeat(100));
  await rotate(file, PLAN);
  const kept = readFileSync(`${file}.1`, 'utf8');
  assert.match(kept, /^\[graylane: 9000 bytes dropped/);
  assert.ok(kept.length < 1_200);
  assert.equal(statSync(file).size, 0);
});

test('the keeper rotates what has grown and buries the logs of long dead workers', async (t) => {
  const logs = folder(t);
  for (let number = 0; number < 25; number++) appendFileSync(logFile(logs, number), 'old\n');
  const big = logFile(logs, 99);
  appendFileSync(big, `${'y'.repeat(1_001)}\n`);
  const complaints: string[] = [];
  await new LogKeeper(logs, PLAN, systemClock, (worker) => worker === 'web.v1.99', (text) => complaints.push(text)).look();
  assert.equal(statSync(big).size, 0);
  assert.ok(existsSync(`${big}.1`));
  assert.deepEqual([4, 5].map((number) => existsSync(logPlace(logs, 'web', 'v1', number).file)), [false, true]);
  assert.deepEqual(complaints, []);
});

test('a reader shows the last lines, then follows over a rotation and into the log of a new worker', async (t) => {
  const logs = folder(t);
  const file = logFile(logs);
  appendFileSync(file, 'a\nb\nc\n');
  appendFileSync(logFile(logs, 7, 'v2'), 'not asked for\n');
  const stop = new AbortController();
  const lines = readLogs(logs, { version: 'v1', lines: 2, follow: true, signal: stop.signal });
  const next = async (): Promise<string> => {
    const result = await lines.next();
    return result.done === true ? 'ended' : `${result.value.worker} ${result.value.text}`;
  };
  assert.deepEqual([await next(), await next()], ['web.v1.0 b', 'web.v1.0 c']);
  appendFileSync(file, 'd\n');
  await rotate(file, PLAN);
  appendFileSync(file, 'e\n');
  assert.deepEqual([await next(), await next()], ['web.v1.0 d', 'web.v1.0 e']);
  appendFileSync(logFile(logs, 1), 'f\n');
  assert.equal(await next(), 'web.v1.1 f');
  stop.abort();
  assert.equal(await next(), 'ended');
});

for (const [what, read, after] of [
  ['what of a flood is kept is followed, with what was lost', 'a', ['[graylane: 11006 bytes dropped', 'x9834', 'x9999', 'z']],
  ['a follower who had read what was dropped goes on behind it', 'all', ['z']],
  ['a log that has outgrown the former one since is read from its beginning', 'more', ['z', 'w0', 'w199']],
] as const) {
  test(what, async (t) => {
    const logs = folder(t);
    const file = logFile(logs);
    appendFileSync(file, 'a\n');
    const stop = new AbortController();
    const lines = readLogs(logs, { lines: 1, follow: true, signal: stop.signal });
    const next = async (): Promise<string> => {
      const result = await lines.next();
      return result.done === true ? 'ended' : result.value.text;
    };
    const until = async (wanted: string): Promise<string[]> => {
      for (const seen = [await next()]; ; seen.push(await next())) if (seen.at(-1) === wanted || seen.at(-1) === 'ended') return seen;
    };
    assert.equal(await next(), 'a');
    appendFileSync(file, Array.from({ length: 2_000 }, (_, n) => `x${8_000 + n}\n`).join(''));
    if (read !== 'a') await until('x9999');
    await rotate(file, PLAN);
    appendFileSync(file, 'z\n');
    if (read === 'more') appendFileSync(file, Array.from({ length: 3_000 }, (_, n) => `w${n}\n`).join(''));
    const seen = await until(read === 'more' ? 'w199' : 'z');
    stop.abort();
    for (const line of after) assert.ok(seen.some((one) => one.startsWith(line)), `${line} is missing in ${seen.slice(0, 3).join(' | ')} … ${seen.slice(-3).join(' | ')}`);
    assert.deepEqual(seen.filter((line) => !/^(?:\[graylane: .*\]|x\d{4}|w\d+|z)$/.test(line)), [], 'whole lines only');
    if (read !== 'a') assert.equal(seen[0], 'z', 'nothing twice');
  });
}

test("a worker's control characters do not reach the terminal", () => {
  const line = { service: 'web', version: 'v1', worker: 'web.v1.0', text: 'red \u001b[31malert\u0007' };
  assert.equal(formatLine(line, false), 'web.v1.0 | red [31malert');
  assert.deepEqual(JSON.parse(formatLine(line, true)), line);
});

test("a worker's own output lands in its log, whoever supervises", async (t) => {
  const { fleet, port, runDir } = await rig(t);
  await fleet.openSlots('web', [{ port, host: '127.0.0.1' }], 1);
  await fleet.start(app());
  await get(port);
  const lines: string[] = [];
  for await (const line of readLogs(path.join(runDir, 'logs'), { lines: 10, follow: false })) lines.push(formatLine(line, false));
  assert.deepEqual(lines, ['web.v1.0 | starting v1 as stable']);
});
