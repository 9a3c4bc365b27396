// An app's bytes are the same without graylane, with it at 0 %, and at 100 % canary to an identical build; Date aside.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startUp } from '../live/up.ts';
import type { Up } from '../live/up.ts';
import { apps, http2App } from './apps.ts';
import type { App } from './apps.ts';
import type { Running } from './bare.ts';
import { runBare } from './bare.ts';
import { difference } from './compare.ts';
import { recordHttp2 } from './http2.ts';
import { record } from './record.ts';

type Recording = ReadonlyMap<string, string>;

/** `cache: 'off'`, for a lane's responses become private by default, which these bytes would show. */
const everybody = (percent: number): object => ({ name: 'everybody', when: [{}], percent, cache: 'off', versions: { web: 'v2' } });

function startTwins({ script, host }: Pick<App, 'script' | 'host'>): Promise<Up> {
  return startUp({ versions: { v1: { script }, v2: { script } }, releases: [everybody(0)], exposeRoute: false, ...(host === undefined ? {} : { host }) });
}

async function check(app: Pick<App, 'script' | 'host'>, recordFrom: (port: number) => Promise<Recording>): Promise<void> {
  const bare: Running = await runBare(app.script);
  const expected = await recordFrom(bare.port).finally(bare.stop);
  const up = await startTwins(app);
  try {
    const faults = differences('at 0 %', expected, await recordFrom(up.port));
    await up.publish(up.document([everybody(100)]));
    faults.push(...differences('at 100 %', expected, await recordFrom(up.port)));
    assert.equal(faults.join('\n'), '');
  } finally {
    await up.stop();
  }
}

function differences(when: string, expected: Recording, actual: Recording): string[] {
  return [...expected].flatMap(([name, bytes]) => {
    const where = difference(bytes, actual.get(name) ?? '');
    return where === null ? [] : [`${when}, ${name}: ${where}`];
  });
}

describe('bytes of the example apps with and without graylane', { concurrency: 2 }, () => {
  for (const app of apps) it(app.name, () => check(app, (port) => record(app.exchanges, port)));
  it('http2', () => check(http2App, (port) => recordHttp2(`http://127.0.0.1:${port}`)));
});
