// A client that closes its sending side may still want its answer, or may be gone: the same FIN says both. It knows no upstream.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { answerUnderWay } from './client-turn.ts';
import { tellHalfClosed } from './client-watch.ts';
import type { Clock } from './clock.ts';

/**
 * Where the app's own server decides (Node's default), a half-closed connection ends at once; only an answer that was as
 * good as there may still go out. A direct one would have been written before the FIN was read.
 */
const GRACE_MS = 80;

/**
 * When to ask a half-closed client whether it is there. A `100 Continue` is the one thing that every client may be sent
 * and must ignore; to a closed socket the system answers with a reset, which the next write shows.
 */
const PROBES_AT_MS: readonly number[] = [20, 60, 500, 5_000];
const PROBE = 'HTTP/1.1 100 Continue\r\n\r\n';

/** A half-closed client whose answer has stood still for so long. */
const SILENCE_MS = 60;

type HalfOpenServer = Server & { readonly httpAllowHalfOpen?: boolean };

/** Waits as long as is right for this server, then calls `gone`. Returns what ends the wait. */
export function awaitHalfClosed(req: IncomingMessage, res: ServerResponse, clock: Clock, gone: () => void): () => void {
  const { socket } = req;
  const { server } = socket as Socket & { readonly server?: HalfOpenServer };
  if (server?.httpAllowHalfOpen === true) return req.httpVersion === '1.0' ? () => undefined : probe(socket, res, clock);
  keepOpen(socket);
  endBehind(socket, res);
  return clock.after(GRACE_MS, gone);
}

/**
 * For an answer that has begun nothing can be asked: while it flows, a closed client shows by itself; once it is silent
 * nobody is taken to be there. Returns what ends the watch.
 */
export function awaitSilence(req: IncomingMessage, clock: Clock, wroteAt: () => number, gone: () => void): () => void {
  const { server } = req.socket as Socket & { readonly server?: HalfOpenServer };
  if (server?.httpAllowHalfOpen !== true) return () => undefined;
  return clock.every(SILENCE_MS / 2, () => {
    if (clock.now() - wroteAt() >= SILENCE_MS) gone();
  });
}

const lastOnes = new WeakSet<ServerResponse>();

/** Ends the connection behind this answer and those that are behind it in the pipeline: they are as good as there, too. */
function endBehind(socket: Socket, res: ServerResponse): void {
  if (lastOnes.has(res)) return;
  lastOnes.add(res);
  res.once('finish', () => {
    // By now Node has begun with the next one.
    const next = answerUnderWay(socket);
    if (next === null) {
      socket.destroySoon();
      return;
    }
    tellHalfClosed(next);
    endBehind(socket, next);
  });
}

/** Node's listener for 'end' is about to call `socket.end()`; it does nothing this once. */
function keepOpen(socket: Socket): void {
  // A TLS socket would end by itself.
  socket.allowHalfOpen = true;
  Object.defineProperty(socket, 'end', { value: () => socket, configurable: true });
  process.nextTick(() => Reflect.deleteProperty(socket, 'end'));
}

function probe(socket: Socket, res: ServerResponse, clock: Clock): () => void {
  const cancels = PROBES_AT_MS.map((ms) => clock.after(ms, () => {
    if (!res.headersSent && !socket.destroyed) socket.write(PROBE, 'latin1');
  }));
  return () => {
    for (const cancel of cancels) cancel();
  };
}
