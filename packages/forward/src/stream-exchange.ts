// One exchange from an HTTP/2 stream to an HTTP/2 upstream, to its one end. A failure resets the stream, never the client's connection.

import type { ClientHttp2Stream, IncomingHttpHeaders, OutgoingHttpHeaders, ServerHttp2Stream, ServerStreamResponseOptions } from 'node:http2';
import type { Endpoint } from './endpoint.ts';
import type { ExchangeContext } from './exchange-context.ts';
import { failure, meaning } from './failure.ts';
import type { Failure, FailureReason } from './failure.ts';
import type { Applicant, Group } from './group.ts';
import { Http2Link } from './http2-link.ts';
import { isIdempotent } from './idempotent.ts';
import { ownBody, ownHeaders } from './own-answer.ts';
import { watchEnd } from './stream-end.ts';
import { sameFields } from './stream-fields.ts';

/** waiting → sent → answering → ended, back from sent to waiting for a retry; `ended` is entered once. */
type State =
  | { readonly phase: 'waiting' }
  | { readonly phase: 'sent' | 'answering'; readonly upstream: ClientHttp2Stream; readonly endpoint: Endpoint; readonly since: number }
  | { readonly phase: 'ended' };

/** Error codes of RFC 9113 §7. */
const NO_ERROR = 0;
const INTERNAL_ERROR = 2;
const REFUSED_STREAM = 7;
const CANCEL = 8;

const WAITING: State = { phase: 'waiting' };
const ENDED: State = { phase: 'ended' };
/** What a connection that never was says. */
const CONNECT_ERRORS: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ENOENT', 'EACCES', 'ENOTSOCK', 'EAGAIN', 'ERR_HTTP2_GOAWAY_SESSION', 'ERR_HTTP2_INVALID_SESSION']);

export interface StreamRequest {
  readonly stream: ServerHttp2Stream;
  readonly headers: IncomingHttpHeaders;
  /** The same as they came: names and values in turn. */
  readonly lines: readonly string[];
  /** Added to the request. */
  readonly extra: Readonly<Record<string, string>>;
}

export class StreamExchange implements Applicant {
  readonly #context: ExchangeContext;
  readonly #group: Group;
  readonly #request: StreamRequest;
  #state: State = WAITING;
  #attempts = 0;
  #trailers: OutgoingHttpHeaders = {};
  avoid: Endpoint | null = null;
  /** Gives back what it holds of its group's limits; replaced when it holds something else. */
  #leave: () => void = () => undefined;

  constructor(context: ExchangeContext, group: Group, request: StreamRequest) {
    this.#context = context;
    this.#group = group;
    this.#request = request;
  }

  start(): void {
    const { stream } = this.#request;
    stream.once('close', () => this.#onClientClosed());
    this.#group.budget.request(this.#context.now());
    this.#group.apply(this);
  }

  admitted(endpoint: Endpoint): void {
    const { stream, headers, lines, extra } = this.#request;
    this.#attempts++;
    this.#leave = () => this.#group.release(endpoint);
    let upstream: ClientHttp2Stream;
    try {
      upstream = endpoint.http2((address) => new Http2Link(address, this.#context.limits)).request({ ...sameFields(headers, lines), ...extra }, stream.endAfterHeaders);
    } catch (error) {
      this.#leave();
      this.#end(failure('bad-framing', String(error)));
      return;
    }
    this.#state = { phase: 'sent', upstream, endpoint, since: this.#context.now() };
    this.#listen(upstream);
    if (!stream.endAfterHeaders) this.#upload(upstream);
  }

  shed(reason: FailureReason): void {
    this.#end(failure(reason));
  }

  #listen(upstream: ClientHttp2Stream): void {
    const { stream } = this.#request;
    const { session } = upstream;
    const isComplete = watchEnd(upstream);
    let cause: Failure = failure('no-answer');
    upstream.setTimeout(this.#context.limits.responseHeadMs, () => this.#failed(upstream, failure(this.#state.phase === 'sent' ? 'head-timeout' : 'body-idle')));
    upstream.on('error', (error: NodeJS.ErrnoException) => {
      cause = failure(CONNECT_ERRORS.has(codeOf(error)) ? 'connect-failed' : 'no-answer', error.message);
    });
    upstream.on('headers', (headers: IncomingHttpHeaders, _flags: number, lines: readonly string[]) => {
      if (!stream.destroyed && !stream.headersSent) stream.additionalHeaders(sameFields(headers, lines));
    });
    upstream.on('response', (headers: IncomingHttpHeaders, _flags: number, lines: readonly string[]) => this.#answer(upstream, headers, lines));
    upstream.on('trailers', (trailers: IncomingHttpHeaders, _flags: number, lines: readonly string[]) => this.#trailers = sameFields(trailers, lines));
    upstream.on('data', (chunk: Buffer) => {
      if (stream.destroyed || stream.write(chunk)) return;
      upstream.pause();
      stream.once('drain', () => upstream.resume());
    });
    upstream.on('end', () => {
      // A reset shows as an end, too.
      if (this.#state.phase === 'answering' && !stream.destroyed && isComplete()) stream.end();
    });
    upstream.on('close', () => {
      const { rstCode } = upstream;
      if (rstCode === REFUSED_STREAM) cause = failure('connect-failed', 'refused stream');
      // On a connection that lives on, the app has ended the stream, and means its client's. It may be its server that refuses.
      const meant = session !== undefined && !session.destroyed && (cause.reason !== 'connect-failed' || rstCode === REFUSED_STREAM);
      if (upstream.readableEnded && isComplete() && rstCode === NO_ERROR && this.#state.phase === 'answering') this.#finished(upstream);
      else if (this.#state.phase === 'answering') this.#failed(upstream, failure('cut-off', `reset ${rstCode}`), meant ? rstCode : INTERNAL_ERROR);
      else if (meant && !(rstCode === REFUSED_STREAM && this.#mayRetry(cause))) this.#failed(upstream, failure('hung-up', `reset ${rstCode}`), rstCode);
      else this.#failed(upstream, cause);
    });
  }

  #upload(upstream: ClientHttp2Stream): void {
    const { stream } = this.#request;
    let trailers: OutgoingHttpHeaders = {};
    stream.on('trailers', (found: IncomingHttpHeaders, _flags: number, lines: readonly string[]) => trailers = sameFields(found, lines));
    upstream.on('wantTrailers', () => upstream.sendTrailers(trailers));
    stream.on('data', (chunk: Buffer) => {
      if (upstream.destroyed || upstream.write(chunk)) return;
      stream.pause();
      upstream.once('drain', () => stream.resume());
    });
    stream.on('end', () => {
      if (!upstream.destroyed) upstream.end();
    });
  }

  #answer(upstream: ClientHttp2Stream, headers: IncomingHttpHeaders, lines: readonly string[]): void {
    const state = this.#state;
    const { stream } = this.#request;
    if (state.phase !== 'sent' || stream.destroyed) return;
    this.#group.answered(state.endpoint, this.#context.now() - state.since);
    this.#state = { ...state, phase: 'answering' };
    const isTunnel = this.#request.headers[':method'] === 'CONNECT' || headers['content-type']?.startsWith('text/event-stream') === true;
    upstream.setTimeout(isTunnel ? 0 : this.#context.limits.bodyIdleMs);
    if (isTunnel && this.#context.mayTunnel()) this.#becomeTunnel();
    const endStream = upstream.readableEnded || upstream.endAfterHeaders;
    if (!endStream) stream.on('wantTrailers', () => stream.sendTrailers(this.#trailers));
    // An app that says no date means it. The types do not know the option.
    const options: ServerStreamResponseOptions & { readonly sendDate: boolean } = { endStream, waitForTrailers: !endStream, sendDate: false };
    stream.respond(sameFields(headers, lines), options);
  }

  /** It may last for days, and is no exchange under way. */
  #becomeTunnel(): void {
    this.#leave();
    this.#group.tunnels++;
    this.#leave = () => this.#group.tunnels--;
  }

  #finished(upstream: ClientHttp2Stream): void {
    const state = this.#state;
    if (!('upstream' in state) || state.upstream !== upstream) return;
    this.#state = ENDED;
    this.#leave();
    const { stream } = this.#request;
    if (stream.endAfterHeaders || stream.readableEnded) return;
    // The app has told this side to stop sending (RFC 9113 §8.1).
    if (stream.writableFinished) stream.close(NO_ERROR);
    else stream.once('finish', () => stream.close(NO_ERROR));
  }

  /** `code`: what the client's stream is reset with where it can get no answer. */
  #failed(upstream: ClientHttp2Stream, what: Failure, code: number = INTERNAL_ERROR): void {
    const state = this.#state;
    if (!('upstream' in state) || state.upstream !== upstream) return;
    if (meaning(what.reason).side === 'upstream') this.#group.failed(state.endpoint);
    if (state.phase === 'sent' && this.#mayRetry(what)) {
      this.avoid = state.endpoint;
      this.#state = WAITING;
      upstream.close(CANCEL);
      this.#context.retried(this.#group, what);
      this.#leave();
      this.#group.apply(this);
      return;
    }
    this.#end(what, code);
  }

  /** A body may be half gone, so only a request without one is sent again. */
  #mayRetry(what: Failure): boolean {
    const { stream, headers } = this.#request;
    if (this.#attempts >= this.#context.limits.attempts || !stream.endAfterHeaders) return false;
    if (what.reason === 'connect-failed') return true;
    return what.reason === 'no-answer' && isIdempotent(headers[':method']) && this.#group.budget.tryRetry(this.#context.now());
  }

  #onClientClosed(): void {
    const { stream } = this.#request;
    const state = this.#state;
    // Of an exchange whose answer is out nothing is left but an upload that nobody sends any more.
    if (state.phase === 'answering' && stream.rstCode === NO_ERROR && (state.upstream.readableEnded || state.upstream.endAfterHeaders)) {
      if (!state.upstream.writableEnded) state.upstream.close(NO_ERROR);
      return;
    }
    this.#end(failure('client-gone', `reset ${stream.rstCode}`));
  }

  #end(what: Failure, code: number = INTERNAL_ERROR): void {
    const state = this.#state;
    if (state.phase === 'ended') return;
    this.#state = ENDED;
    if ('upstream' in state) {
      state.upstream.close(what.reason === 'client-gone' ? this.#request.stream.rstCode : CANCEL);
      this.#leave();
    } else {
      this.#group.withdraw(this);
    }
    const { status } = meaning(what.reason);
    const begun = state.phase === 'answering';
    this.#context.failed(this.#group, what, begun ? 0 : status);
    this.#answerFailure(what, begun || status === 0, code);
  }

  #answerFailure(what: Failure, begun: boolean, code: number): void {
    const { stream } = this.#request;
    if (stream.destroyed || stream.closed) return;
    if (begun || stream.headersSent) {
      // `close` would end an answer that is not complete.
      if (code === NO_ERROR) stream.destroy();
      else stream.close(code);
      return;
    }
    const body = ownBody(what);
    const lines = ownHeaders(what, body);
    const headers: OutgoingHttpHeaders = { ':status': meaning(what.reason).status };
    for (let i = 0; i < lines.length; i += 2) headers[(lines[i] as string).toLowerCase()] = lines[i + 1];
    stream.respond(headers);
    stream.end(body);
  }
}

/** A stream that waited for its connection carries the connection's error as its cause. */
function codeOf(error: NodeJS.ErrnoException): string {
  const { cause } = error;
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code;
  return error.code ?? '';
}
