// What one idle connection costs the forwarding process: memory with many of them less memory with few, by the difference.

import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import * as net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface IdleKind {
  readonly name: string;
  readonly request: string;
  readonly answer: string;
  /** What one may cost, in kB of resident memory. */
  readonly limitKb: number;
}

export const IDLE_KINDS: readonly IdleKind[] = [
  { name: 'WebSocket', request: 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n', answer: 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n', limitKb: 15 },
  { name: 'event stream', request: 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', answer: 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n8\r\ndata: 1\n\r\n', limitKb: 30 },
];

export const PLANES = ['in-process', 'gateway'] as const;

export interface Cost {
  /** kB of resident memory a connection. */
  readonly rssKb: number;
  /** kB of JavaScript objects and buffers a connection. */
  readonly heapKb: number;
}

interface Memory {
  readonly rss: number;
  readonly heap: number;
}

/** Opened at a time, and before the first look: what the first ones cost is not theirs alone. */
const BATCH = 200;

export async function idleCost(plane: typeof PLANES[number], { request, answer }: IdleKind, count: number): Promise<Cost> {
  const folder = mkdtempSync(join(tmpdir(), 'gl-'));
  const path = join(folder, 'app.sock');
  const app = net.createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.write(answer));
  });
  app.listen(path);
  const front = fork(join(import.meta.dirname, 'front.ts'), [plane, path], { execArgv: ['--expose-gc', '--conditions=graylane-source'] });
  const clients: net.Socket[] = [];
  try {
    const [{ port }] = await once(front, 'message') as [{ port: number }];
    await open(port, request, BATCH, clients);
    const before = await memory(front);
    while (clients.length < count + BATCH) await open(port, request, Math.min(BATCH, count + BATCH - clients.length), clients);
    const after = await memory(front);
    return { rssKb: (after.rss - before.rss) / count / 1024, heapKb: (after.heap - before.heap) / count / 1024 };
  } finally {
    for (const client of clients) client.destroy();
    front.kill('SIGKILL');
    app.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function open(port: number, request: string, batch: number, clients: net.Socket[]): Promise<void> {
  await Promise.all(Array.from({ length: batch }, async () => {
    const socket = net.connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(request);
    await once(socket, 'data');
    clients.push(socket);
  }));
}

async function memory(front: ChildProcess): Promise<Memory> {
  front.send('memory');
  const [answer] = await once(front, 'message') as [Memory];
  return answer;
}
