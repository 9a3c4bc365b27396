// What the client makes of what a control plane answers.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { ApiClient } from '../../src/api/client.ts';
import { listenOnSocket } from '../../src/api/listen.ts';

it('a list of more than a page is read to its end', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'graylane-client-'));
  const socketPath = join(dir, 'api.sock');
  const names = Array.from({ length: 2_300 }, (_, i) => `r${i}`);
  const asked: string[] = [];
  const listening = await listenOnSocket({
    fetch: (request) => {
      const { pathname, searchParams } = new URL(request.url);
      const [from, limit] = [Number(searchParams.get('cursor')), Number(searchParams.get('limit'))];
      asked.push(`${pathname} ${from}`);
      return Response.json({ items: names.slice(from, from + limit).map((name) => ({ name })), cursor: from + limit < names.length ? String(from + limit) : null });
    },
  }, socketPath);
  try {
    const { items, cursor } = await new ApiClient({ socketPath, who: 'test' }).releases();
    assert.deepEqual(items.map(({ name }) => name), names);
    assert.equal(cursor, null);
    assert.deepEqual(asked, ['/api/v1/releases 0', '/api/v1/releases 1000', '/api/v1/releases 2000']);
  } finally {
    await listening.close();
    rmSync(dir, { recursive: true, force: true });
  }
});
