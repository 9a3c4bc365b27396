// Opens the API on a Unix socket or a TCP address, with every limit that a server needs. It must not know what is served.

import { chmodSync, mkdirSync, unlinkSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { dirname } from 'node:path';
import type { IncomingMessage, Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { createAdaptorServer } from '@hono/node-server';
import { ControlError } from '../problem.ts';
import type { ApiApp } from './app.ts';

export interface Listening {
  /** The TCP port, or 0 on a Unix socket. */
  readonly port: number;
  /** Ends open streams too. */
  close(): Promise<void>;
}

/** A few people, dashboards and scrapers; a flood waits in the kernel and costs us nothing. */
const CONNECTIONS_LIMIT = 512;
/** Linux takes 107 bytes of path for a Unix socket. */
const PATH_LIMIT_BYTES = 107;

/** Mode 0600: whoever may open the file may do everything. A socket that nobody answers on any more is replaced. */
export async function listenOnSocket(app: ApiApp, path: string): Promise<Listening> {
  if (Buffer.byteLength(path) > PATH_LIMIT_BYTES) throw new ControlError('GL3012', { detail: `the path of the control socket has more than ${PATH_LIMIT_BYTES} bytes: ${path}`, fix: 'choose a shorter folder' });
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  if (await isAnswered(path)) throw new ControlError('GL3009', { detail: `a control plane answers on ${path} already`, fix: 'stop that one first: graylane down' });
  removeIfThere(path);
  const server = serverOf(app);
  const close = closing(server);
  // A file that is readable for a moment is readable: nobody else may enter before the mode is set.
  const mask = process.umask(0o177);
  try {
    await listening(server, () => server.listen(path));
  } finally {
    process.umask(mask);
  }
  chmodSync(path, 0o600);
  return { port: 0, close };
}

export interface TlsFiles {
  /** PEM, the leaf first. */
  readonly cert: string;
  readonly key: string;
  /** Who signs certificates of clients; who has one is let in by it, who has none needs a token. */
  readonly clientCa?: string;
}

/** Connections that become something else than HTTP after their first request. */
export interface Upgrades {
  /** How many more connections than the API's own there may be. */
  readonly limit: number;
  upgrade(request: IncomingMessage, socket: Duplex, head: Uint8Array): void;
}

/** Without TLS on loopback only: a token that travels unencrypted is everybody's. Rejects with what the system says of the port. */
export async function listenOnTcp(app: ApiApp, host: string, port: number, tls: TlsFiles | null = null, upgrades: Upgrades | null = null): Promise<Listening> {
  if (tls === null && !isLoopback(host)) throw new ControlError('GL3017', { detail: `the API is not opened on ${host}: tokens would travel unencrypted`, fix: 'use 127.0.0.1, or give a certificate and its key' });
  const server = serverOf(app, tls);
  const close = closing(server);
  if (upgrades !== null) {
    server.maxConnections = CONNECTIONS_LIMIT + upgrades.limit;
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Uint8Array) => upgrades.upgrade(request, socket, head));
  }
  await listening(server, () => server.listen(port, host));
  const address = server.address();
  return { port: typeof address === 'object' && address !== null ? address.port : port, close };
}

export function isLoopback(host: string): boolean {
  return LOOPBACK.has(host);
}

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '::1', 'localhost']);

const LIMITS = { headersTimeout: 5_000, requestTimeout: 60_000, keepAliveTimeout: 5_000, connectionsCheckingInterval: 1_000, maxHeaderSize: 16_384 } as const;

function serverOf(app: ApiApp, tls: TlsFiles | null = null): Server {
  const fetch = (request: Request): Response | Promise<Response> => app.fetch(request);
  const server = (tls === null
    ? createAdaptorServer({ fetch, serverOptions: LIMITS })
    : createAdaptorServer({ fetch, createServer: createTlsServer, serverOptions: { ...LIMITS, handshakeTimeout: LIMITS.headersTimeout, cert: tls.cert, key: tls.key, minVersion: 'TLSv1.2', ...(tls.clientCa === undefined ? {} : { ca: tls.clientCa, requestCert: true, rejectUnauthorized: false }) } })) as Server;
  server.maxConnections = CONNECTIONS_LIMIT;
  server.maxHeadersCount = 64;
  return server;
}

function listening(server: Server, listen: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', () => {
      server.off('error', reject);
      resolve();
    });
    listen();
  });
}

/** Ends whatever is connected: watches, handshakes that were never finished and upgraded connections do not end by themselves. */
function closing(server: Server): () => Promise<void> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return () => new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of sockets) socket.destroy();
  });
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}
