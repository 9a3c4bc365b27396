// One relayed exchange over an HTTP/1.1 connection to its upstream. It knows no client.

import type { Connection } from '../connection.ts';
import type { ConnectionUser } from '../connection-user.ts';
import type { Endpoint } from '../endpoint.ts';
import { failure } from '../failure.ts';
import type { Failure } from '../failure.ts';
import type { BodyFraming, ResponseHead } from '../response-head.ts';
import { writeBuffers } from '../write-buffers.ts';
import type { Carrier, CarrierUser } from './carrier.ts';
import { fieldsOfLines, linesOf, responseFields, safeTrailers } from './fields.ts';
import type { Fields } from './fields.ts';
import type { RelayRequest } from './relay-client.ts';
import { RESET } from './relay-client.ts';

export class ConnectionCarrier implements Carrier, ConnectionUser {
  readonly restedMs: number;
  readonly #connection: Connection;
  readonly #request: RelayRequest;
  readonly #user: CarrierUser;
  /** The answer is complete: the connection is, or soon will be, somebody else's. */
  #over = false;

  constructor(endpoint: Endpoint, request: RelayRequest, user: CarrierUser, fresh: boolean) {
    this.#request = request;
    this.#user = user;
    const connection = endpoint.take(this, fresh);
    this.#connection = connection;
    this.restedMs = connection.uses === 0 ? 0 : endpoint.now() - connection.since;
    connection.writeHead(headText(request), request.body === 'none', request.method === 'HEAD', 'never');
  }

  get isConnecting(): boolean {
    return this.#connection.isConnecting;
  }

  // Carrier

  write(chunk: Buffer): boolean {
    const connection = this.#connection;
    if (this.#request.body !== 'unknown') return connection.write(chunk);
    connection.socket.cork();
    connection.write(`${chunk.length.toString(16)}\r\n`);
    connection.write(chunk);
    const more = connection.write('\r\n');
    connection.socket.uncork();
    return more;
  }

  endBody(trailers: Fields): void {
    if (this.#request.body === 'unknown') this.#connection.write(`0\r\n${linesOf(safeTrailers(trailers))}\r\n`);
    this.#connection.requestSent();
  }

  awaitBody(from: 'client' | 'upstream'): void {
    this.#connection.awaitBody(from);
  }

  pause(): void {
    if (!this.#over) this.#connection.pause();
  }

  resume(): void {
    if (!this.#over) this.#connection.resume();
  }

  cancel(): void {
    this.#connection.abandon();
  }

  // ConnectionUser

  connected(): void {
    this.#user.connected();
  }

  drained(): void {
    this.#user.drained();
  }

  interim(head: ResponseHead): void {
    this.#user.interim(head.status, responseFields(head));
  }

  head(head: ResponseHead, framing: BodyFraming): void {
    this.#user.head(head.status, responseFields(head), framing === 'none');
  }

  body(bytes: Buffer, start: number, end: number, last: boolean, trailers: string): void {
    if (last) this.#over = true;
    // The buffer is every connection's: what waits for the client needs bytes of its own.
    if (end > start) {
      const kept = writeBuffers.take(end - start);
      const chunk = kept?.subarray(0, end - start) ?? Buffer.allocUnsafe(end - start);
      bytes.copy(chunk, 0, start, end);
      this.#user.data(chunk, kept === null ? undefined : writeBuffers.returned(kept));
    }
    if (last) this.#user.end(trailers === '' ? [] : safeTrailers(fieldsOfLines(trailers)));
  }

  switched(): void {
    // The reader refuses a 101 that was not asked for.
    this.failed(failure('upgrade-unasked'));
  }

  failed(what: Failure): void {
    this.#user.failed(what, RESET.none);
  }
}

/** RFC 9112 §3 and §6, framed from what is known of the body. */
function headText({ method, target, authority, fields, body, takesTrailers, expectsContinue }: RelayRequest): string {
  const framing = body === 'unknown' ? 'Transfer-Encoding: chunked\r\n' : body === 'none' ? '' : `Content-Length: ${body}\r\n`;
  const trailers = takesTrailers ? 'TE: trailers\r\nConnection: TE\r\n' : '';
  const expect = expectsContinue ? 'Expect: 100-continue\r\n' : '';
  return `${method} ${target} HTTP/1.1\r\nHost: ${authority}\r\n${linesOf(fields)}${framing}${trailers}${expect}\r\n`;
}
