// Guardrails from Prometheus: labels filled in, one number or none, and a canary whose metric is worse goes back.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Duration, StrategyDocument } from '@graylane/rules';
import { queryValue } from '../../src/exposure/prometheus.ts';
import { openWorld, withRelease } from '../plane/world.ts';

const labels = { service: 'web', version: 'v2', release: 'r' };

describe('a query', () => {
  it('is sent with the labels of the release', async () => {
    const asked: string[] = [];
    await queryValue('http://prom:9090/base', 'sum(rate(e{service="{{service}}",version="{{ version }}"}[1m]))', labels, (url) => {
      asked.push(url);
      return Promise.resolve(vector(['1']));
    });
    const url = new URL(asked[0] ?? '');
    assert.deepEqual([url.origin, url.pathname, url.searchParams.get('query')], ['http://prom:9090', '/base/api/v1/query', 'sum(rate(e{service="web",version="v2"}[1m]))']);
  });

  check('yields its number', vector(['0.25']), 0.25);
  check('yields a scalar', { status: 'success', data: { resultType: 'scalar', result: [0, '7'] } }, 7);
  check('without data yields nothing, and not zero', vector([]), null);
  check('of a ratio without traffic yields nothing', vector(['NaN']), null);
  checkFails('that yields several series is told to aggregate', vector(['1', '2']), /yields 2 series; aggregate/);
  checkFails('that is wrong is named', { status: 'error', error: 'parse error' }, /was not answered: "parse error"/);
  checkFails('answered by something else is named', 'hello', /was not answered/);
});

describe('a metric guardrail', () => {
  it('rolls back a canary whose metric is worse, with the figures in the reason', async () => {
    const world = await openWorld(guarded('12h', 'age{version="{{version}}"}'), { get: (url) => Promise.resolve(vector([decodeURIComponent(url).includes('v2') ? '400' : '100'])) });
    await world.plane.verb('r', 'start', { who: 'test', why: 'a test' });
    for (let minute = 0; minute < 300 && (await world.plane.release('r')).phase === 'progressing'; minute += 1) await world.clock.advance(60_000);
    const { phase, why } = await world.plane.release('r');
    assert.equal(phase, 'rolled-back');
    assert.match(why, /^queue-age: 400 against 100/);
    await world.end();
  });

  it('that cannot be asked is a fault that is told, and no verdict', async () => {
    const world = await openWorld(guarded('5m', 'age'), { get: () => Promise.reject(new Error('connection refused')) });
    await world.plane.verb('r', 'start', { who: 'test', why: 'a test' });
    for (let minute = 0; minute < 8; minute += 1) await world.clock.advance(60_000);
    assert.equal((await world.plane.release('r')).phase, 'paused');
    assert.match(world.faults.join(), /guardrail queue-age: connection refused/);
    await world.end();
  });
});

function guarded(time: Duration, query: string): StrategyDocument {
  return { ...withRelease([{ percent: 50 }, { verdict: { for: time } }]), prometheus: { url: 'http://prom' }, guardrails: [{ name: 'queue-age', query, worse: 'higher' }] };
}

function check(title: string, answer: unknown, wanted: number | null): void {
  it(title, async () => {
    assert.equal(await queryValue('http://prom', 'q', labels, () => Promise.resolve(answer)), wanted);
  });
}

function checkFails(title: string, answer: unknown, wanted: RegExp): void {
  it(title, async () => {
    await assert.rejects(queryValue('http://prom', 'q', labels, () => Promise.resolve(answer)), wanted);
  });
}

function vector(values: readonly string[]): unknown {
  return { status: 'success', data: { resultType: 'vector', result: values.map((value) => ({ metric: {}, value: [0, value] })) } };
}
