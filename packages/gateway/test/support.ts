// What the gateway's tests share: apps with a name, strategies from documents, and requests as text.

import * as http from 'node:http';
import * as net from 'node:net';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { compile, parseStrategy } from '@graylane/rules';
import type { Upstream } from '@graylane/forward';
import type { StrategyMessage } from '@graylane/wire';

export function strategy(generation: number, document: unknown): StrategyMessage {
  const parsed = parseStrategy(document);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return { kind: 'strategy', generation, snapshot: compile(parsed.strategy) };
}

/** An app that answers with its name and what it was asked, on a Unix socket of its own. */
export async function startApp(t: TestContext, name: string, headers: Readonly<Record<string, string>> = {}): Promise<{ readonly upstream: Upstream; readonly server: http.Server }> {
  const folder = mkdtempSync(join(tmpdir(), 'gl-'));
  const server = http.createServer((req, res) => {
    res.writeHead(200, headers);
    res.end(JSON.stringify({ name, url: req.url, headers: req.rawHeaders }));
  });
  const path = join(folder, 'app.sock');
  server.listen(path);
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
    rmSync(folder, { recursive: true, force: true });
  });
  return { upstream: { key: path, address: { path } }, server };
}

export interface Reply {
  readonly status: number;
  readonly head: string;
  /** The app's own words. */
  readonly seen: { readonly name: string; readonly url: string; readonly headers: readonly string[] } | null;
}

/** One request over a connection of its own. */
export async function ask(address: AddressInfo, lines: string, target: string = '/'): Promise<Reply> {
  const socket = net.connect(address.port, '127.0.0.1');
  socket.write(`GET ${target} HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n${lines}\r\n`, 'latin1');
  let text = '';
  socket.on('data', (chunk) => text += chunk.toString('latin1'));
  await once(socket, 'close');
  const [head = '', body = ''] = text.split('\r\n\r\n');
  const json = /\{.*\}/s.exec(body)?.[0];
  return { status: Number(head.slice(9, 12)), head, seen: json === undefined ? null : JSON.parse(json) as Reply['seen'] };
}

/** All values of a field that the app saw. */
export function seenValues(reply: Reply, name: string): string[] {
  const headers = reply.seen?.headers ?? [];
  return headers.filter((_, i) => i % 2 === 1 && headers[i - 1]?.toLowerCase() === name);
}
