// What a gateway does, found out by asking it: each probe is true when the thing worked, and false when it did not, whatever the reason.

import { once } from 'node:events';
import * as http from 'node:http';
import * as http2 from 'node:http2';
import * as net from 'node:net';
import * as tls from 'node:tls';
import { APART } from './rivals.ts';
import type { Doors, Rival } from './rivals.ts';

/** What the apps of a contestant have seen. */
export interface Seen {
  healthChecks: number;
  lastForwardedFor: string;
}

export interface Asked {
  readonly rival: Rival;
  readonly doors: Doors;
  readonly seen: Seen;
}

const PROBES = {
  'HTTP/2 by ALPN': ({ doors }: Asked) => onHttp2(secured(doors.tls), async (session) => (await answer(session.request({ ':authority': 'site.test' }))).status === 200),
  'HTTP/2 by prior knowledge': ({ doors, rival }: Asked) => onHttp2(plain(APART.has(rival) ? doors.h2c : doors.plain), async (session) => (await answer(session.request({ ':authority': 'a' }))).status === 200),
  'an HTTP/2 upstream': ({ doors }: Asked) => onHttp2(secured(doors.tls), async (session) => (await answer(session.request({ ':authority': 'h2.test' }))).text === 'two'),
  'gRPC with its trailers': ({ doors }: Asked) => onHttp2(secured(doors.tls), async (session) => {
    const stream = session.request({ ':method': 'POST', ':authority': 'h2.test', ':path': '/a.B/C', 'content-type': 'application/grpc', te: 'trailers' });
    stream.end(Buffer.alloc(5));
    return (await answer(stream)).trailers['grpc-status'] === '0';
  }),
  'a WebSocket over HTTP/1.1': ({ doors }: Asked) => upgraded(doors.plain),
  'a WebSocket on an HTTP/2 stream': ({ doors, rival }: Asked) => onHttp2(plain(APART.has(rival) ? doors.h2c : doors.plain), async (session) => {
    if (session.remoteSettings.enableConnectProtocol !== true) return false;
    return (await headOf(session.request({ ':method': 'CONNECT', ':protocol': 'websocket', ':scheme': 'http', ':authority': 'a', ':path': '/', 'sec-websocket-version': '13' }, { endStream: false }))) === 200;
  }),
  'PROXY headers, both versions': async ({ doors, seen }: Asked) => await proxied(doors.proxied, seen, Buffer.from('PROXY TCP4 203.0.113.9 192.0.2.1 1234 80\r\n'), '203.0.113.9')
    && await proxied(doors.proxied, seen, Buffer.concat([Buffer.from('0d0a0d0a000d0a515549540a2111000c', 'hex'), Buffer.from([203, 0, 113, 8, 192, 0, 2, 1, 4, 210, 0, 80])]), '203.0.113.8'),
  'active health checks': async ({ seen }: Asked) => await within(3_000, () => seen.healthChecks > 1),
  'a mirror that never answers holds nobody up': ({ doors }: Asked) => twice(doors.mirrored),
} as const;

export type Probe = keyof typeof PROBES;

/** Longer than anything that works takes. */
const LIMIT_MS = 4_000;

export async function probe(name: Probe, asked: Asked): Promise<boolean> {
  const late = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), LIMIT_MS).unref());
  return await Promise.race([PROBES[name](asked).catch(() => false), late]);
}

function plain(port: number): () => net.Socket {
  return () => net.connect(port, '127.0.0.1');
}

function secured(port: number): () => net.Socket {
  return () => tls.connect({ port, host: '127.0.0.1', servername: 'site.test', rejectUnauthorized: false, ALPNProtocols: ['h2'] });
}

async function onHttp2(connect: () => net.Socket, use: (session: http2.ClientHttp2Session) => Promise<boolean>): Promise<boolean> {
  const session = http2.connect('http://a', { createConnection: connect });
  try {
    await once(session, 'remoteSettings');
    return await use(session);
  } finally {
    session.on('error', () => undefined);
    session.destroy();
  }
}

async function headOf(stream: http2.ClientHttp2Stream): Promise<number> {
  const [headers] = await once(stream, 'response') as [http2.IncomingHttpHeaders];
  return Number(headers[':status']);
}

async function answer(stream: http2.ClientHttp2Stream): Promise<{ readonly status: number; readonly text: string; readonly trailers: http2.IncomingHttpHeaders }> {
  let trailers: http2.IncomingHttpHeaders = {};
  let text = '';
  stream.on('trailers', (found: http2.IncomingHttpHeaders) => trailers = found);
  stream.on('data', (chunk: Buffer) => text += chunk.toString());
  const status = await headOf(stream);
  if (!stream.closed) await once(stream, 'close');
  return { status, text, trailers };
}

async function upgraded(port: number): Promise<boolean> {
  const request = http.get({ port, host: '127.0.0.1', headers: { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': Buffer.alloc(16).toString('base64') } });
  const switched = new Promise<boolean>((resolve) => {
    request.once('upgrade', (_response, socket) => {
      socket.destroy();
      resolve(true);
    });
    request.once('response', () => resolve(false)).once('error', () => resolve(false));
  });
  const worked = await switched;
  request.destroy();
  return worked;
}

async function proxied(port: number, seen: Seen, header: Buffer, client: string): Promise<boolean> {
  seen.lastForwardedFor = '';
  const socket = net.connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    socket.write(Buffer.concat([header, Buffer.from('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')]));
    const [data] = await once(socket, 'data') as [Buffer];
    return data.toString().startsWith('HTTP/1.1 200') && seen.lastForwardedFor === client;
  } finally {
    socket.destroy();
  }
}

/** Two requests over one connection, each answered at once. */
async function twice(port: number): Promise<boolean> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  try {
    for (let i = 0; i < 2; i++) {
      const started = performance.now();
      const [response] = await once(http.get({ port, host: '127.0.0.1', agent }), 'response') as [http.IncomingMessage];
      response.resume();
      await once(response, 'end');
      if (response.statusCode !== 200 || performance.now() - started > 1_000) return false;
    }
    return true;
  } finally {
    agent.destroy();
  }
}

async function within(ms: number, holds: () => boolean): Promise<boolean> {
  for (const end = Date.now() + ms; Date.now() < end;) {
    if (holds()) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return false;
}
