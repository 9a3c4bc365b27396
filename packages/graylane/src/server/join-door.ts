// Lets data planes in: who presents a token that may join, or a certificate of the fleet's authority, becomes a connection.
// It must not know what is said on it.

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { JOIN_PATH, JOIN_PROTOCOL, NODES_LIMIT, type NodeIdentity, type TokenHolder, type Upgrades } from '@graylane/control';

export interface DoorOptions {
  readonly holder: (token: string) => Promise<TokenHolder | null>;
  readonly attach: (socket: Duplex, head: Uint8Array, identity: NodeIdentity) => void;
}

export function joinDoor(options: DoorOptions): Upgrades {
  return {
    limit: NODES_LIMIT,
    upgrade: (request, socket, head) => {
      // A peer that goes in the middle of it is nobody's fault.
      socket.on('error', () => socket.destroy());
      void admit(options, request, socket, head).catch(() => refuse(socket, 503, 'the store does not answer'));
    },
  };
}

async function admit({ holder, attach }: DoorOptions, request: IncomingMessage, socket: Duplex, head: Uint8Array): Promise<void> {
  if (request.url !== JOIN_PATH || request.headers.upgrade?.toLowerCase() !== JOIN_PROTOCOL) {
    refuse(socket, 404, 'there is nothing at this address');
    return;
  }
  const identity = certified(socket) ?? await tokened(holder, request);
  if (identity === null) {
    refuse(socket, 401, 'this needs a token or a certificate');
    return;
  }
  if (identity === 'scope') {
    refuse(socket, 403, 'the token may not join: it needs the scope node');
    return;
  }
  if (socket.destroyed) return;
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${JOIN_PROTOCOL}\r\n\r\n`);
  attach(socket, head, identity);
}

/** A certificate that the authority has signed names the machine. Null when there is none, or it is of somebody else. */
function certified(socket: Duplex): NodeIdentity | null {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return null;
  const certificate = socket.getPeerCertificate();
  const name = certificate.subject.CN;
  if (typeof name !== 'string') return null;
  const until = Date.parse(certificate.valid_to);
  return { holder: `certificate ${name}`, name, stillHolds: () => Promise.resolve(Date.now() < until) };
}

async function tokened(holder: DoorOptions['holder'], request: IncomingMessage): Promise<NodeIdentity | 'scope' | null> {
  const token = /^Bearer ([\x21-\x7e]{1,512})$/i.exec(request.headers.authorization ?? '')?.[1];
  const found = token === undefined ? null : await holder(token);
  if (token === undefined || found === null) return null;
  if (found.scope !== 'node' && found.scope !== 'admin') return 'scope';
  // Names may be given twice; who holds one token is not who holds the other.
  return { holder: `token ${found.name} ${/^gl_([0-9a-f]+)_/.exec(token)?.[1] ?? ''}`.trimEnd(), name: null, stillHolds: async () => (await holder(token)) !== null };
}

const PHRASES: Readonly<Record<number, string>> = { 401: 'Unauthorized', 403: 'Forbidden', 404: 'Not Found', 503: 'Service Unavailable' };

/** For the answer to arrive, and for the other side to close. */
const REFUSED_LIMIT_MS = 1_000;

function refuse(socket: Duplex, status: number, why: string): void {
  const body = `${why}\n`;
  // HTTP's own limits no longer hold for it: whoever keeps his side open must not keep ours.
  const late = setTimeout(() => socket.destroy(), REFUSED_LIMIT_MS);
  socket.once('close', () => clearTimeout(late));
  socket.end(`HTTP/1.1 ${status} ${PHRASES[status] ?? 'Refused'}\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`);
}
