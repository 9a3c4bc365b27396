// Finds the servers that a suite's tests open on a port, whatever opens them. It knows not what becomes of them.

import type { Server } from 'node:net';
import { watchListen, type ListenOptions } from '../../packages/agent/src/listen-hook.ts';
import { protocolOf } from '../../packages/agent/src/server-kind.ts';
import { readWish } from '../../packages/agent/src/wish.ts';

/** Calls `opened` as each begins to listen, but for those that speak no HTTP. */
export function eachServer(opened: (server: Server) => void): void {
  const wanted = new WeakSet<Server>();
  watchListen({
    asked: (server: Server, options: ListenOptions) => {
      if (readWish(options) !== null && protocolOf(server) !== 'tcp') wanted.add(server);
    },
    listening: (server: Server) => {
      if (wanted.delete(server)) opened(server);
    },
    failed: (server: Server) => void wanted.delete(server),
  });
}
