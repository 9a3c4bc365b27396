// Sends the same bytes to an app alone and through both planes, and compares what the app read: the same messages or fewer, never others.

import * as http from 'node:http';
import * as net from 'node:net';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Forwarder } from '@graylane/forward';
import { Gateway } from '@graylane/gateway';

interface Read {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly string[];
  readonly body: string;
}

export interface Differential {
  /** Null when all is well, else what is wrong with `message`. */
  check(message: string): Promise<string | null>;
  /** Requests that the app read, alone and through each plane: a fuzz of which nothing arrives proves nothing. */
  readonly totals: { direct: number; transparent: number; proxied: number };
  close(): void;
}

const HOP = 'graylane-hop';
/** Nobody waits longer for an answer to bytes that are perhaps no request. */
const PATIENCE_MS = 300;

export async function start(): Promise<Differential> {
  const folder = mkdtempSync(join(tmpdir(), 'gl-'));
  const path = join(folder, 'app.sock');
  const seen: Read[] = [];
  const app = http.createServer((req, res) => record(req, res, seen));
  app.on('checkContinue', (req: http.IncomingMessage, res: http.ServerResponse) => {
    res.writeContinue();
    record(req, res, seen);
  });
  app.listen(path);
  const alone = http.createServer((req, res) => record(req, res, seen));
  alone.on('checkContinue', (req: http.IncomingMessage, res: http.ServerResponse) => {
    res.writeContinue();
    record(req, res, seen);
  });
  const upstreams = [{ key: 'app', address: { path } }];
  const forwarder = new Forwarder({ hop: 'transparent' });
  forwarder.setUpstreams('v2', upstreams);
  const front = http.createServer();
  for (const event of ['request', 'checkContinue'] as const) front.on(event, (req: http.IncomingMessage, res: http.ServerResponse) => forwarder.forward('v2', req, res, `${HOP}: x\r\n`));
  const gateway = new Gateway({ listen: [{ port: 0, host: '127.0.0.1' }], service: 'web', stable: 'v2', upstreams: { v2: upstreams } });
  const [address] = await gateway.listen();
  const ports = [await listen(alone), await listen(front), (address as net.AddressInfo).port] as const;
  const totals = { direct: 0, transparent: 0, proxied: 0 };
  return {
    totals,
    check: async (message) => {
      const [direct, transparent, proxied] = [await readBy(ports[0], message, seen), await readBy(ports[1], message, seen), await readBy(ports[2], message, seen)];
      totals.direct += direct.length;
      totals.transparent += transparent.length;
      totals.proxied += proxied.length;
      return compareTransparent(direct, transparent) ?? compareProxied(direct, proxied);
    },
    close: () => {
      for (const server of [app, alone, front]) {
        server.close();
        server.closeAllConnections();
      }
      forwarder.close();
      gateway.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function record(req: http.IncomingMessage, res: http.ServerResponse, seen: Read[]): void {
  const { method = '', url: target = '', rawHeaders } = req;
  let body = '';
  req.on('data', (chunk: Buffer) => body += chunk.toString('latin1'));
  req.on('end', () => {
    seen.push({ method, target, headers: [...rawHeaders], body });
    res.end('ok');
  });
}

async function listen(server: http.Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as net.AddressInfo).port;
}

/** What the app read of `message`, once the connection is over. */
async function readBy(port: number, message: string, seen: Read[]): Promise<readonly Read[]> {
  seen.length = 0;
  const socket = net.connect({ port, host: '127.0.0.1' });
  socket.on('error', () => undefined);
  socket.on('data', () => undefined);
  socket.end(message, 'latin1');
  socket.setTimeout(PATIENCE_MS, () => socket.destroy());
  await once(socket, 'close');
  return [...seen];
}

function compareTransparent(direct: readonly Read[], through: readonly Read[]): string | null {
  if (through.length > direct.length) return 'transparent: the app read more requests';
  for (const [i, read] of through.entries()) {
    const headers = read.headers.at(-2) === HOP ? read.headers.slice(0, -2) : read.headers;
    if (JSON.stringify({ ...read, headers }) !== JSON.stringify(direct[i])) return `transparent: the app read ${JSON.stringify(read)} instead of ${JSON.stringify(direct[i])}`;
  }
  return null;
}

function compareProxied(direct: readonly Read[], through: readonly Read[]): string | null {
  if (through.length > direct.length) return 'proxy: the app read more requests';
  for (const [i, read] of through.entries()) {
    const expected = direct[i]!;
    if (read.method !== expected.method || read.body !== expected.body) return `proxy: the app read ${JSON.stringify(read)} instead of ${JSON.stringify(expected)}`;
    const names = read.headers.filter((_, at) => at % 2 === 0).map((name) => name.toLowerCase().replaceAll('_', '-'));
    const framings = names.filter((name) => name === 'content-length' || name === 'transfer-encoding');
    if (framings.length > 1) return `proxy: more than one framing field: ${JSON.stringify(read)}`;
     
    if (read.headers.some((text) => /[\0\r\n]/.test(text))) return `proxy: a control octet went through: ${JSON.stringify(read)}`;
  }
  return null;
}
