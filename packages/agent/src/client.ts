// The client's side of a hop line, made once per connection and kept on its socket.

import type { Socket } from 'node:net';
import { clientText } from '@graylane/wire';
import { loadPart } from './part.ts';

const CLIENT: unique symbol = Symbol('graylane.client');

interface KnownSocket extends Socket {
  [CLIENT]?: string;
}

export function clientTextOf(socket: Socket): string {
  const known: KnownSocket = socket;
  const text = known[CLIENT];
  if (text !== undefined) return text;
  const made = describe(socket);
  // A socket that was closed meanwhile has no addresses any more: said, but not kept.
  if (socket.remoteAddress !== undefined) known[CLIENT] = made;
  return made;
}

function describe(socket: Socket): string {
  const tls = Reflect.get(socket, 'encrypted') === true ? loadPart('protocols').encodeTls(socket) : null;
  return clientText({
    remoteAddress: socket.remoteAddress ?? '',
    remotePort: socket.remotePort ?? 0,
    localAddress: socket.localAddress ?? '',
    localPort: socket.localPort ?? 0,
    encrypted: tls !== null,
    tls: tls ?? '',
  });
}
