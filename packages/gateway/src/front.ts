// The gateway's client side: accepts, bounds and checks requests, and hands each one on that has a single reading. It knows no upstream.

import * as http from 'node:http';
import * as https from 'node:https';
import * as net from 'node:net';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { answerFailure, endGently, failure, inTurn, isClosing, meaning, ownText, valuesOf } from '@graylane/forward';
import type { Failure } from '@graylane/forward';
import { answerClientError } from './client-error.ts';
import type { FrontLimits } from './limits.ts';
import { Pressure } from './pressure.ts';
import { canonicalTarget } from './target.ts';

export interface FrontTls {
  /** PEM. */
  readonly key: string;
  readonly cert: string;
}

export interface FrontHandler {
  request(req: IncomingMessage, res: ServerResponse): void;
  upgrade(req: IncomingMessage, socket: Duplex, early: Buffer): void;
  refused(what: Failure): void;
}

export type Listen = { readonly fd: number } | { readonly path: string } | { readonly port: number; readonly host?: string };

export class Front {
  readonly server: http.Server;
  readonly #limits: FrontLimits;
  readonly #handler: FrontHandler;
  readonly #pressure: Pressure;
  #draining = false;

  constructor(limits: FrontLimits, tls: FrontTls | null, now: () => number, handler: FrontHandler) {
    this.#limits = limits;
    this.#handler = handler;
    this.#pressure = new Pressure(limits.heapShare, now);
    const options: http.ServerOptions = {
      maxHeaderSize: limits.headBytes,
      headersTimeout: limits.headMs,
      requestTimeout: limits.requestMs,
      keepAliveTimeout: limits.keepAliveMs,
      connectionsCheckingInterval: limits.checkMs,
      noDelay: true,
    };
    // The types of Node 24.10 lack it; Node has it from 22.23 on.
    const withUpgrades: http.ServerOptions & { shouldUpgradeCallback: (req: IncomingMessage) => boolean } = { ...options, shouldUpgradeCallback: isWebSocket };
    this.server = tls === null ? http.createServer(withUpgrades) : https.createServer({ ...withUpgrades, ...tls });
    // No line may be dropped silently: the count is checked here instead.
    this.server.maxHeadersCount = 0;
    this.server.maxConnections = limits.connections;
    // A client that has sent everything and closed its side still wants its answer.
    (this.server as http.Server & { httpAllowHalfOpen: boolean }).httpAllowHalfOpen = true;
    this.#listen();
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
  }

  #listen(): void {
    const onRequest = (req: IncomingMessage, res: ServerResponse): void => this.#request(req, res);
    this.server.on('request', onRequest);
    // The upstream decides whether it wants the body.
    this.server.on('checkContinue', onRequest);
    this.server.on('upgrade', (req, socket, early) => this.#upgrade(req, socket, early));
    this.server.on('connect', (_req, socket) => inTurn(socket, () => refuse(socket, failure('method-refused'))));
    this.server.on('clientError', answerClientError);
  }

  #request(req: IncomingMessage, res: ServerResponse): void {
    if (isClosing(req.socket)) {
      req.resume();
      return;
    }
    if (this.#draining) res.shouldKeepAlive = false;
    const what = this.#check(req);
    if (what === null) {
      this.#handler.request(req, res);
    } else {
      this.#handler.refused(what);
      answerFailure(req, res, what, meaning(what.reason).side === 'client' || !req.complete);
    }
  }

  #upgrade(req: IncomingMessage, socket: Duplex, early: Buffer): void {
    const what = this.#check(req);
    if (what === null) {
      this.#handler.upgrade(req, socket, early);
    } else {
      this.#handler.refused(what);
      inTurn(socket, () => refuse(socket, what));
    }
  }

  /** Null for a request that may go on. */
  #check(req: IncomingMessage): Failure | null {
    const { url = '', method = '', rawHeaders } = req;
    if (this.#pressure.isHigh) return failure('overloaded');
    if (url.length > this.#limits.targetBytes) return failure('target-too-long');
    if (rawHeaders.length > this.#limits.headerLines * 2) return failure('too-many-lines');
    const host = url.startsWith('/') ? '' : valuesOf(rawHeaders, 'host');
    const target = canonicalTarget(method, url, host);
    if (target.kind === 'refused') return failure('bad-target', target.detail);
    if (target.target !== url) req.url = target.target;
    return null;
  }
}

/** Other protocols are not for a gateway: an upgrade to h2c past it would be a tunnel past its rules. */
function isWebSocket(req: IncomingMessage): boolean {
  return req.method === 'GET' && req.headers.upgrade?.toLowerCase() === 'websocket';
}

function refuse(socket: Duplex, what: Failure): void {
  socket.on('error', () => socket.destroy());
  const { status } = meaning(what.reason);
  socket.write(ownText(what, http.STATUS_CODES[status] ?? 'Error'), 'latin1');
  endGently(socket);
}
