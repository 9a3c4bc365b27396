// A client that asks over HTTP/1.x, where its upstream speaks HTTP/2. It writes through Node's public interface.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { watchClient } from '../client-watch.ts';
import type { Clock } from '../clock.ts';
import type { Failure } from '../failure.ts';
import { awaitHalfClosed } from '../half-close.ts';
import { closeGently } from '../linger.ts';
import { answerFailure } from '../own-answer.ts';
import type { Written } from './carrier.ts';
import { fieldIn, fieldsOfLines, linesOf } from './fields.ts';
import type { Fields } from './fields.ts';
import type { RelayClient, RelayClientListener, RelayRequest } from './relay-client.ts';

export class MessageClient implements RelayClient {
  readonly request: RelayRequest;
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  readonly #clock: Clock;
  #stopHalfClose: (() => void) | null = null;

  constructor(req: IncomingMessage, res: ServerResponse, request: RelayRequest, clock: Clock) {
    this.#req = req;
    this.#res = res;
    this.request = request;
    this.#clock = clock;
  }

  watch(listener: RelayClientListener): void {
    const [req, res] = [this.#req, this.#res];
    watchClient(req, res, {
      isUnderWay: false,
      clientClosed: (what) => listener.closed(what),
      clientHalfClosed: () => {
        if (!res.headersSent) this.#stopHalfClose = awaitHalfClosed(req, res, this.#clock, () => listener.closed());
      },
    });
    res.on('drain', () => listener.writable());
    this.#read = () => {
      req.on('data', (chunk: Buffer) => listener.bodyData(chunk));
      req.once('end', () => listener.bodyEnd(pairs(req.rawTrailers)));
      req.once('close', () => {
        if (!req.complete) listener.bodyBroken();
      });
    };
  }

  #read: () => void = () => undefined;

  readBody(): void {
    this.#read();
  }

  pauseBody(): void {
    this.#req.pause();
  }

  resumeBody(): void {
    this.#req.resume();
  }

  interim(status: number, fields: Fields): void {
    const res = this.#res;
    if (res.headersSent || this.#req.httpVersion === '1.0') return;
    if (status === 100) res.writeContinue();
    else if (status === 102) res.writeProcessing();
    else if (status === 103 && fieldIn(fields, 'link') !== null) res.writeEarlyHints(hints(fields));
  }

  respond(status: number, fields: Fields, ended: boolean): void {
    const res = this.#res;
    this.#stopHalfClose?.();
    if (res.destroyed) return;
    const mayEnd = this.request.body === 'none' || this.#req.complete;
    if (!mayEnd) {
      res.shouldKeepAlive = false;
      closeGently(this.#req, res);
    }
    res.sendDate = fieldIn(fields, 'date') === null;
    const lines = mayEnd ? [...fields] : [...fields, 'connection', 'close'];
    // Without a length Node would put chunks even where nothing follows.
    if (ended && this.request.method !== 'HEAD' && hasBody(status) && fieldIn(fields, 'content-length') === null) lines.push('content-length', '0');
    res.writeHead(status, lines);
    if (!ended) res.flushHeaders();
  }

  write(chunk: Buffer, written?: Written): boolean {
    return this.#res.destroyed || this.#res.write(chunk, written);
  }

  end(trailers: Fields): void {
    const res = this.#res;
    if (trailers.length > 0 && res.chunkedEncoding) res.addTrailers(pairsOf(trailers));
    res.end();
  }

  refuse(what: Failure, bodyRead: boolean): void {
    this.#stopHalfClose?.();
    if (!this.#res.destroyed) answerFailure(this.#req, this.#res, what, !bodyRead);
  }

  abort(): void {
    this.#stopHalfClose?.();
    this.#res.destroy();
  }
}

function hasBody(status: number): boolean {
  return status !== 204 && status !== 304;
}

function pairs(raw: readonly string[]): Fields {
  return fieldsOfLines(linesOf(raw));
}

function pairsOf(fields: Fields): [string, string][] {
  const all: [string, string][] = [];
  for (let i = 0; i < fields.length; i += 2) all.push([fields[i] as string, fields[i + 1] as string]);
  return all;
}

function hints(fields: Fields): Record<string, string | string[]> {
  const all = new Map<string, string[]>();
  for (const [name, value] of pairsOf(fields)) all.set(name, [...all.get(name) ?? [], value]);
  return Object.fromEntries(all);
}
