// The script of the byte comparison is deterministic: an app run bare twice gives the same bytes, Date aside.

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { apps } from './apps.ts';
import { runBare } from './bare.ts';
import { difference } from './compare.ts';
import { record } from './record.ts';

describe('the recorded bytes of a bare app are the same twice', () => {
  for (const app of apps) {
    it(app.name, async () => {
      const first = await runBare(app.script);
      const expected = await record(app.exchanges, first.port).finally(first.stop);
      const second = await runBare(app.script);
      const actual = await record(app.exchanges, second.port).finally(second.stop);
      for (const [name, bytes] of expected) assert.equal(difference(bytes, actual.get(name) ?? ''), null, name);
    });
  }
});
