// One HTTP exchange, from an accepted request to its one end. It knows neither sockets nor how an upstream is chosen.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { endsLate, endsNever } from './answer-end.ts';
import type { Connection } from './connection.ts';
import type { ConnectionUser } from './connection-user.ts';
import type { Endpoint } from './endpoint.ts';
import type { ExchangeContext } from './exchange-context.ts';
import { failure, meaning } from './failure.ts';
import type { Failure, FailureReason } from './failure.ts';
import { watchClient } from './client-watch.ts';
import type { ClientListener } from './client-watch.ts';
import { awaitHalfClosed, awaitSilence } from './half-close.ts';
import type { Applicant, Group } from './group.ts';
import type { EditReply } from './hop.ts';
import { isIdempotent } from './idempotent.ts';
import { closeGently, endGently } from './linger.ts';
import { answerFailure } from './own-answer.ts';
import { keepsAlive } from './reply.ts';
import type { Reply } from './reply-writer.ts';
import type { RequestHead } from './request-head.ts';
import type { BodyFraming, ResponseHead } from './response-head.ts';
import { NO_BODY, Upload } from './upload.ts';
import type { RequestBody, UploadUser } from './upload.ts';

/**
 * waiting → sent → answering → ended, back from sent to waiting for a retry, and to ended from everywhere.
 * `ended` is entered once: whatever comes later belongs to nobody.
 */
type State =
  | { readonly phase: 'waiting' }
  | { readonly phase: 'sent'; readonly connection: Connection; readonly endpoint: Endpoint; readonly since: number; readonly idleMs: number }
  | { readonly phase: 'answering'; readonly connection: Connection; readonly endpoint: Endpoint; readonly reply: Reply }
  | { readonly phase: 'ended' };

const WAITING: State = { phase: 'waiting' };
const ENDED: State = { phase: 'ended' };
const TOO_LATE = 504;
/** A connection that rested this long may have been closed by its upstream just now; that is nobody's failure. */
const RESTED_MS = 1_000;

export class Exchange implements Applicant, ConnectionUser, UploadUser, ClientListener {
  readonly #context: ExchangeContext;
  readonly #group: Group;
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  readonly #head: RequestHead;
  readonly #upload: RequestBody;
  readonly #editReply: EditReply | null;
  #state: State = WAITING;
  #attempts = 0;
  #fresh = false;
  avoid: Endpoint | null = null;
  /** Gives back what it holds of its group's limits; replaced when it holds something else. */
  #leave: () => void = () => undefined;

  constructor(context: ExchangeContext, group: Group, req: IncomingMessage, res: ServerResponse, head: RequestHead, editReply: EditReply | null) {
    this.#context = context;
    this.#group = group;
    this.#req = req;
    this.#res = res;
    this.#head = head;
    this.#editReply = editReply;
    this.#upload = head.framing === 'none' ? NO_BODY : new Upload(req, head.framing, context.limits, this);
  }

  start(): void {
    watchClient(this.#req, this.#res, this);
    this.#group.budget.request(this.#context.now());
    this.#group.apply(this);
  }

  // Applicant

  admitted(endpoint: Endpoint): void {
    const now = this.#context.now();
    const connection = endpoint.take(this, this.#fresh);
    this.#attempts++;
    this.#leave = () => this.#group.release(endpoint);
    this.#move({ phase: 'sent', connection, endpoint, since: now, idleMs: connection.uses === 0 ? 0 : now - connection.since });
    connection.writeHead(this.#head.text, this.#upload.ended, this.#req.method === 'HEAD', 'never');
    if (!connection.isConnecting) this.#upload.start(connection);
  }

  shed(reason: FailureReason): void {
    this.#end(failure(reason));
  }

  // ConnectionUser

  connected(): void {
    if (this.#state.phase === 'sent') this.#upload.start(this.#state.connection);
  }

  drained(): void {
    this.#upload.drained();
  }

  interim(head: ResponseHead): void {
    if (this.#state.phase !== 'sent') return;
    const text = this.#context.hop.interimText(head, this.#req);
    if (text !== '') this.#context.writer.interim(this.#res, text);
  }

  head(head: ResponseHead, framing: BodyFraming): void {
    const state = this.#state;
    if (state.phase !== 'sent') return;
    this.#group.answered(state.endpoint, this.#context.now() - state.since);
    const { hop, writer } = this.#context;
    const mayKeep = keepsAlive(this.#res) && (hop.finishesUploads || this.#upload.ended);
    const reply = writer.begin(this.#res, head.status, hop.replyHead(head, framing, this.#req, mayKeep, this.#editReply));
    this.#move({ phase: 'answering', connection: state.connection, endpoint: state.endpoint, reply });
    if (head.eventStream) endsNever(this.#res);
    if (head.eventStream && this.#context.mayTunnel()) this.#becomeTunnel();
  }

  body(bytes: Buffer, start: number, end: number, last: boolean, trailers: string): void {
    const state = this.#state;
    if (state.phase !== 'answering') return;
    if (this.#stopHalfClose !== null) this.#wroteAt = this.#context.now();
    const { writer } = this.#context;
    const piece = { bytes, start, end, last, trailers };
    if (last) {
      this.#finish(state.connection);
      writer.write(this.#res, state.reply, piece);
    } else if (!writer.write(this.#res, state.reply, piece)) {
      state.connection.pause();
      this.#res.once('drain', () => {
        if (this.#state === state) state.connection.resume();
      });
    }
  }

  switched(): void {
    // No request of this kind asks for another protocol.
    this.failed(failure('upgrade-unasked'));
  }

  failed(what: Failure): void {
    const state = this.#state;
    if (state.phase === 'waiting') return;
    if (state.phase === 'ended') {
      // Nobody takes the rest of the body any more: its sender is hung up on, as by the app itself.
      if (this.#trailing !== null) endGently(this.#req.socket);
      this.#trailing?.();
      return;
    }
    const rested = state.phase === 'sent' && what.reason === 'no-answer' && state.idleMs >= RESTED_MS;
    if (!rested && meaning(what.reason).side === 'upstream') this.#group.failed(state.endpoint);
    if (state.phase === 'sent' && this.#mayRetry(what, rested)) {
      this.avoid = rested ? null : state.endpoint;
      this.#fresh = true;
      this.#move(WAITING);
      this.#context.retried(this.#group, what);
      this.#leave();
      this.#group.apply(this);
      return;
    }
    this.#end(what);
  }

  // UploadUser

  uploaded(): void {
    const state = this.#state;
    if (state.phase === 'sent' || state.phase === 'answering') state.connection.requestSent();
    else this.#trailing?.();
  }

  uploadBroken(): void {
    if (this.#state.phase === 'ended') this.#trailing?.();
    else this.#end(failure('client-gone'));
  }

  uploadTooLarge(): void {
    if (this.#state.phase === 'ended') this.#trailing?.();
    else this.#end(failure('body-too-large'));
  }

  // ClientListener

  get isUnderWay(): boolean {
    return this.#state.phase !== 'ended';
  }

  clientClosed(what?: Failure): void {
    if (this.#state.phase !== 'ended') this.#end(what ?? failure('client-gone'));
  }

  clientHalfClosed(): void {
    const gone = (): void => this.#end(failure('client-gone', 'half-closed'));
    const { clock } = this.#context;
    switch (this.#state.phase) {
      case 'waiting': case 'sent':
        this.#stopHalfClose = awaitHalfClosed(this.#req, this.#res, clock, gone);
        break;
      case 'answering':
        this.#wroteAt = clock.now();
        this.#stopHalfClose = awaitSilence(this.#req, clock, () => this.#wroteAt, gone);
        break;
      case 'ended':
        break;
    }
  }

  #wroteAt = 0;

  #stopHalfClose: (() => void) | null = null;

  /** What is left to do when the body ends after its answer. */
  #trailing: (() => void) | null = null;

  /** An event stream may last for days: it counts as a tunnel, not as an exchange under way. */
  #becomeTunnel(): void {
    this.#leave();
    this.#group.tunnels++;
    this.#leave = () => this.#group.tunnels--;
  }

  #mayRetry(what: Failure, rested: boolean): boolean {
    if (this.#attempts >= this.#context.limits.attempts || this.#upload.begun) return false;
    // Nothing was sent: it costs no upstream anything.
    if (what.reason === 'connect-failed' || what.reason === 'connect-timeout') return true;
    if (what.reason !== 'no-answer' || this.#head.framing !== 'none' || !isIdempotent(this.#req.method)) return false;
    return rested || this.#group.budget.tryRetry(this.#context.now());
  }

  /** The answer is complete. The connection is free when the body is, too. */
  #finish(connection: Connection): void {
    this.#move(ENDED);
    if (this.#upload.ended) {
      this.#leave();
      return;
    }
    if (!this.#context.hop.finishesUploads || !this.#res.shouldKeepAlive) {
      this.#upload.stop();
      connection.abandon();
      this.#leave();
      closeGently(this.#req, this.#res);
      return;
    }
    // Of the end of its connection Node tells a request nothing that it takes for answered.
    const { socket } = this.#req;
    const over = this.#trailing = (): void => {
      this.#trailing = null;
      socket.removeListener('close', over);
      if (this.#upload.ended) {
        connection.requestSent();
      } else {
        this.#upload.stop();
        connection.abandon();
      }
      this.#leave();
    };
    socket.once('close', over);
  }

  /** The one end of an exchange that did not succeed. */
  #end(what: Failure): void {
    const state = this.#state;
    if (state.phase === 'ended') return;
    this.#move(ENDED);
    if (state.phase === 'waiting') {
      this.#group.withdraw(this);
    } else {
      state.connection.abandon();
      this.#leave();
    }
    const { status } = meaning(what.reason);
    if (status === TOO_LATE) endsLate(this.#res);
    this.#context.failed(this.#group, what, state.phase === 'answering' ? 0 : status);
    const bodyRead = this.#upload.ended;
    this.#upload.stop();
    if (state.phase === 'answering' || status === 0) this.#res.destroy();
    else answerFailure(this.#req, this.#res, what, !bodyRead);
  }

  #move(to: State): void {
    if (this.#state.phase === 'ended') throw new Error(`an ended exchange cannot become ${to.phase}`);
    if (this.#stopHalfClose !== null && (to.phase === 'answering' || to.phase === 'ended')) this.#stopHalfClose();
    this.#state = to;
  }
}
