// Carries a request's body from the client to one upstream connection, framed anew, no faster than the upstream takes it. It knows no answer.

import type { IncomingMessage } from 'node:http';
import type { Connection } from './connection.ts';
import type { RequestFraming } from './request-head.ts';
import { trailerLines } from './trailers.ts';

export interface UploadUser {
  /** The whole body was written. */
  uploaded(): void;
  /** The client broke off in the middle of its body. */
  uploadBroken(): void;
  uploadTooLarge(): void;
}

export interface UploadBounds {
  readonly requestBodyBytes: number;
  readonly clientPaceBytes: number;
}

/** A request's body on its way. */
export interface RequestBody {
  /** Whether bytes of it may be gone, so that it cannot be sent again. */
  readonly begun: boolean;
  readonly ended: boolean;
  start(connection: Connection): void;
  /** The upstream takes bytes again. */
  drained(): void;
  /** Sends nothing more. What the client still sends is thrown away, so that its connection stays usable. */
  stop(): void;
}

/** The body of most requests. */
export const NO_BODY: RequestBody = { begun: false, ended: true, start: () => undefined, drained: () => undefined, stop: () => undefined };

type State = 'ready' | 'flowing' | 'ended' | 'stopped';

export class Upload implements RequestBody {
  readonly #req: IncomingMessage;
  readonly #framing: Exclude<RequestFraming, 'none'>;
  readonly #limits: UploadBounds;
  readonly #user: UploadUser;
  #state: State;
  #received = 0;
  #paceAt = 0;
  #connection: Connection | null = null;

  constructor(req: IncomingMessage, framing: Exclude<RequestFraming, 'none'>, limits: UploadBounds, user: UploadUser) {
    this.#req = req;
    this.#framing = framing;
    this.#limits = limits;
    this.#user = user;
    this.#state = 'ready';
  }

  get begun(): boolean {
    return this.#state === 'flowing' || this.#state === 'ended';
  }

  get ended(): boolean {
    return this.#state === 'ended';
  }

  start(connection: Connection): void {
    if (this.#state !== 'ready') return;
    this.#state = 'flowing';
    this.#connection = connection;
    const req = this.#req;
    // What the client has already sent comes in the next tick and leaves in one write with the head.
    connection.socket.cork();
    req.on('data', this.#onData);
    req.once('end', this.#onEnd);
    req.once('close', this.#onClose);
    process.nextTick(() => connection.socket.uncork());
    connection.awaitBody('client');
  }

  drained(): void {
    if (this.#state !== 'flowing') return;
    this.#connection?.awaitBody('client');
    this.#req.resume();
  }

  stop(): void {
    if (this.#state !== 'flowing' && this.#state !== 'ready') return;
    this.#state = 'stopped';
    this.#connection = null;
    this.#req.removeListener('data', this.#onData);
    this.#req.removeListener('end', this.#onEnd);
    this.#req.resume();
  }

  readonly #onData = (chunk: Buffer): void => {
    const connection = this.#connection;
    if (this.#state !== 'flowing' || connection === null) return;
    this.#received += chunk.length;
    if (this.#limits.requestBodyBytes > 0 && this.#received > this.#limits.requestBodyBytes) {
      this.#user.uploadTooLarge();
      return;
    }
    let more: boolean;
    if (this.#framing === 'length') {
      more = connection.write(chunk);
    } else {
      connection.socket.cork();
      connection.write(`${chunk.length.toString(16)}\r\n`);
      connection.write(chunk);
      more = connection.write('\r\n');
      connection.socket.uncork();
    }
    if (!more) {
      this.#req.pause();
      connection.awaitBody('upstream');
    } else if (this.#received >= this.#paceAt) {
      // A client that drips is as slow as one that stalls.
      this.#paceAt = this.#received + this.#limits.clientPaceBytes;
      connection.awaitBody('client');
    }
  };

  readonly #onEnd = (): void => {
    const connection = this.#connection;
    if (this.#state !== 'flowing' || connection === null) return;
    if (this.#framing === 'chunked') connection.write(`0\r\n${trailerLines(this.#req.rawTrailers)}\r\n`);
    this.#state = 'ended';
    this.#user.uploaded();
  };

  readonly #onClose = (): void => {
    if (this.#state !== 'flowing') return;
    this.#state = 'stopped';
    this.#user.uploadBroken();
  };
}
