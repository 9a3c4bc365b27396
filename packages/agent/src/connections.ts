// The open connections of one app server, to count what is in flight and to end them in order. With HTTP/1 it costs
// something per connection and nothing per request.

import { ServerResponse } from 'node:http';
import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { responseOf } from './internals.ts';
import { linkOf } from './linked-socket.ts';

/** Closed sockets are let go when there are as many as open ones, and a few more. */
const CLOSED_SOCKETS = 64;

export class Connections {
  readonly #sockets = new Set<Socket>();
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #tunnels = new Set<Socket>();
  #streams = 0;
  #crowded = CLOSED_SOCKETS;

  /** Without a listener: apps count and list those of their sockets. */
  add(socket: Socket): void {
    if (this.#sockets.size >= this.#crowded) {
      this.#forgetClosed();
      this.#crowded = 2 * this.#sockets.size + CLOSED_SOCKETS;
    }
    this.#sockets.add(socket);
  }

  #forgetClosed(): void {
    for (const sockets of [this.#sockets, this.#tunnels]) for (const socket of sockets) if (socket.destroyed) sockets.delete(socket);
  }

  get sessions(): number {
    return this.#sessions.size;
  }

  addSession(session: ServerHttp2Session): void {
    this.#sessions.add(session);
    session.once('close', () => this.#sessions.delete(session));
  }

  addStream(stream: ServerHttp2Stream): void {
    this.#streams += 1;
    stream.once('close', () => {
      this.#streams -= 1;
    });
  }

  /** An upgraded connection is in flight until it closes. */
  addTunnel(socket: Socket): void {
    this.#tunnels.add(socket);
  }

  /** Exchanges and tunnels that are being served. */
  get inFlight(): number {
    this.#forgetClosed();
    let count = this.#tunnels.size + this.#streams;
    for (const socket of this.#sockets) if (responseOf(socket) !== null) count += 1;
    return count;
  }

  /**
   * From now on each client's connection ends with its response. Another agent's connection stays: the `Connection`
   * line of a forwarded response is the client's, and that client may go on.
   */
  lastResponses(): void {
    for (const socket of this.#sockets) {
      const response = responseOf(socket);
      if (response instanceof ServerResponse && !response.headersSent && linkOf(socket) === undefined) response.shouldKeepAlive = false;
    }
    for (const session of this.#sessions) if (!session.closed) session.close();
  }

  /** Ends what carries nothing: first a FIN, so that a client reads all that was sent. */
  closeIdle(): void {
    for (const socket of this.#sockets) {
      if (responseOf(socket) === null && !this.#tunnels.has(socket)) socket.end(() => socket.destroy());
    }
  }
}
