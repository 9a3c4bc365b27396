// The HTTP/2 connections of a listener: bounds them, checks each stream, and hands on those that have a single reading. It knows no upstream.

import { performServerHandshake } from 'node:http2';
import type { ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { failure } from '@graylane/forward';
import type { Failure } from '@graylane/forward';
import { StreamClient } from '@graylane/forward/relay';
import type { Ask } from './ask.ts';
import { Http2Connection } from './http2-connection.ts';
import type { FrontLimits } from './limits.ts';
import { canonicalTarget } from './target.ts';

export interface Http2Handler {
  stream(stream: ServerHttp2Stream, ask: Ask, kind: 'request' | 'websocket'): void;
  refused(what: Failure, ask: Ask): void;
  /** Null for a request that may go on as far as its size and the process's memory are concerned. */
  overload(): Failure | null;
}

/** Megabytes that one connection may hold in this process, headers, settings and unsent data together. */
const SESSION_MEMORY_MB = 10;
/** Frames that break the protocol without ending it, and streams that were refused, before the connection ends. */
const INVALID_FRAMES = 50;
const REJECTED_STREAMS = 100;
/** Room for several streams' answers on the way of a fast client. */
const CONNECTION_WINDOW_BYTES = 1024 * 1024;
const STREAM_WINDOW_BYTES = 256 * 1024;

export class Http2Front {
  readonly #limits: FrontLimits;
  readonly #handler: Http2Handler;
  readonly #now: () => number;
  readonly #connections = new Set<Http2Connection>();
  readonly #checks: NodeJS.Timeout;
  #draining = false;

  constructor(limits: FrontLimits, handler: Http2Handler, now: () => number) {
    this.#limits = limits;
    this.#handler = handler;
    this.#now = now;
    this.#checks = setInterval(() => {
      for (const connection of [...this.#connections]) connection.check(this.#now());
    }, limits.checkMs);
    this.#checks.unref();
  }

  /** Streams under way on all connections. */
  get streams(): number {
    let count = 0;
    for (const { streams } of this.#connections) count += streams;
    return count;
  }

  /** Takes a connection whose client is known to speak HTTP/2. */
  serve(socket: Socket, secure: boolean): void {
    const session = performServerHandshake(socket, this.#options());
    session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
    const connection = new Http2Connection(session, socket, secure, this.#limits, this.#now());
    this.#connections.add(connection);
    session.once('close', () => this.#connections.delete(connection));
    // The connection is over; each stream hears of it by itself.
    session.on('error', () => undefined);
    session.on('ping', () => connection.countControl(this.#now()));
    session.on('remoteSettings', () => connection.countControl(this.#now()));
    session.on('stream', (stream, _headers, _flags, rawHeaders) => this.#stream(connection, stream, rawHeaders));
    if (this.#draining) connection.farewell();
  }

  /** Each connection is told to send no more; what it has sent is served (RFC 9113 §6.8). */
  drain(): void {
    this.#draining = true;
    for (const connection of this.#connections) connection.farewell();
  }

  /** Idle connections end in order, the others at once. */
  close(): void {
    clearInterval(this.#checks);
    for (const connection of [...this.#connections]) {
      if (connection.streams === 0) connection.leave();
      else connection.destroy();
    }
  }

  #options(): Parameters<typeof performServerHandshake>[1] {
    const { streams, headBytes, headerLines, resetBurst, resetsPerSecond } = this.#limits;
    // The types of Node lack some of them; its documentation has them.
    const options = {
      maxSessionMemory: SESSION_MEMORY_MB,
      // The pseudo fields are beside them.
      maxHeaderListPairs: headerLines + 8,
      maxSettings: 32,
      maxOutstandingPings: 10,
      maxSessionInvalidFrames: INVALID_FRAMES,
      maxSessionRejectedStreams: REJECTED_STREAMS,
      streamResetBurst: resetBurst,
      streamResetRate: resetsPerSecond,
      settings: { maxConcurrentStreams: streams, maxHeaderListSize: headBytes, initialWindowSize: STREAM_WINDOW_BYTES, enableConnectProtocol: true, enablePush: false },
    };
    return options;
  }

  #stream(connection: Http2Connection, stream: ServerHttp2Stream, rawHeaders: readonly string[]): void {
    connection.begun(stream);
    stream.on('close', () => connection.ended(stream, this.#now()));
    stream.on('error', () => undefined);
    const read = readHead(rawHeaders, connection);
    const what = this.#refusal(read);
    if (what !== null) {
      this.#handler.refused(what, read.ask);
      StreamClient.refuse(stream, read.ask.method, what);
      return;
    }
    this.#handler.stream(stream, read.ask, read.protocol === null ? 'request' : 'websocket');
  }

  #refusal({ ask, protocol, bytes, hasHost }: ReadHead): Failure | null {
    const { headBytes, headerLines, targetBytes } = this.#limits;
    const over = this.#handler.overload();
    if (over !== null) return over;
    if (bytes > headBytes) return failure('head-too-large');
    if (ask.rawHeaders.length > headerLines * 2) return failure('too-many-lines');
    if (ask.target.length > targetBytes) return failure('target-too-long');
    if (ask.method === 'CONNECT' && protocol !== 'websocket') return failure('method-refused');
    if (protocol !== null && ask.method !== 'CONNECT') return failure('bad-framing', ':protocol without CONNECT');
    if (!hasHost) return failure('bad-host', ':authority is malformed, differs from host, or is not there');
    // Only HTTP/1.1 has targets with an authority in them.
    if (!ask.target.startsWith('/') && ask.target !== '*') return failure('bad-target');
    const target = canonicalTarget(ask.method, ask.target, '');
    return target.kind === 'refused' ? failure('bad-target', target.detail) : null;
  }
}

const AUTHORITY = /^(?:[A-Za-z0-9\-._~%!$&'()*+;=]+|\[[0-9A-Fa-f:.]+\])(?::\d{0,5})?$/;

interface ReadHead {
  readonly ask: Ask;
  readonly protocol: string | null;
  /** As RFC 9113 §6.5.2 counts them. */
  readonly bytes: number;
  /** One that `host`, where there is one, does not contradict. */
  readonly hasHost: boolean;
}

/** Pseudo fields come once each, and names in lower case: Node's HTTP/2 resets the stream otherwise. */
function readHead(rawHeaders: readonly string[], { address, secure, session }: Http2Connection): ReadHead {
  const lines: string[] = ['host', ''];
  let [method, target, bytes, cookieAt] = ['', '', 0, -1];
  let authority: string | null = null;
  let protocol: string | null = null;
  let host: string | null = null;
  let agree = true;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    const value = rawHeaders[i + 1] as string;
    bytes += name.length + value.length + 32;
    switch (name) {
      case ':method':
        method = value;
        break;
      case ':path':
        target = value;
        break;
      case ':authority':
        authority = value;
        break;
      case ':protocol':
        protocol = value;
        break;
      case ':scheme':
        break;
      case 'host':
        agree &&= host === null || isSameHost(host, value);
        host = value;
        break;
      case 'cookie':
        if (cookieAt === -1) {
          cookieAt = lines.length + 1;
          lines.push(name, value);
        } else {
          lines[cookieAt] = `${lines[cookieAt]}; ${value}`;
        }
        break;
      default:
        lines.push(name, value);
    }
  }
  if (authority !== null && host !== null) agree &&= isSameHost(authority, host);
  lines[1] = authority ?? host ?? '';
  const ask: Ask = { method, target, rawHeaders: lines, address, secure, protocol: 'HTTP/2', connection: session };
  return { ask, protocol, bytes, hasHost: agree && AUTHORITY.test(lines[1]) };
}

function isSameHost(one: string, other: string): boolean {
  return one === other || one.toLowerCase() === other.toLowerCase();
}
