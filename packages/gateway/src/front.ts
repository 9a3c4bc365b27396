// One listener, the client's side of the gateway: accepts connections, finds out who speaks what on them, and hands each request on
// that has a single reading. It knows no upstream.

import * as http from 'node:http';
import * as https from 'node:https';
import * as net from 'node:net';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import { answerFailure, endGently, failure, inTurn, isClosing, meaning, ownText, valuesOf } from '@graylane/forward';
import type { Failure } from '@graylane/forward';
import { askOf, unreadAsk } from './ask.ts';
import type { Ask } from './ask.ts';
import { answerClientError } from './client-error.ts';
import { tlsOptions } from './front-tls.ts';
import type { FrontTls } from './front-tls.ts';
import { Http2Front } from './http2-front.ts';
import { LeanRequest } from './lean-request.ts';
import type { FrontLimits } from './limits.ts';
import { Pressure } from './pressure.ts';
import { readProxyHeader, showPeer, trustedPeers } from './proxy-protocol.ts';
import type { ProxiedPeer } from './proxy-protocol.ts';
import { sniffPreface } from './sniff.ts';
import { canonicalTarget } from './target.ts';

export interface FrontHandler {
  request(req: IncomingMessage, res: ServerResponse, ask: Ask): void;
  upgrade(req: IncomingMessage, socket: Duplex, early: Buffer, ask: Ask): void;
  stream(stream: ServerHttp2Stream, ask: Ask, kind: 'request' | 'websocket'): void;
  refused(what: Failure, ask: Ask): void;
}

export interface FrontOptions {
  readonly limits: FrontLimits;
  readonly tls: FrontTls | null;
  /** HTTP/2 by ALPN behind TLS, by prior knowledge without it. */
  readonly http2: boolean;
  /** Networks that must send a PROXY header (with none named, everybody must); null: nobody may. */
  readonly proxyProtocol: readonly string[] | null;
  readonly now: () => number;
}

export type Listen = { readonly fd: number } | { readonly path: string } | { readonly port: number; readonly host?: string };

export class Front {
  readonly server: http.Server;
  readonly #limits: FrontLimits;
  readonly #handler: FrontHandler;
  readonly #pressure: Pressure;
  readonly #secure: boolean;
  readonly #http2: Http2Front | null;
  /** What balancers said of connections whose TLS handshake is under way, by the balancer's own address and port. */
  readonly #proxied = new Map<string, ProxiedPeer>();
  readonly #sniffed = new Set<net.Socket>();
  #draining = false;

  constructor({ limits, tls, http2, proxyProtocol, now }: FrontOptions, handler: FrontHandler) {
    this.#limits = limits;
    this.#handler = handler;
    this.#secure = tls !== null;
    this.#pressure = new Pressure(limits.heapShare, now);
    const options: http.ServerOptions = {
      IncomingMessage: LeanRequest,
      maxHeaderSize: limits.headBytes,
      headersTimeout: limits.headMs,
      requestTimeout: limits.requestMs,
      keepAliveTimeout: limits.keepAliveMs,
      connectionsCheckingInterval: limits.checkMs,
      noDelay: true,
    };
    // The types of Node 24.10 lack it; Node has it from 22.23 on.
    const withUpgrades: http.ServerOptions & { shouldUpgradeCallback: (req: IncomingMessage) => boolean } = { ...options, shouldUpgradeCallback: isWebSocket };
    this.server = tls === null ? http.createServer(withUpgrades) : https.createServer({ ...withUpgrades, ...tlsOptions(tls, http2) });
    if (tls !== null && 'contextFor' in tls && this.server instanceof https.Server) {
      const { server } = this;
      tls.subscribe(() => server.setSecureContext(tlsOptions(tls, http2)));
    }
    // No line may be dropped silently: the count is checked here instead.
    this.server.maxHeadersCount = 0;
    this.server.maxConnections = limits.connections;
    // A client that has sent everything and closed its side still wants its answer.
    (this.server as http.Server & { httpAllowHalfOpen: boolean }).httpAllowHalfOpen = true;
    this.#http2 = http2 ? new Http2Front(limits, { stream: (stream, ask, kind) => this.#handler.stream(stream, ask, kind), refused: (what, ask) => this.#handler.refused(what, ask), overload: () => this.#overload() }, now) : null;
    this.#listen();
    this.#divert();
    if (proxyProtocol !== null) this.#readPeers(proxyProtocol);
  }

  /** HTTP/2 streams under way. */
  get streams(): number {
    return this.#http2?.streams ?? 0;
  }

  listen(where: Listen): Promise<net.AddressInfo | string | null> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(where, () => {
        this.server.removeListener('error', reject);
        resolve(this.server.address());
      });
    });
  }

  /** Stops accepting; each answer is the last of its connection from now on. */
  drain(): void {
    this.#draining = true;
    // http.Server's own close would also end idle connections at once, and with them requests that are on their way.
    if (this.server.listening) net.Server.prototype.close.call(this.server);
    this.#http2?.drain();
  }

  /** Ends everything now. */
  close(): void {
    this.server.close();
    this.server.closeAllConnections();
    for (const socket of this.#sniffed) socket.destroy();
    this.#http2?.close();
  }

  #listen(): void {
    const onRequest = (req: IncomingMessage, res: ServerResponse): void => this.#request(req, res);
    this.server.on('request', onRequest);
    // The upstream decides whether it wants the body.
    this.server.on('checkContinue', onRequest);
    this.server.on('upgrade', (req, socket, early) => this.#upgrade(req, socket, early));
    this.server.on('connect', (_req, socket) => inTurn(socket, () => refuse(socket, failure('method-refused'))));
    this.server.on('clientError', (error, socket) => answerClientError(error, socket, (what) => this.#handler.refused(what, unreadAsk(socket, this.#secure))));
  }

  /** Looks at each connection before Node's HTTP/1.1 does. */
  #divert(): void {
    const http2 = this.#http2;
    if (http2 === null) return;
    if (this.#secure) {
      intercept(this.server, 'secureConnection', (socket, serve) => {
        this.#showProxied(socket);
        if ('alpnProtocol' in socket && socket.alpnProtocol === 'h2') http2.serve(socket, true);
        else serve(socket);
      });
      return;
    }
    intercept(this.server, 'connection', (socket, serve) => {
      this.#sniffed.add(socket);
      socket.once('close', () => this.#sniffed.delete(socket));
      sniffPreface(socket, this.#limits.keepAliveMs, (isHttp2) => {
        this.#sniffed.delete(socket);
        if (isHttp2) http2.serve(socket, false);
        else {
          serve(socket);
          socket.resume();
        }
      });
    });
  }

  #readPeers(networks: readonly string[]): void {
    const trusted = trustedPeers(networks);
    intercept(this.server, 'connection', (socket, serve) => {
      const key = peerKey(socket);
      readProxyHeader(socket, trusted, (peer) => {
        if (peer !== null && this.#secure) {
          this.#proxied.set(key, peer);
          socket.once('close', () => this.#proxied.delete(key));
        } else if (peer !== null) {
          showPeer(socket, peer);
        }
        serve(socket);
        if (!this.#secure) socket.resume();
      });
    });
    if (this.#secure && this.#http2 === null) {
      intercept(this.server, 'secureConnection', (socket, serve) => {
        this.#showProxied(socket);
        serve(socket);
      });
    }
  }

  #showProxied(socket: net.Socket): void {
    const peer = this.#proxied.size === 0 ? undefined : this.#proxied.get(peerKey(socket));
    if (peer !== undefined) showPeer(socket, peer);
  }

  #request(req: IncomingMessage, res: ServerResponse): void {
    if (isClosing(req.socket)) {
      req.resume();
      return;
    }
    if (this.#draining) res.shouldKeepAlive = false;
    const what = this.#check(req);
    const ask = askOf(req, this.#secure);
    if (what === null) {
      this.#handler.request(req, res, ask);
    } else {
      this.#handler.refused(what, ask);
      answerFailure(req, res, what, meaning(what.reason).side === 'client' || !req.complete);
    }
  }

  #upgrade(req: IncomingMessage, socket: Duplex, early: Buffer): void {
    const what = this.#check(req);
    const ask = askOf(req, this.#secure);
    if (what === null) {
      this.#handler.upgrade(req, socket, early, ask);
    } else {
      this.#handler.refused(what, ask);
      inTurn(socket, () => refuse(socket, what));
    }
  }

  /** Null for a request that may go on. */
  #check(req: IncomingMessage): Failure | null {
    const { url = '', method = '', rawHeaders } = req;
    const over = this.#overload();
    if (over !== null) return over;
    if (url.length > this.#limits.targetBytes) return failure('target-too-long');
    if (rawHeaders.length > this.#limits.headerLines * 2) return failure('too-many-lines');
    const host = url.startsWith('/') ? '' : valuesOf(rawHeaders, 'host');
    const target = canonicalTarget(method, url, host);
    if (target.kind === 'refused') return failure('bad-target', target.detail);
    if (target.target !== url) req.url = target.target;
    return null;
  }

  #overload(): Failure | null {
    return this.#pressure.isHigh ? failure('overloaded') : null;
  }
}

/** Puts `look` before the one listener that Node itself has for an event; it decides whether that one is called. */
function intercept(server: http.Server, event: 'connection' | 'secureConnection', look: (socket: net.Socket, serve: (socket: net.Socket) => void) => void): void {
  const listeners = server.listeners(event) as ((this: http.Server, socket: net.Socket) => void)[];
  server.removeAllListeners(event);
  const serve = (socket: net.Socket): void => {
    for (const listener of listeners) listener.call(server, socket);
  };
  server.on(event, (socket: net.Socket) => look(socket, serve));
}

function peerKey({ remoteAddress, remotePort }: net.Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

/** Other protocols are not for a gateway: an upgrade to h2c past it would be a tunnel past its rules. */
function isWebSocket(req: IncomingMessage): boolean {
  return req.httpVersion === '1.1' && req.method === 'GET' && req.headers.upgrade?.toLowerCase() === 'websocket';
}

function refuse(socket: Duplex, what: Failure): void {
  socket.on('error', () => socket.destroy());
  const { status } = meaning(what.reason);
  socket.write(ownText(what, http.STATUS_CODES[status] ?? 'Error'), 'latin1');
  endGently(socket);
}
