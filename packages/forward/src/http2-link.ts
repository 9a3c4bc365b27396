// The HTTP/2 sessions to one upstream: one as long as it has room for streams, more when it has not. It knows no exchange.
// HTTP/2 and TLS are loaded when the first upstream needs them: most workers never do, and each start would pay for it.

import type * as http2 from 'node:http2';
import * as net from 'node:net';
import type * as tls from 'node:tls';
import type { Address } from './upstream.ts';

export interface LinkBounds {
  readonly connectLocalMs: number;
  readonly connectRemoteMs: number;
}

/** More sessions than this to one upstream would be a second pool; beyond it streams wait in the fullest order that Node has. */
const SESSIONS_LIMIT = 16;
/** Before an upstream has said how many streams it takes (RFC 9113 §6.5.2 advises at least so many). */
const STREAMS_UNTOLD = 100;
/** Lines of an answer's head and of its trailers; the bytes that Node allows them, 64 KiB, hold no more than that. Node's own bound is 128. */
const ANSWER_LINES = 2_000;

interface Session {
  readonly http2: http2.ClientHttp2Session;
  streams: number;
}

export class Http2Link {
  readonly #address: Address;
  readonly #bounds: LinkBounds;
  readonly #sessions: Session[] = [];

  constructor(address: Address, bounds: LinkBounds) {
    this.#address = address;
    this.#bounds = bounds;
  }

  get isOpen(): boolean {
    return this.#sessions.length > 0;
  }

  /** Opens a stream. Throws what Node throws on headers that HTTP/2 forbids. */
  request(headers: http2.OutgoingHttpHeaders, endStream: boolean): http2.ClientHttp2Stream {
    const session = this.#sessions.find(hasRoom) ?? (this.#sessions.length < SESSIONS_LIMIT ? this.#open() : this.#leastLoaded());
    const stream = session.http2.request(headers, { endStream, waitForTrailers: !endStream });
    session.streams++;
    stream.once('close', () => session.streams--);
    return stream;
  }

  /** Lets its streams end and takes no new ones. */
  close(): void {
    for (const { http2 } of this.#sessions) http2.close();
  }

  destroy(): void {
    for (const { http2 } of [...this.#sessions]) http2.destroy();
  }

  #leastLoaded(): Session {
    const usable = this.#sessions.filter(({ http2 }) => !http2.closed && !http2.destroyed);
    return usable.reduce((best, one) => one.streams < best.streams ? one : best, usable[0] ?? this.#open());
  }

  #open(): Session {
    const session = process.getBuiltinModule('node:http2').connect('http://localhost', {
      // A pushed stream has no request that was routed here.
      settings: { enablePush: false },
      maxHeaderListPairs: ANSWER_LINES,
      // What a line may hold is between the app and its client.
      strictFieldWhitespaceValidation: false,
      createConnection: () => connectPlain(this.#address),
    });
    const opened: Session = { http2: session, streams: 0 };
    const { connectLocalMs, connectRemoteMs } = this.#bounds;
    const timer = setTimeout(() => session.destroy(timedOut()), 'path' in this.#address ? connectLocalMs : connectRemoteMs);
    timer.unref();
    session.once('connect', (_session, socket) => {
      clearTimeout(timer);
      if ('alpnProtocol' in socket && socket.alpnProtocol !== 'h2') session.destroy(refused('the upstream does not speak HTTP/2'));
    });
    // Each stream hears of it by itself.
    session.on('error', () => undefined);
    const forget = (): void => {
      clearTimeout(timer);
      const at = this.#sessions.indexOf(opened);
      if (at !== -1) this.#sessions.splice(at, 1);
    };
    session.once('close', forget);
    session.unref();
    this.#sessions.push(opened);
    return opened;
  }
}

function hasRoom({ http2, streams }: Session): boolean {
  if (http2.closed || http2.destroyed) return false;
  return streams < (http2.connecting ? STREAMS_UNTOLD : http2.remoteSettings.maxConcurrentStreams ?? STREAMS_UNTOLD);
}

function timedOut(): Error {
  return Object.assign(new Error('the upstream did not accept the connection in time'), { code: 'ETIMEDOUT' });
}

function refused(message: string): Error {
  return Object.assign(new Error(message), { code: 'ECONNREFUSED' });
}

function connectPlain(address: Address): net.Socket {
  if ('path' in address) return net.connect({ path: address.path });
  const { host, port } = address;
  if (address.tls === undefined) return net.connect({ host, port, noDelay: true });
  const options: tls.ConnectionOptions = { ...address.tls, host, port, ALPNProtocols: ['h2'] };
  return process.getBuiltinModule('node:tls').connect(options);
}
