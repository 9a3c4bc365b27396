// Large answers are written from buffers that are used again: each client gets its own bytes, also one that takes them late, while
// others come and go.

import assert from 'node:assert/strict';
import { onHops } from './kit/hops.ts';
import { RawClient } from './kit/raw-client.ts';
import type { SeenRequest } from './kit/raw-upstream.ts';

/** More than all buffers of the system between two sockets, so that a part waits in the process. */
const LATE_BYTES = 12_000_000;
const PROMPT_BYTES = 200_000;

/** `GET /late/b` is answered with many a `b`. */
function letters({ head }: SeenRequest): string {
  const [, kind, letter = ''] = /^GET \/(late|prompt)\/(.) /.exec(head) ?? [];
  const size = kind === 'late' ? LATE_BYTES : PROMPT_BYTES;
  return `HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n${letter.repeat(size)}`;
}

async function ask(port: number, kind: 'late' | 'prompt', letter: string): Promise<RawClient> {
  const client = await RawClient.connect(port);
  client.send(`GET /${kind}/${letter} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
  return client;
}

async function check(client: RawClient, letter: string, size: number): Promise<void> {
  const text = await client.all();
  assert.equal(text.slice(text.indexOf('\r\n\r\n') + 4) === letter.repeat(size), true, `an answer of the letter ${letter} has something else in it`);
}

onHops('a client that takes a large answer late gets its own bytes, whatever others got meanwhile', { answer: (socket, request) => void socket.write(letters(request)) }, async ({ port, upstream }) => {
  const late = await Promise.all(['a', 'b', 'c'].map(async (letter) => {
    const client = await ask(port, 'late', letter);
    client.socket.pause();
    return { client, letter };
  }));
  await upstream.requests(3);
  for (let round = 0; round < 3; round++) {
    const leaving = await ask(port, 'late', 'x');
    await leaving.until((text) => text.length > 0);
    leaving.destroy();
    await Promise.all(['d', 'e', 'f', 'g', 'h', 'i'].map(async (letter) => await check(await ask(port, 'prompt', letter), letter, PROMPT_BYTES)));
  }
  for (const { client, letter } of late) {
    client.socket.resume();
    await check(client, letter, LATE_BYTES);
  }
});
