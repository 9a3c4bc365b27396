// Accepts on an inherited public socket in place of an app's server that started behind its predecessor (`hold`).

import { createServer, type Server } from 'node:net';
import { adoptSocket, connectionCount, socketOptions } from './internals.ts';

/** Opens the socket; errors go to `failed`, for the app was told long ago that it listens. */
export function openHeld(server: Server, fd: number, failed: (error: Error) => void): Server {
  const held = createServer(socketOptions(server), (socket) => {
    if (isFull(server)) {
      socket.destroy();
      return;
    }
    adoptSocket(server, socket);
    server.emit('connection', socket);
  });
  held.on('error', failed);
  held.listen({ fd });
  return held;
}

function isFull(server: Server): boolean {
  const limit: unknown = server.maxConnections;
  return typeof limit === 'number' && connectionCount(server) >= limit;
}
