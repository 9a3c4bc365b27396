// Tells an exchange when its client leaves or half-closes. One listener per connection and none of its own per exchange: this is the hot path.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Failure } from './failure.ts';

/** Who has to do with the answer that the client waits for. */
export interface ClientListener {
  /** The upstream has not said its last byte. */
  readonly isUnderWay: boolean;
  /** The client's connection or the answer is over; also called after a good end. `what`: what it sent is no request, and it is told so. */
  clientClosed(what?: Failure): void;
  /** The client sends nothing more; it may or may not wait for its answer. */
  clientHalfClosed(): void;
}

/** By name: the agent asks for it from a file of its own. */
const LISTENER: unique symbol = Symbol.for('graylane.client');
const watched = new WeakSet<Socket>();

type Watched = ServerResponse & { [LISTENER]?: ClientListener };

export function watchClient(req: IncomingMessage, res: ServerResponse, listener: ClientListener): void {
  (res as Watched)[LISTENER] = listener;
  res.on('close', onAnswerClosed);
  const { socket } = req;
  // An answer behind others in the pipeline hears nothing of its socket's end on older Nodes; its request does.
  if (res.socket === null) {
    req.once('close', () => {
      if (socket.destroyed) listener.clientClosed();
    });
  }
  if (watched.has(socket)) return;
  watched.add(socket);
  // Before Node's own listener, which would end the connection.
  socket.prependListener('end', onHalfClosed);
}

/** Whether another process is answering. */
export function isForwarded(answer: object): boolean {
  const watched: Pick<Watched, typeof LISTENER> = answer;
  return watched[LISTENER]?.isUnderWay === true;
}

/** For a request whose body cannot be read. False when nobody waits for its answer. */
export function refuseRest(res: ServerResponse, what: Failure): boolean {
  const listener = (res as Watched)[LISTENER];
  listener?.clientClosed(what);
  return listener !== undefined;
}

/** That the client of this answer has half-closed, while there is something to do about it. */
export function tellHalfClosed(res: ServerResponse): void {
  if (!res.writableEnded) (res as Watched)[LISTENER]?.clientHalfClosed();
}

function onAnswerClosed(this: Watched): void {
  this[LISTENER]?.clientClosed();
}

function onHalfClosed(this: Socket & { _httpMessage?: Watched | null }): void {
  const current = this._httpMessage;
  if (current !== undefined && current !== null) tellHalfClosed(current);
}
