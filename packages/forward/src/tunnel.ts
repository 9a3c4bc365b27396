// An upgraded connection: bytes both ways between a client and an upstream until both directions are over. It reads none of them.

import type { ServerHttp2Stream } from 'node:http2';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TunnelEnd } from './connection-user.ts';

export interface TunnelBounds {
  readonly tunnelIdleMs: number;
  readonly tunnelLingerMs: number;
}

/** What was said before the tunnel and goes first. */
export interface Before {
  readonly toClient: Buffer;
  readonly toUpstream: Buffer;
  /** The client has said all: nothing but `toUpstream` will come from it. */
  readonly ended: boolean;
}

/** All upgraded connections of this process, ended when late. */
export class Tunnels {
  readonly #bounds: TunnelBounds;
  readonly #now: () => number;
  readonly #open = new Set<Tunnel>();

  constructor(bounds: TunnelBounds, now: () => number) {
    this.#bounds = bounds;
    this.#now = now;
  }

  /** `onClosed` is called once. */
  open(client: Duplex, upstream: TunnelEnd, before: Before, onClosed: () => void): void {
    const tunnel: Tunnel = new Tunnel(client, upstream, this.#now, () => {
      this.#open.delete(tunnel);
      onClosed();
    });
    this.#open.add(tunnel);
    tunnel.start(before);
  }

  check(now: number): void {
    const { tunnelIdleMs, tunnelLingerMs } = this.#bounds;
    for (const tunnel of this.#open) {
      const bound = tunnel.isEnding ? tunnelLingerMs : tunnelIdleMs;
      if (bound > 0 && now - tunnel.lastByteAt > bound) tunnel.destroy();
    }
  }

  destroyAll(): void {
    for (const tunnel of [...this.#open]) tunnel.destroy();
  }
}

class Tunnel {
  readonly #client: Duplex;
  readonly #upstream: TunnelEnd;
  readonly #now: () => number;
  readonly #onClosed: () => void;
  /** open → half-closed → leaving → over; leaving when one side is gone and the other has not taken all yet. */
  #state: 'open' | 'half-closed' | 'leaving' | 'over' = 'open';
  lastByteAt: number;

  constructor(client: Duplex, upstream: TunnelEnd, now: () => number, onClosed: () => void) {
    this.#client = client;
    this.#upstream = upstream;
    this.#now = now;
    this.#onClosed = onClosed;
    this.lastByteAt = now();
  }

  get isEnding(): boolean {
    return this.#state !== 'open';
  }

  start({ toClient, toUpstream, ended }: Before): void {
    const client = this.#client;
    const { socket } = this.#upstream;
    if (toClient.length > 0) client.write(toClient);
    if (toUpstream.length > 0) socket.write(toUpstream);
    this.#upstream.onBytes((bytes) => {
      this.lastByteAt = this.#now();
      if (!client.write(bytes)) socket.pause();
    });
    client.on('drain', () => socket.resume());
    client.on('data', (bytes: Buffer) => {
      this.lastByteAt = this.#now();
      if (!socket.write(bytes)) client.pause();
    });
    socket.on('drain', () => client.resume());
    client.on('end', () => this.#halfClose(() => socket.end()));
    socket.on('end', () => this.#halfClose(() => client.end()));
    client.on('close', () => this.#left(client, socket));
    socket.on('close', () => this.#left(socket, client));
    // Who has paused it before the tunnel was there waits no longer.
    if (ended) this.#halfClose(() => socket.end());
    else client.resume();
  }

  destroy(): void {
    this.#over();
    this.#client.destroy();
    this.#upstream.socket.destroy();
  }

  #halfClose(endOther: () => void): void {
    if (this.#state === 'leaving' || this.#state === 'over') return;
    this.#state = 'half-closed';
    this.lastByteAt = this.#now();
    endOther();
  }

  /** One side is gone: the other one may write out what it has, and goes the same way. */
  #left(gone: Duplex, other: Duplex): void {
    if (this.#state === 'leaving' || this.#state === 'over' || other.destroyed) {
      this.#over();
      return;
    }
    this.#state = 'leaving';
    this.lastByteAt = this.#now();
    const brokeOff = gone.errored !== null || gone.readableAborted;
    if (!brokeOff) other.end();
    const go = (): void => {
      if (brokeOff) breakOff(other);
      else other.destroy();
    };
    if (other.writableLength === 0) go();
    else if (brokeOff) other.write('', go);
    else other.once('finish', go);
  }

  #over(): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#onClosed();
  }
}

/** RFC 9113 §7. */
const CANCEL = 8;

/** What broke off must not look as if it had ended in order. A Unix socket and TLS have no reset. */
function breakOff(stream: Duplex): void {
  if (isHttp2(stream)) {
    stream.close(CANCEL);
    return;
  }
  try {
    if (stream instanceof Socket) stream.resetAndDestroy();
  } catch {
    stream.destroy();
  }
}

function isHttp2(stream: Duplex): stream is ServerHttp2Stream {
  return 'rstCode' in stream;
}
