// The HTTP/2 connections of a listener: bounds them, checks each stream, and hands on those that have a single reading. It knows no upstream.

import { constants, performServerHandshake } from 'node:http2';
import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { failure } from '@graylane/forward';
import type { Failure } from '@graylane/forward';
import { StreamClient } from '@graylane/forward/relay';
import type { Ask } from './ask.ts';
import type { FrontLimits } from './limits.ts';
import { canonicalTarget } from './target.ts';

export interface Http2Handler {
  stream(stream: ServerHttp2Stream, ask: Ask, kind: 'request' | 'websocket'): void;
  refused(what: Failure, ask: Ask): void;
  /** Null for a request that may go on as far as its size and the process's memory are concerned. */
  overload(): Failure | null;
}

/** Frames that cost an answer are counted over this long. */
const COUNT_MS = 10_000;
/** Megabytes that one connection may hold in this process, headers, settings and unsent data together. */
const SESSION_MEMORY_MB = 10;
/** Frames that break the protocol without ending it, and streams that were refused, before the connection ends. */
const INVALID_FRAMES = 50;
const REJECTED_STREAMS = 100;
/** Room for several streams' answers on the way of a fast client. */
const CONNECTION_WINDOW_BYTES = 1024 * 1024;
const STREAM_WINDOW_BYTES = 256 * 1024;

interface Session {
  readonly http2: ServerHttp2Session;
  readonly address: string | undefined;
  readonly secure: boolean;
  streams: number;
  idleSince: number;
  controlFrames: number;
  countedSince: number;
}

export class Http2Front {
  readonly #limits: FrontLimits;
  readonly #handler: Http2Handler;
  readonly #now: () => number;
  readonly #sessions = new Set<Session>();
  readonly #checks: NodeJS.Timeout;
  #draining = false;

  constructor(limits: FrontLimits, handler: Http2Handler, now: () => number) {
    this.#limits = limits;
    this.#handler = handler;
    this.#now = now;
    this.#checks = setInterval(() => this.#check(), limits.checkMs);
    this.#checks.unref();
  }

  /** Streams under way on all connections. */
  get streams(): number {
    let count = 0;
    for (const { streams } of this.#sessions) count += streams;
    return count;
  }

  /** Takes a connection whose client is known to speak HTTP/2. */
  serve(socket: Socket, secure: boolean): void {
    const address = socket.remoteAddress;
    const http2 = performServerHandshake(socket, this.#options());
    http2.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
    const now = this.#now();
    const session: Session = { http2, address, secure, streams: 0, idleSince: now, controlFrames: 0, countedSince: now };
    this.#sessions.add(session);
    http2.once('close', () => this.#sessions.delete(session));
    // The connection is over; each stream hears of it by itself.
    http2.on('error', () => undefined);
    http2.on('ping', () => this.#count(session));
    http2.on('remoteSettings', () => this.#count(session));
    http2.on('stream', (stream, _headers, _flags, rawHeaders) => this.#stream(session, stream, rawHeaders));
    if (this.#draining) this.#farewell(session);
  }

  /** Each connection is told to send no more; what it has sent is served (RFC 9113 §6.8). */
  drain(): void {
    this.#draining = true;
    for (const session of this.#sessions) this.#farewell(session);
  }

  /** Idle connections end in order, the others at once. */
  close(): void {
    clearInterval(this.#checks);
    for (const { http2, streams } of [...this.#sessions]) {
      if (streams === 0 && !http2.destroyed) http2.close();
      else http2.destroy();
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

  #stream(session: Session, stream: ServerHttp2Stream, rawHeaders: readonly string[]): void {
    session.streams++;
    stream.once('close', () => {
      session.streams--;
      session.idleSince = this.#now();
    });
    stream.on('error', () => undefined);
    const read = readHead(rawHeaders, session);
    const what = this.#refusal(read);
    if (what !== null) {
      this.#handler.refused(what, read.ask);
      StreamClient.refuse(stream, read.ask.method, what);
      return;
    }
    this.#handler.stream(stream, read.ask, read.protocol === null ? 'request' : 'websocket');
  }

  #refusal({ ask, protocol, bytes, hosts }: ReadHead): Failure | null {
    const { headBytes, headerLines, targetBytes } = this.#limits;
    const over = this.#handler.overload();
    if (over !== null) return over;
    if (bytes > headBytes) return failure('head-too-large');
    if (ask.rawHeaders.length > headerLines * 2) return failure('too-many-lines');
    if (ask.target.length > targetBytes) return failure('target-too-long');
    if (ask.method === 'CONNECT' && protocol !== 'websocket') return failure('method-refused');
    if (protocol !== null && ask.method !== 'CONNECT') return failure('bad-framing', ':protocol without CONNECT');
    if (hosts !== 1 || !AUTHORITY.test(ask.rawHeaders[1] ?? '')) return failure('bad-host', ':authority is malformed, differs from host, or is not there');
    // Only HTTP/1.1 has targets with an authority in them.
    if (!ask.target.startsWith('/') && ask.target !== '*') return failure('bad-target');
    const target = canonicalTarget(ask.method, ask.target, '');
    return target.kind === 'refused' ? failure('bad-target', target.detail) : null;
  }

  /** What only costs this side work, in bulk, is an attack (CVE-2019-9512, CVE-2019-9515). */
  #count(session: Session): void {
    const now = this.#now();
    if (now - session.countedSince > COUNT_MS) {
      session.countedSince = now;
      session.controlFrames = 0;
    }
    session.controlFrames++;
    if (session.controlFrames <= this.#limits.controlFrames || session.http2.destroyed) return;
    session.http2.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    session.http2.destroy();
  }

  /** Ends connections that do nothing, whatever else they say on the way. */
  #check(): void {
    const now = this.#now();
    for (const { http2, streams, idleSince } of this.#sessions) {
      if (streams === 0 && now - idleSince > this.#limits.keepAliveMs && !http2.destroyed) http2.close();
    }
  }

  #farewell({ http2 }: Session): void {
    // The highest number there is: streams that are on their way are still served. The last word comes with `close`.
    if (!http2.destroyed && !http2.closed) http2.goaway(constants.NGHTTP2_NO_ERROR, 2 ** 31 - 1);
  }
}

const AUTHORITY = /^(?:[A-Za-z0-9\-._~%!$&'()*+;=]+|\[[0-9A-Fa-f:.]+\])(?::\d{0,5})?$/;

interface ReadHead {
  readonly ask: Ask;
  readonly protocol: string | null;
  /** As RFC 9113 §6.5.2 counts them. */
  readonly bytes: number;
  /** Different authorities that the request names. */
  readonly hosts: number;
}

function readHead(rawHeaders: readonly string[], { address, secure, http2 }: Session): ReadHead {
  const pseudo = new Map<string, string>();
  const lines: string[] = ['host', ''];
  const hosts = new Set<string>();
  let bytes = 0;
  let cookieAt = -1;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] as string;
    const value = rawHeaders[i + 1] as string;
    bytes += name.length + value.length + 32;
    if (name.startsWith(':')) pseudo.set(name, value);
    else if (name === 'host') hosts.add(value.toLowerCase());
    else if (name === 'cookie' && cookieAt !== -1) lines[cookieAt] = `${lines[cookieAt]}; ${value}`;
    else {
      if (name === 'cookie') cookieAt = lines.length + 1;
      lines.push(name, value);
    }
  }
  const authority = pseudo.get(':authority') ?? [...hosts][0];
  if (authority !== undefined) hosts.add(authority.toLowerCase());
  lines[1] = authority ?? '';
  const ask: Ask = { method: pseudo.get(':method') ?? '', target: pseudo.get(':path') ?? '', rawHeaders: lines, address, secure, protocol: 'HTTP/2', connection: http2 };
  return { ask, protocol: pseudo.get(':protocol') ?? null, bytes, hosts: hosts.size };
}
