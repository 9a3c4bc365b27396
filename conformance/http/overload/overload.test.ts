// The overload that started it all, in short: bounded memory, refusals at once, deadlines kept, and calm right after the storm.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quantile, tell } from './story.ts';

const WAIT_MS = 2_000;
const SERVICE_MS = 1_000;
/** A machine that does other things, too. */
const SLACK_MS = 2_000;

for (const plane of ['in-process', 'gateway'] as const) {
  void test(`49: 400 clients before a handler that takes a second (${plane})`, { timeout: 60_000 }, async () => {
    const { samples, memory, timeouts, afterMs } = await tell(plane, 400, 6_000);
    const served = samples.filter(({ status }) => status === 200).map(({ ms }) => ms);
    const shed = samples.filter(({ status }) => status === 503).map(({ ms }) => ms);
    assert.equal(served.length + shed.length, samples.length, 'nothing but 200 and 503');
    assert.ok(served.length >= 4 && served.length <= 7, `${served.length} served`);
    assert.ok(quantile(served, 0.99) <= WAIT_MS + SERVICE_MS + SLACK_MS);
    assert.ok(quantile(shed, 0.5) < SLACK_MS / 4, 'a full line refuses at once');
    assert.ok(Math.max(...shed) <= WAIT_MS + SLACK_MS, `a deadline is kept: ${Math.max(...shed)} ms`);
    assert.ok(shed.some((ms) => ms > WAIT_MS * 0.9), 'some waited until their deadline');
    assert.equal(timeouts, 0);
    assert.ok(Math.max(...memory.map(({ rss }) => rss)) - memory[0]!.rss < 50e6, 'memory stays flat');
    assert.ok(afterMs < SERVICE_MS + SLACK_MS, `${afterMs} ms for the visitor after the crowd`);
  });
}
