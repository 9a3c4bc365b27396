// How many tokens there may be: one for each machine of a fleet, and some for people.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Tokens } from '../../src/access/tokens.ts';
import { ControlError } from '../../src/problem.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { FakeClock } from '../fake-clock.ts';

it('every machine of a large fleet has a token of its own, people have as many as they need, and a flood of either is refused', async () => {
  const store = await openSqliteStore({ file: ':memory:', clock: new FakeClock() });
  try {
    const tokens = new Tokens(store, new FakeClock());
    const scopes = ['node', 'read'] as const;
    const stored = scopes.flatMap((scope, kind) => Array.from({ length: scope === 'node' ? 19_999 : 255 }, (_, n) => ({ name: `${scope}-${n}`, scope, id: (kind * 100_000 + n).toString(16).padStart(12, '0') })));
    await store.commit([], stored.map(({ id, ...token }) => ({ key: `token/${id}`, value: JSON.stringify({ id, ...token, hash: '', createdAt: 0, expiresAt: null }) })));
    for (const scope of scopes) {
      const last = await tokens.create({ name: 'last', scope, lifetimeMs: null });
      assert.equal((await tokens.holder(last.token))?.scope, scope);
      await assert.rejects(tokens.create({ name: 'more', scope, lifetimeMs: null }), (error) => ControlError.from(error).code === 'GL3015');
    }
    assert.equal((await tokens.list()).length, 20_256);
  } finally {
    await store.close();
  }
});
