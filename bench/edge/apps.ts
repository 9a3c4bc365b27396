// The two apps behind the gateways of the table, and the mirror that never answers. They know no gateway.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import * as http from 'node:http';
import * as http2 from 'node:http2';
import * as net from 'node:net';
import type { AddressInfo } from 'node:net';
import type { Seen } from './probes.ts';

export interface Apps {
  readonly app: number;
  readonly http2App: number;
  readonly silent: number;
  readonly seen: Seen;
  readonly close: () => void;
}

/** RFC 6455 §1.3. */
const WEBSOCKET_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

export async function startApps(): Promise<Apps> {
  const seen: Seen = { healthChecks: 0, lastForwardedFor: '' };
  const one = http.createServer((req, res) => {
    if (req.url === '/healthz') seen.healthChecks += 1;
    else seen.lastForwardedFor = String(req.headers['x-forwarded-for'] ?? '');
    req.resume();
    res.setHeader('Content-Length', 3);
    res.end('one');
  });
  one.on('upgrade', (req, socket) => {
    const accept = createHash('sha1').update(String(req.headers['sec-websocket-key']) + WEBSOCKET_GUID).digest('base64');
    socket.on('error', () => undefined).on('end', () => socket.end());
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
  });
  const two = http2.createServer();
  two.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    if (headers['content-type'] !== 'application/grpc') {
      stream.respond({ ':status': 200 });
      stream.end('two');
      return;
    }
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.resume().on('end', () => stream.end(Buffer.alloc(5)));
  });
  const held = new Set<net.Socket>();
  const silent = net.createServer((socket) => void held.add(socket.on('error', () => undefined).resume()));
  const servers = [one, two, silent];
  const ports = await Promise.all(servers.map(async (server) => {
    server.on('connection', (socket: net.Socket) => {
      held.add(socket);
      socket.once('close', () => held.delete(socket));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  }));
  const [app = 0, http2App = 0, silentPort = 0] = ports;
  const close = (): void => {
    for (const server of servers) server.close();
    for (const socket of held) socket.destroy();
  };
  return { app, http2App, silent: silentPort, seen, close };
}
