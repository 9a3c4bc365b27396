// One HTTP/1.1 connection to one upstream: writes a request, reads one answer at a time. It knows neither the client nor why it was picked.

import type { Socket } from 'node:net';
import { Deadline } from './deadline.ts';
import { surviveFailedWrite, whenReadOut } from './failed-write.ts';
import { Refusal, failure } from './failure.ts';
import type { Failure } from './failure.ts';
import { ResponseReader } from './response-reader.ts';
import type { AnswerSink, Switch } from './response-reader.ts';
import type { ResponseHead, BodyFraming } from './response-head.ts';
import { Reuse } from './reuse.ts';
import { connect, isLocal } from './upstream.ts';
import type { Address } from './upstream.ts';
import type { ConnectionOwner, ConnectionUser, TunnelEnd } from './connection-user.ts';

/** One buffer for all connections: each read is used up before the next can happen. */
const READ_BUFFER = Buffer.allocUnsafeSlow(64 * 1024);

type State =
  | { readonly kind: 'connecting'; readonly user: ConnectionUser }
  | { readonly kind: 'busy'; readonly user: ConnectionUser }
  | { readonly kind: 'idle' }
  | { readonly kind: 'tunnel'; onBytes: ((bytes: Buffer) => void) | null }
  | { readonly kind: 'closed' };

const IDLE: State = { kind: 'idle' };
const CLOSED: State = { kind: 'closed' };

export class Connection implements TunnelEnd, AnswerSink {
  readonly socket: Socket;
  readonly #owner: ConnectionOwner;
  readonly #reader: ResponseReader;
  #state: State;
  /** Exchanges so far. */
  uses = 0;
  /** When it became idle, or was last used. */
  since: number;
  readonly #deadline: Deadline;
  readonly #reuse: Reuse;
  #requestSent = false;
  #answerBegun = false;
  #eventStream = false;
  /** The upstream takes nothing more; what it said may still be read. */
  #deaf = false;

  constructor(address: Address, owner: ConnectionOwner, user: ConnectionUser) {
    this.#owner = owner;
    this.#reader = new ResponseReader(owner.readMode, owner.limits);
    this.#state = { kind: 'connecting', user };
    this.#deadline = new Deadline(() => owner.now());
    this.#reuse = new Reuse(owner.limits);
    this.since = owner.now();
    this.#deadline.set(isLocal(address) ? owner.limits.connectLocalMs : owner.limits.connectRemoteMs, 'connect-timeout');
    this.socket = connect(address, { buffer: READ_BUFFER, callback: (bytes) => this.#onRead(bytes) });
    // What is under way holds a client's socket; what is idle must not keep a process alive.
    this.socket.unref();
    this.socket.once('secureConnect' in this.socket || 'encrypted' in this.socket ? 'secureConnect' : 'connect', () => this.#onConnect());
    this.socket.on('drain', () => this.#user()?.drained());
    this.socket.on('end', () => this.#onEnd());
    this.socket.on('error', (error) => this.#onClosed(error.message));
    this.socket.on('close', () => this.#onClosed('closed'));
    surviveFailedWrite(this.socket, () => this.#onFailedWrite());
  }

  get isConnecting(): boolean {
    return this.#state.kind === 'connecting';
  }

  get isIdle(): boolean {
    return this.#state.kind === 'idle';
  }

  /** Idle for so long that the upstream may be about to close it. */
  isStale(now: number): boolean {
    return this.#state.kind === 'idle' && this.#reuse.isStale(now - this.since);
  }

  /** Takes an idle connection into use; a fresh one is in use from its birth. */
  use(user: ConnectionUser): void {
    this.#state = { kind: 'busy', user };
  }

  /** Writes a request's head. `complete`: no body follows. */
  writeHead(text: string, complete: boolean, toHead: boolean, maySwitch: Switch): boolean {
    this.uses++;
    this.#requestSent = complete;
    this.#answerBegun = false;
    this.#eventStream = false;
    this.#reader.expect(toHead, maySwitch);
    if (this.#state.kind !== 'connecting') this.#deadline.set(this.#owner.limits.responseHeadMs, 'head-timeout');
    return this.socket.write(text, 'latin1');
  }

  /** More of the body is up to the client now, or to the upstream. */
  awaitBody(from: 'client' | 'upstream'): void {
    if (this.#answerBegun) return;
    if (from === 'client') this.#deadline.set(this.#owner.limits.clientIdleMs, 'request-timeout');
    else this.#deadline.set(this.#owner.limits.responseHeadMs, 'head-timeout');
  }

  write(data: Buffer | string): boolean {
    if (this.#deaf) return true;
    return typeof data === 'string' ? this.socket.write(data, 'latin1') : this.socket.write(data);
  }

  /** The request is complete. */
  requestSent(): void {
    this.#requestSent = true;
    this.awaitBody('upstream');
    if (this.#reader.done) this.#finish();
  }

  /** The client takes no more for now. */
  pause(): void {
    this.socket.pause();
    this.#deadline.set(this.#owner.limits.clientStallMs, 'client-too-slow');
  }

  resume(): void {
    this.#expireBody();
    this.socket.resume();
    if (this.#deaf) this.#readOut();
  }

  /** Ends it at once; the user hears nothing more. */
  abandon(): void {
    this.#state = CLOSED;
    this.socket.destroy();
    this.#owner.closed(this);
  }

  onBytes(listener: (bytes: Buffer) => void): void {
    if (this.#state.kind === 'tunnel') this.#state.onBytes = listener;
  }

  // AnswerSink: what the reader finds goes to the user, after a look at what decides on the connection's further life.

  interim(head: ResponseHead): void {
    this.#deadline.set(this.#owner.limits.responseHeadMs, 'head-timeout');
    this.#user()?.interim(head);
  }

  head(head: ResponseHead, framing: BodyFraming): void {
    this.#noteHead(head, framing);
    this.#user()?.head(head, framing);
  }

  body(bytes: Buffer, start: number, end: number, last: boolean, trailers: string): void {
    this.#user()?.body(bytes, start, end, last, trailers);
  }

  /** Called from time to time; fails what is late. */
  check(now: number): void {
    const missed = this.#deadline.missed(now);
    if (missed !== null) this.#fail(failure(missed));
  }

  /** The upstream takes nothing more. True when what it said before is worth reading. */
  #onFailedWrite(): boolean {
    if (this.#state.kind !== 'busy') return false;
    this.#deaf = true;
    this.#reuse.forbid();
    this.#state.user.drained();
    this.#readOut();
    return true;
  }

  /** An answer that would end with its connection did not end in order. */
  #readOut(): void {
    whenReadOut(this.socket, () => this.#onClosed('closed'));
  }

  #user(): ConnectionUser | null {
    return this.#state.kind === 'busy' || this.#state.kind === 'connecting' ? this.#state.user : null;
  }

  #expireBody(): void {
    this.#deadline.set(this.#eventStream ? 0 : this.#owner.limits.bodyIdleMs, 'body-idle');
  }

  #onConnect(): void {
    if (this.#state.kind !== 'connecting') return;
    const { user } = this.#state;
    this.#state = { kind: 'busy', user };
    this.#deadline.set(this.#owner.limits.responseHeadMs, 'head-timeout');
    user.connected();
  }

  #onRead(length: number): boolean {
    const state = this.#state;
    switch (state.kind) {
      case 'busy':
        this.#readAnswer(state.user, length);
        break;
      case 'tunnel':
        state.onBytes?.(Buffer.from(READ_BUFFER.subarray(0, length)));
        break;
      case 'idle':
        // Nobody asked: these bytes must reach nobody.
        this.abandon();
        break;
      case 'connecting': case 'closed':
        break;
    }
    return true;
  }

  #readAnswer(user: ConnectionUser, length: number): void {
    const { done } = this.#reader;
    if (done) {
      // The answer is complete but the request is not yet: what comes now belongs to no request.
      this.#reuse.forbid();
      return;
    }
    let used: number;
    try {
      used = this.#reader.read(READ_BUFFER, length, this);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#fail(error.failure);
      return;
    }
    if (this.#state.kind !== 'busy') return;
    if (this.#reader.switched) {
      this.#switch(user, Buffer.from(READ_BUFFER.subarray(used, length)));
    } else if (this.#reader.done) {
      if (used < length) this.#reuse.forbid();
      if (this.#requestSent) this.#finish();
    } else if (this.#answerBegun && !this.socket.isPaused()) {
      this.#expireBody();
    }
  }

  #noteHead(head: ResponseHead, framing: BodyFraming): void {
    this.#answerBegun = true;
    this.#eventStream = head.eventStream;
    this.#reuse.note(head, framing, this.uses);
  }

  #switch(user: ConnectionUser, early: Buffer): void {
    this.#deadline.clear();
    this.#state = { kind: 'tunnel', onBytes: null };
    user.switched(this, early);
  }

  #finish(): void {
    this.#deadline.clear();
    this.since = this.#owner.now();
    if (this.#reuse.allowed && !this.socket.destroyed && this.socket.writable) {
      this.#state = IDLE;
      this.#owner.idle(this);
    } else {
      this.abandon();
    }
  }

  #onEnd(): void {
    const user = this.#user();
    if (user === null) {
      if (this.#state.kind === 'idle') this.abandon();
      return;
    }
    if (this.#reader.endsWithConnection) {
      this.#reader.expect(false, 'never');
      this.#state = CLOSED;
      user.body(READ_BUFFER, 0, 0, true, '');
      this.socket.destroy();
      this.#owner.closed(this);
    } else {
      this.#onClosed('closed');
    }
  }

  #onClosed(detail: string): void {
    switch (this.#state.kind) {
      case 'connecting':
        this.#fail(failure('connect-failed', detail));
        break;
      case 'busy':
        this.#fail(failure(this.#answerBegun ? 'cut-off' : 'no-answer', detail));
        break;
      case 'idle':
        this.abandon();
        break;
      case 'tunnel':
        this.#state = CLOSED;
        this.#owner.closed(this);
        break;
      case 'closed':
        break;
    }
  }

  #fail(what: Failure): void {
    const user = this.#user();
    this.abandon();
    user?.failed(what);
  }
}
