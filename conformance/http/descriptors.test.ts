// 22: a forwarding process that runs out of file descriptors refuses, lives on, and recovers once they are back.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { RawClient, exchange } from './kit/raw-client.ts';
import { RawUpstream, ok } from './kit/raw-upstream.ts';

const FRONT = join(import.meta.dirname, 'idle/front.ts');
const DESCRIPTORS = 128;

for (const plane of ['in-process', 'gateway']) {
  void test(`22: out of file descriptors, and back (${plane})`, { skip: process.platform === 'win32', timeout: 30_000 }, async (t) => {
    const upstream = await RawUpstream.start(ok('hello'));
    if (!('path' in upstream.address)) throw new Error('a Unix socket was asked for');
    const command = `ulimit -n ${DESCRIPTORS}; exec "$0" "$@"`;
    const front = spawn('sh', ['-c', command, process.execPath, '--conditions=graylane-source', FRONT, plane, upstream.address.path], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    t.after(async () => {
      front.kill('SIGKILL');
      await upstream.stop();
    });
    const [{ port }] = await once(front, 'message') as [{ port: number }];
    const held: RawClient[] = [];
    upstream.answer = () => undefined;
    for (let i = 0; i < DESCRIPTORS; i++) {
      const client = await RawClient.connect(port);
      client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      held.push(client);
    }
    // Everybody beyond the limit has been refused or waits; those within it are at the upstream.
    await upstream.until(() => upstream.seen.length > DESCRIPTORS / 4);
    await sleep(100);
    assert.equal(front.exitCode, null);
    assert.ok(upstream.seen.length < DESCRIPTORS);
    for (const client of held) client.destroy();
    await upstream.until(() => upstream.sockets.size === 0);
    upstream.answer = ok('hello');
    for (let i = 0; i < 3; i++) assert.match(await exchange(port, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'), /^HTTP\/1\.1 200 [^]*hello$/);
  });
}
