// `node conformance/http/idle/main.ts [connections]`: what an idle WebSocket and an idle event stream cost the forwarding process, on both planes.

import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import * as net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const KINDS = [
  { name: 'WebSocket', request: 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n', answer: 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n', limitKb: 15 },
  { name: 'event stream', request: 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', answer: 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n8\r\ndata: 1\n\r\n', limitKb: 30 },
] as const;
const BATCH = 200;

const count = Number(process.argv[2] ?? 10_000);
for (const plane of ['in-process', 'gateway']) for (const kind of KINDS) await measure(plane, kind);

async function measure(plane: string, { name, request, answer, limitKb }: typeof KINDS[number]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'gl-'));
  const path = join(folder, 'app.sock');
  const app = net.createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.write(answer));
  });
  app.listen(path);
  const front = fork(join(import.meta.dirname, 'front.ts'), [plane, path], { execArgv: ['--expose-gc', '--conditions=graylane-source'] });
  const [{ port }] = await once(front, 'message') as [{ port: number }];
  const clients: net.Socket[] = [];
  await open(port, request, BATCH, clients);
  const before = await memory(front);
  while (clients.length < count + BATCH) await open(port, request, BATCH, clients);
  const kb = (await memory(front) - before) / count / 1024;
  console.log(`${plane}, ${count} idle ${name}s: ${kb.toFixed(1)} kB each${kb > limitKb ? `, over ${limitKb}` : ''}`);
  if (kb > limitKb) process.exitCode = 1;
  for (const client of clients) client.destroy();
  front.kill('SIGKILL');
  app.close();
  rmSync(folder, { recursive: true, force: true });
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

async function memory(front: ChildProcess): Promise<number> {
  front.send('memory');
  const [{ rss }] = await once(front, 'message') as [{ rss: number }];
  return rss;
}
