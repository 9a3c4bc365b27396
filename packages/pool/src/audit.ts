// The last look at a fresh worker that has no public slot: does any process of its tree listen where clients could reach it,
// and can a request be handed to it at all?

import type { ListenerReport } from '@graylane/wire';

import { StartFailure } from './failure.ts';
import { isLoopback, listeningSockets, socketsOf } from './os/listening.ts';
import type { ListeningSocket } from './os/listening.ts';
import { processTree } from './os/processes.ts';
import type { Place } from './spec.ts';

export interface PublicListener { readonly pid: number; readonly address: string; readonly port: number }

/** Sockets of the tree that accept from other machines, or that stand on one of the service's own ports. */
export function publicListeners(root: number, places: readonly Place[]): readonly PublicListener[] {
  const exposed = new Map<string, ListeningSocket>();
  for (const socket of listeningSockets()) {
    if (!isLoopback(socket.address) || places.some((place) => place.port === socket.port)) exposed.set(socket.inode, socket);
  }
  if (exposed.size === 0) return [];
  const found: PublicListener[] = [];
  for (const pid of processTree(root)) {
    for (const inode of socketsOf(pid)) {
      const socket = exposed.get(inode);
      if (socket !== undefined) found.push({ pid, address: socket.address, port: socket.port });
    }
  }
  return found;
}

/** Throws `listens-publicly`. */
export function refusePublicListeners(worker: string, root: number, places: readonly Place[]): void {
  const first = publicListeners(root, places)[0];
  if (first === undefined) return;
  throw new StartFailure({
    reason: 'listens-publicly',
    message: `${worker} may have private sockets only, but its process ${first.pid} listens on ${first.address}:${first.port}`,
    cure: 'let the app open its servers in its main process with Node\'s own listen(), or have the helper process listen on loopback or a Unix socket',
  });
}

/** Throws `unroutable` when all that it has opened are plain TCP servers: nothing there takes a request, and nobody would ever hear of it. */
export function refuseRawServers(worker: string, listeners: readonly ListenerReport[]): void {
  const [first] = listeners;
  if (first === undefined || listeners.some(({ protocol }) => protocol !== 'tcp')) return;
  throw new StartFailure({
    reason: 'unroutable',
    message: `${worker} cannot be routed: it opened port ${first.port} as a plain TCP server, to which no request can be handed`,
    cure: 'let its HTTP server listen() itself instead of giving it connections (emit(\'connection\')), or run the service with --plane gateway',
  });
}
