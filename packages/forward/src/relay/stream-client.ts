// A client that asks over an HTTP/2 stream. Whatever fails resets this stream, never its connection.

import type { ServerHttp2Stream, ServerStreamResponseOptions } from 'node:http2';
import type { Failure } from '../failure.ts';
import { meaning } from '../failure.ts';
import { ownBody, ownHeaders } from '../own-answer.ts';
import type { Written } from './carrier.ts';
import { fieldIn, fieldsOfObject, headerObject } from './fields.ts';
import type { Fields } from './fields.ts';
import { RESET } from './relay-client.ts';
import type { RelayClient, RelayClientListener, RelayRequest } from './relay-client.ts';
import { sendTrailers } from './send-trailers.ts';
import { lingerStream } from './stream-linger.ts';

export class StreamClient implements RelayClient {
  readonly request: RelayRequest;
  readonly #stream: ServerHttp2Stream;
  #listener: RelayClientListener | null = null;
  #trailers: Fields = [];
  #complete: boolean;

  constructor(stream: ServerHttp2Stream, request: RelayRequest) {
    this.#stream = stream;
    this.request = request;
    this.#complete = stream.endAfterHeaders;
  }

  /** Answers a stream whose request goes nowhere. */
  static refuse(stream: ServerHttp2Stream, method: string, what: Failure): void {
    const request: RelayRequest = { method, target: '', scheme: 'http', authority: '', fields: [], body: 'none', takesTrailers: false, expectsContinue: false, isRpc: false };
    new StreamClient(stream, request).refuse(what, stream.endAfterHeaders);
  }

  watch(listener: RelayClientListener): void {
    const stream = this.#stream;
    this.#listener = listener;
    stream.on('close', () => listener.closed());
    if (this.#complete) return;
    let trailers: Fields = [];
    stream.on('trailers', (found) => trailers = fieldsOfObject(found));
    stream.on('aborted', () => listener.bodyBroken());
    this.#read = () => {
      stream.on('data', (chunk: Buffer) => listener.bodyData(chunk));
      stream.on('end', () => {
        // A reset shows as an end, too.
        if (stream.rstCode !== RESET.none || stream.aborted) return;
        this.#complete = true;
        listener.bodyEnd(trailers);
      });
    };
  }

  #read: () => void = () => undefined;

  readBody(): void {
    this.#read();
  }

  pauseBody(): void {
    this.#stream.pause();
  }

  resumeBody(): void {
    this.#stream.resume();
  }

  interim(status: number, fields: Fields): void {
    const stream = this.#stream;
    if (stream.destroyed || stream.headersSent || status === 101) return;
    const headers = headerObject(fields);
    headers[':status'] = status;
    stream.additionalHeaders(headers);
  }

  respond(status: number, fields: Fields, ended: boolean): void {
    const stream = this.#stream;
    if (stream.destroyed) return;
    // A body of known length brings no trailers, but for those of a call.
    const waitForTrailers = !ended && (this.request.isRpc || fieldIn(fields, 'content-length') === null);
    if (waitForTrailers) stream.on('wantTrailers', () => sendTrailers(stream, this.#trailers));
    sendHead(stream, status, fields, { endStream: ended, waitForTrailers });
  }

  write(chunk: Buffer, written?: Written): boolean {
    const stream = this.#stream;
    if (stream.destroyed || stream.write(chunk, written)) return true;
    stream.once('drain', () => this.#listener?.writable());
    return false;
  }

  end(trailers: Fields): void {
    const stream = this.#stream;
    this.#trailers = trailers;
    if (stream.destroyed) return;
    stream.end();
    if (!this.#complete) lingerStream(stream);
  }

  refuse(what: Failure, bodyRead: boolean): void {
    const stream = this.#stream;
    if (stream.destroyed || stream.closed) return;
    const body = ownBody(what);
    const lines = ownHeaders(what, body);
    const headers = headerObject(lines.map((text, i) => i % 2 === 0 ? text.toLowerCase() : text));
    headers[':status'] = meaning(what.reason).status;
    stream.respond(headers);
    stream.end(this.request.method === 'HEAD' ? '' : body);
    if (!bodyRead) lingerStream(stream);
  }

  abort(code: number): void {
    if (!this.#stream.destroyed) this.#stream.close(code);
  }
}

/** As the lines that they are; as an object where one comes several times that Node wants once. */
function sendHead(stream: ServerHttp2Stream, status: number, fields: Fields, options: ServerStreamResponseOptions): void {
  try {
    stream.respond([':status', String(status), ...fields], options);
  } catch (error) {
    if (stream.headersSent || !(error instanceof Error && 'code' in error && error.code === 'ERR_HTTP2_HEADER_SINGLE_VALUE')) throw error;
    const headers = headerObject(fields);
    headers[':status'] = status;
    stream.respond(headers, options);
  }
}
