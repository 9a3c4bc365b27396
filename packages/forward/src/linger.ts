// Closes a client's connection so that the answer before it survives: a socket closed with unread bytes in it is reset, and
// the reset may overtake the answer (RFC 9112 §9.6). It knows no upstream.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** Long enough for the answer to cross any network, short enough not to matter. */
const LINGER_MS = 1_000;

const closing = new WeakSet<Duplex>();

/** Whether the connection takes no more requests; what still comes on it is to be ignored. */
export function isClosing(socket: Duplex): boolean {
  return closing.has(socket);
}

/** To be called before `res.end`, once its head says `Connection: close`: reads on and throws away until the client closes, too. */
export function closeGently(req: IncomingMessage, res: ServerResponse): void {
  const { socket } = req;
  closing.add(socket);
  // Node would destroy the socket as soon as the answer is written.
  (res as unknown as { _last: boolean })._last = false;
  req.resume();
  res.once('finish', () => endGently(socket));
}

/** Ends the writing side now and the socket soon. */
export function endGently(socket: Duplex): void {
  closing.add(socket);
  if (socket.destroyed) return;
  socket.end();
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  timer.unref();
  socket.once('end', () => socket.destroy());
  socket.once('close', () => clearTimeout(timer));
}
