// Many who watch and do not read: the control plane goes on as if they were not there, and keeps nothing for them.

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { apiApp } from '../../src/api/app.ts';
import { ApiFailure } from '../../src/api/caller.ts';
import { ApiClient } from '../../src/api/client.ts';
import { socketGuard } from '../../src/api/guard.ts';
import { listenOnSocket } from '../../src/api/listen.ts';
import { openWorld, withRelease } from '../plane/world.ts';

/** As the API allows (api/handlers.ts). */
const LIMIT = 256;
const CHANGES = 20;

it('watchers that do not read hold up nobody; one too many is told so, and a place that is left can be taken', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'graylane-watchers-'));
  const path = join(dir, 'control.sock');
  const world = await openWorld(withRelease());
  const listening = await listenOnSocket(apiApp({ plane: world.plane, clock: world.clock, guard: socketGuard }), path);
  const client = new ApiClient({ socketPath: path, who: 'test' });
  const watchers: Socket[] = [];
  try {
    for (let n = 0; n < LIMIT; n += 1) watchers.push(await deafWatcher(path));
    await assert.rejects(firstFrame(client), (error) => error instanceof ApiFailure && error.problem.code === 'GL3015');
    for (let n = 0; n < CHANGES; n += 1) await client.split('r', `${10 + n}%`, null);
    assert.equal((await client.status()).releases[0]?.percent, 10 + CHANGES - 1);
    watchers.pop()?.destroy();
    await untilReady(client);
  } finally {
    for (const watcher of watchers) watcher.destroy();
    await listening.close();
    await world.end();
    await rm(dir, { recursive: true, force: true });
  }
});

/** Reads the head of the answer, then never again. */
async function deafWatcher(path: string): Promise<Socket> {
  const socket = connect(path);
  socket.on('error', () => undefined);
  socket.write('GET /api/v1/watch HTTP/1.1\r\nhost: graylane\r\n\r\n');
  const [head] = (await once(socket, 'data')) as [Buffer];
  assert.match(head.toString(), /^HTTP\/1\.1 200 /);
  return socket.pause();
}

async function firstFrame(client: ApiClient): Promise<unknown> {
  for await (const frame of client.watch(new AbortController().signal)) return frame;
  return null;
}

/** The server hears of a socket that is gone in its own time. */
async function untilReady(client: ApiClient): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const frame = await firstFrame(client).catch((error: unknown) => (error instanceof ApiFailure ? null : Promise.reject(error as Error)));
    if (frame !== null) return;
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  assert.fail('the place was not given back');
}
