// One HTTP/2 connection of a client: its streams, and when it has to end, for whoever does nothing, floods, or does not take
// what was answered. It knows no request.

import { constants } from 'node:http2';
import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { FrontLimits } from './limits.ts';

/** Frames that cost an answer are counted over this long. */
const COUNT_MS = 10_000;
/** A client that takes less than this in the time of a stall does not read; the slowest network takes more. */
const PACE_BYTES = 16 * 1024;
/** The highest number of a stream there is (RFC 9113 §6.8). */
const ANY_STREAM = 2 ** 31 - 1;

/** open → leaving, when no more streams are taken. */
type State =
  | { readonly phase: 'open' }
  /** `quietAt`: since then no stream has been under way. */
  | { readonly phase: 'leaving'; readonly quietAt: number | null };

export type ConnectionBounds = Pick<FrontLimits, 'keepAliveMs' | 'lingerMs' | 'stallMs' | 'controlFrames'>;

export class Http2Connection {
  readonly session: ServerHttp2Session;
  /** As it was when the connection came: of a socket that has closed nobody knows it any more. */
  readonly address: string | undefined;
  readonly secure: boolean;
  readonly #socket: Socket;
  readonly #bounds: ConnectionBounds;
  readonly #streams = new Set<ServerHttp2Stream>();
  #state: State = { phase: 'open' };
  #idleSince: number;
  #controlFrames = 0;
  #countedSince: number;
  /** Since when complete answers wait for their client, and how much it had taken then; null when none waits. */
  #untaken: { readonly since: number; readonly taken: number } | null = null;

  constructor(session: ServerHttp2Session, socket: Socket, secure: boolean, bounds: ConnectionBounds, now: number) {
    this.session = session;
    this.address = socket.remoteAddress;
    this.secure = secure;
    this.#socket = socket;
    this.#bounds = bounds;
    this.#idleSince = now;
    this.#countedSince = now;
  }

  /** Under way now. */
  get streams(): number {
    return this.#streams.size;
  }

  begun(stream: ServerHttp2Stream): void {
    this.#streams.add(stream);
  }

  ended(stream: ServerHttp2Stream, now: number): void {
    this.#streams.delete(stream);
    this.#idleSince = now;
  }

  /** What only costs this side work, in bulk, is an attack (CVE-2019-9512, CVE-2019-9515). */
  countControl(now: number): void {
    if (now - this.#countedSince > COUNT_MS) {
      this.#countedSince = now;
      this.#controlFrames = 0;
    }
    this.#controlFrames++;
    if (this.#controlFrames <= this.#bounds.controlFrames || this.session.destroyed) return;
    this.session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    this.session.destroy();
  }

  /** Tells the client to send no more; what it has sent is served. The last word comes with `leave`. */
  farewell(): void {
    if (!this.session.destroyed && !this.session.closed) this.session.goaway(constants.NGHTTP2_NO_ERROR, ANY_STREAM);
  }

  /** Takes no more streams, and ends when those that are there have. */
  leave(): void {
    if (this.#state.phase === 'leaving') return;
    this.#state = { phase: 'leaving', quietAt: null };
    if (!this.session.destroyed) this.session.close();
  }

  destroy(): void {
    this.session.destroy();
  }

  /** Called now and then: ends what is late. */
  check(now: number): void {
    this.#checkUntaken(now);
    const state = this.#state;
    if (this.#streams.size > 0) {
      if (state.phase === 'leaving' && state.quietAt !== null) this.#state = { phase: 'leaving', quietAt: null };
    } else if (state.phase === 'open') {
      if (now - this.#idleSince > this.#bounds.keepAliveMs) this.leave();
    } else if (state.quietAt === null) {
      this.#state = { phase: 'leaving', quietAt: now };
    } else if (now - state.quietAt > this.#bounds.lingerMs) {
      // Its client has heard the end and leaves its own side open, or a head without one.
      this.#socket.destroy();
    }
  }

  /** An answer that its upstream has completed is bounded by nobody else: a client with a shut window could keep it for ever (CVE-2019-9517). */
  #checkUntaken(now: number): void {
    const waiting = [...this.#streams].filter(({ writableEnded, writableFinished }) => writableEnded && !writableFinished);
    const taken = this.#socket.bytesWritten;
    if (waiting.length === 0) {
      this.#untaken = null;
    } else if (this.#untaken === null || taken - this.#untaken.taken >= PACE_BYTES) {
      this.#untaken = { since: now, taken };
    } else if (now - this.#untaken.since > this.#bounds.stallMs) {
      this.#untaken = null;
      for (const stream of waiting) stream.close(constants.NGHTTP2_CANCEL);
    }
  }
}
