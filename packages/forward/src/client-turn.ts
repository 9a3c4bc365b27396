// Whose turn it is on a client's connection: answers leave in the order of their requests (RFC 9112 §9.3.2), also those that bypass Node's.

import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** The answer that is under way on the connection, or null. */
export function answerUnderWay(socket: Duplex): ServerResponse | null {
  return (socket as Duplex & { readonly _httpMessage?: ServerResponse | null })._httpMessage ?? null;
}

/**
 * For a connection that Node has handed over ('upgrade', 'connect'): calls `task` once all answers before it are out; never
 * when the connection ends before.
 */
export function inTurn(socket: Duplex, task: () => void): void {
  // Node has stopped listening, and a client that breaks off must not end the process; what matters is its 'close'.
  socket.on('error', ignore);
  afterAnswers(socket, task);
}

function afterAnswers(socket: Duplex, task: () => void): void {
  const current = answerUnderWay(socket);
  if (current !== null) current.once('close', () => afterAnswers(socket, task));
  else if (!socket.destroyed) task();
}

function ignore(): void {
  // Somebody has to listen.
}
