// The open connections of one app server, to count what is in flight and to end them in order. With HTTP/1 it costs
// something per connection and nothing per request.

import { ServerResponse } from 'node:http';
import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { responseOf } from './internals.ts';
import { linkOf } from './linked-socket.ts';

/** What is left of closed ones is swept when there are as many as open ones, and a few more. */
const CLOSED_SOCKETS = 64;

export class Connections {
  /** Not held: one whose client left in the middle keeps its request, and with it whatever the app has there. */
  readonly #sockets = new Set<WeakRef<Socket>>();
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #tunnels = new WeakSet<Socket>();
  #streams = 0;
  #crowded = CLOSED_SOCKETS;

  /** Without a listener: apps count and list those of their sockets. */
  add(socket: Socket): void {
    if (this.#sockets.size >= this.#crowded) this.#crowded = 2 * this.#open().length + CLOSED_SOCKETS;
    this.#sockets.add(new WeakRef(socket));
  }

  #open(): Socket[] {
    const open: Socket[] = [];
    for (const reference of this.#sockets) {
      const socket = reference.deref();
      if (socket === undefined || socket.destroyed) this.#sockets.delete(reference);
      else open.push(socket);
    }
    return open;
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
    return this.#streams + this.#open().filter((socket) => this.#tunnels.has(socket) || responseOf(socket) !== null).length;
  }

  /**
   * From now on each client's connection ends with its response. Another agent's connection stays: the `Connection`
   * line of a forwarded response is the client's, and that client may go on.
   */
  lastResponses(): void {
    for (const socket of this.#open()) {
      const response = responseOf(socket);
      if (response instanceof ServerResponse && !response.headersSent && linkOf(socket) === undefined) response.shouldKeepAlive = false;
    }
    for (const session of this.#sessions) if (!session.closed) session.close();
  }

  /** Ends what carries nothing: first a FIN, so that a client reads all that was sent. */
  closeIdle(): void {
    for (const socket of this.#open()) {
      if (responseOf(socket) === null && !this.#tunnels.has(socket)) socket.end(() => socket.destroy());
    }
  }
}
