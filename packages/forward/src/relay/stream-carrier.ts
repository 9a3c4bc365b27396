// One relayed exchange over an HTTP/2 stream to its upstream. A failure resets the stream, never the session. It knows no client.

import type { ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import type { Endpoint } from '../endpoint.ts';
import { failure } from '../failure.ts';
import type { Failure, FailureReason } from '../failure.ts';
import { Http2Link } from '../http2-link.ts';
import type { Limits } from '../limits.ts';
import type { Carrier, CarrierUser } from './carrier.ts';
import { fieldsOfObject, headerObject, safeTrailers } from './fields.ts';
import type { Fields } from './fields.ts';
import { RESET } from './relay-client.ts';
import type { RelayRequest } from './relay-client.ts';
import { sendTrailers } from './send-trailers.ts';

/** RFC 9113 §6.2. */
const END_STREAM = 1;
/** Longest deadline that a gRPC client may ask for and this side still counts. */
const RPC_DEADLINE_MAX_MS = 24 * 3_600_000;
/** The upstream and the client count it first; this is for those that do not. */
const RPC_DEADLINE_GRACE_MS = 2_000;

export class StreamCarrier implements Carrier {
  readonly restedMs: number = 0;
  readonly #limits: Limits;
  readonly #request: RelayRequest;
  readonly #user: CarrierUser;
  readonly #stream: ClientHttp2Stream;
  #phase: 'sent' | 'answering' | 'over' = 'sent';
  #cause: Failure = failure('no-answer');
  #trailers: Fields = [];
  #bodyTrailers: Fields = [];
  #endless = false;
  #interims = 0;
  #timer: NodeJS.Timeout | undefined;
  #timerReason: FailureReason = 'head-timeout';

  /** Throws what Node throws on fields that HTTP/2 forbids. */
  constructor(endpoint: Endpoint, request: RelayRequest, user: CarrierUser) {
    this.#limits = endpoint.limits;
    this.#request = request;
    this.#user = user;
    this.#stream = endpoint.http2((address) => new Http2Link(address, endpoint.limits)).request(headersOf(request), request.body === 'none');
    this.#listen(this.#stream);
    this.#expire(headMs(request, this.#limits), 'head-timeout');
  }

  get isConnecting(): boolean {
    return this.#stream.pending;
  }

  // Carrier

  write(chunk: Buffer): boolean {
    return this.#stream.destroyed || this.#stream.write(chunk);
  }

  endBody(trailers: Fields): void {
    this.#bodyTrailers = safeTrailers(trailers);
    if (!this.#stream.destroyed) this.#stream.end();
    this.awaitBody('upstream');
  }

  awaitBody(from: 'client' | 'upstream'): void {
    if (this.#phase !== 'sent') return;
    if (from === 'upstream') this.#expire(headMs(this.#request, this.#limits), 'head-timeout');
    // A quiet call is no slow client: its own deadline ends it.
    else this.#expire(this.#request.isRpc ? headMs(this.#request, this.#limits) : this.#limits.clientIdleMs, 'request-timeout');
  }

  pause(): void {
    this.#stream.pause();
    this.#expire(this.#limits.clientStallMs, 'client-too-slow');
  }

  resume(): void {
    this.#expireBody();
    this.#stream.resume();
  }

  cancel(): void {
    this.#over();
    this.#stream.close(RESET.cancel);
  }

  #listen(stream: ClientHttp2Stream): void {
    stream.once('ready', () => this.#user.connected());
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // Without a number nothing of it was sent; what breaks an open connection says the same of one that took everything.
      const reason = !stream.pending ? 'no-answer' : codeOf(error) === 'ETIMEDOUT' ? 'connect-timeout' : 'connect-failed';
      this.#cause = failure(reason, error.message);
    });
    stream.on('headers', (headers) => this.#interim(headers));
    // `endAfterHeaders` is a server's; a client has the frame's flags.
    stream.on('response', (headers, flags) => this.#head(headers, (flags & END_STREAM) !== 0));
    stream.on('trailers', (trailers: IncomingHttpHeaders) => this.#trailers = safeTrailers(fieldsOfObject(trailers)));
    stream.on('wantTrailers', () => sendTrailers(stream, this.#bodyTrailers));
    stream.on('data', (chunk: Buffer) => {
      if (this.#phase !== 'answering') return;
      this.#timer?.refresh();
      this.#user.data(chunk);
    });
    stream.on('drain', () => this.#user.drained());
    stream.on('end', () => this.#end());
    stream.on('close', () => this.#closed());
  }

  #interim(headers: IncomingHttpHeaders): void {
    if (this.#phase !== 'sent') return;
    this.#interims++;
    if (this.#interims > this.#limits.interimResponses) this.#fail(failure('bad-response', 'a flood of informational answers'));
    else this.#user.interim(Number(headers[':status']), fieldsOfObject(headers));
  }

  #head(headers: IncomingHttpHeaders, ended: boolean): void {
    if (this.#phase !== 'sent') return;
    this.#phase = 'answering';
    this.#endless = this.#request.isRpc || headers['content-type']?.startsWith('text/event-stream') === true;
    this.#expireBody();
    this.#user.head(Number(headers[':status']), fieldsOfObject(headers), ended);
  }

  /** A reset shows as an end, too; its code tells them apart. */
  #end(): void {
    if (this.#phase !== 'answering' || this.#stream.rstCode !== RESET.none) return;
    this.#over();
    this.#user.end(this.#trailers);
    // What the client still sends nobody wants; the answer is complete.
    if (!this.#stream.writableEnded) this.#stream.close(RESET.none);
  }

  #closed(): void {
    const phase = this.#phase;
    if (phase === 'over') return;
    const { rstCode } = this.#stream;
    this.#over();
    // "Not looked at" would be a lie where there is an answer, and the client's reason to ask again.
    if (phase === 'answering') this.#user.failed(failure('cut-off', `reset ${rstCode}`), rstCode === RESET.refused ? RESET.internal : rstCode);
    else if (rstCode === RESET.refused) this.#user.failed(failure('connect-failed', 'refused stream'), rstCode);
    else this.#user.failed(this.#cause, rstCode);
  }

  #expireBody(): void {
    this.#expire(this.#endless ? 0 : this.#limits.bodyIdleMs, 'body-idle');
  }

  #expire(ms: number, reason: FailureReason): void {
    clearTimeout(this.#timer);
    this.#timerReason = reason;
    if (ms === 0) return;
    this.#timer = setTimeout(() => this.#late(), ms);
    this.#timer.unref();
  }

  #late(): void {
    if (this.#phase === 'over') return;
    this.#fail(failure(this.#timerReason));
  }

  #fail(what: Failure): void {
    this.cancel();
    this.#user.failed(what, RESET.none);
  }

  #over(): void {
    this.#phase = 'over';
    clearTimeout(this.#timer);
  }
}

/** gRPC says its own deadline; without one a call may stay silent as long as its ends like. */
function headMs({ isRpc, fields }: RelayRequest, { responseHeadMs }: Limits): number {
  if (!isRpc) return responseHeadMs;
  const at = fields.indexOf('grpc-timeout');
  const deadline = at === -1 ? null : rpcTimeoutMs(fields[at + 1] as string);
  return deadline === null ? 0 : deadline + RPC_DEADLINE_GRACE_MS;
}

const UNITS_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 };

/** `TimeoutValue TimeoutUnit` of the gRPC protocol, in milliseconds; null for anything else. */
function rpcTimeoutMs(text: string): number | null {
  const match = /^(\d{1,8})([HMSmun])$/.exec(text);
  if (match?.[1] === undefined || match[2] === undefined) return null;
  return Math.min(Number(match[1]) * (UNITS_MS[match[2]] ?? 0), RPC_DEADLINE_MAX_MS);
}

function headersOf({ method, target, scheme, authority, fields, body, takesTrailers, expectsContinue }: RelayRequest): ReturnType<typeof headerObject> {
  const headers = headerObject(fields);
  headers[':method'] = method;
  headers[':path'] = target;
  headers[':scheme'] = scheme;
  // It must not be empty (RFC 9113 §8.3.1), which `Host` may be: then it is the session's own.
  if (authority !== '') headers[':authority'] = authority;
  if (typeof body === 'number') headers['content-length'] = String(body);
  if (takesTrailers) headers['te'] = 'trailers';
  if (expectsContinue) headers['expect'] = '100-continue';
  return headers;
}

/** A stream that waited for its connection carries the connection's error as its cause. */
function codeOf(error: NodeJS.ErrnoException): string {
  const { cause } = error;
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code;
  return error.code ?? '';
}
