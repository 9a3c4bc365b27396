// One upstream as a group sees it: its open connections, its exchanges under way, its health. It knows no request.

import { Connection } from './connection.ts';
import type { ConnectionOwner, ConnectionUser } from './connection-user.ts';
import type { Clock } from './clock.ts';
import type { Candidate } from './pick.ts';
import type { Http2Link } from './http2-link.ts';
import { Health } from './health.ts';
import type { Limits } from './limits.ts';
import type { ReadMode } from './response-reader.ts';
import type { Address, Upstream } from './upstream.ts';

export class Endpoint implements ConnectionOwner, Candidate {
  readonly upstream: Upstream;
  readonly limits: Limits;
  readonly readMode: ReadMode;
  readonly health: Health;
  readonly #clock: Clock;
  readonly #open = new Set<Connection>();
  /** Most recently used last: the same few connections stay warm, the others grow stale and go. */
  readonly #idle: Connection[] = [];
  #link: Http2Link | null = null;
  outstanding = 0;
  /** Removed from its group: it finishes what it has. */
  draining = false;
  /** Its present share, renewed whenever the group looks for a candidate. */
  share = 1;

  constructor(upstream: Upstream, limits: Limits, readMode: ReadMode, clock: Clock, warm: boolean) {
    this.upstream = upstream;
    this.limits = limits;
    this.readMode = readMode;
    this.#clock = clock;
    this.health = new Health(limits, clock.now(), warm);
  }

  get ewmaMs(): number {
    return this.health.ewmaMs;
  }

  get connections(): number {
    return this.#open.size + (this.#link?.isOpen === true ? 1 : 0);
  }

  get idleConnections(): number {
    return this.#idle.length;
  }

  now(): number {
    return this.#clock.now();
  }

  /** A connection in use by `user`: a warm one unless `fresh`. */
  take(user: ConnectionUser, fresh: boolean): Connection {
    const now = this.#clock.now();
    for (let warm = fresh ? undefined : this.#idle.pop(); warm !== undefined; warm = this.#idle.pop()) {
      if (!warm.isStale(now)) {
        warm.use(user);
        return warm;
      }
      warm.abandon();
    }
    const connection = new Connection(this.upstream.address, this, user);
    this.#open.add(connection);
    return connection;
  }

  /** The session for streams, which it opens when one is needed. */
  http2(open: (address: Address) => Http2Link): Http2Link {
    this.#link ??= open(this.upstream.address);
    return this.#link;
  }

  idle(connection: Connection): void {
    if (this.draining || this.#idle.length >= this.limits.idleConnectionsPerUpstream) connection.abandon();
    else this.#idle.push(connection);
  }

  closed(connection: Connection): void {
    this.#open.delete(connection);
    const at = this.#idle.lastIndexOf(connection);
    if (at !== -1) this.#idle.splice(at, 1);
  }

  /** Fails what is late and closes what is stale. */
  check(now: number): void {
    for (const connection of this.#open) {
      if (connection.isStale(now)) connection.abandon();
      else connection.check(now);
    }
  }

  /** Takes nothing new; idle connections go at once. */
  drain(): void {
    this.draining = true;
    for (const connection of this.#idle.splice(0)) connection.abandon();
    this.#link?.close();
  }

  /** Ends everything; who uses a connection hears that it failed. */
  destroy(): void {
    this.drain();
    for (const connection of [...this.#open]) connection.socket.destroy();
    this.#link?.destroy();
  }
}
