// Turns the bytes of one upstream connection into one answer at a time; it knows neither the socket nor the client.

import { ChunkedFollower } from './chunked.ts';
import { Refusal, invalid } from './failure.ts';
import { fieldOf, framing, readHead } from './response-head.ts';
import type { ResponseHead } from './response-head.ts';
import type { Limits } from './limits.ts';
import { withoutForbidden } from './trailers.ts';

/**
 * What the reader finds, in this order: interim answers, a head, then one body or more, the last one marked.
 * Bytes hold for the call only; a head holds until the call of `body` that follows.
 */
export interface AnswerSink {
  interim(head: ResponseHead): void;
  head(head: ResponseHead, framing: 'none' | 'length' | 'chunked' | 'until-close'): void;
  /** `trailers` come with the last call only. */
  body(bytes: Buffer, start: number, end: number, last: boolean, trailers: string): void;
}

/**
 * `raw` hands on the answer's bytes as they are, chunked framing included; `payload` hands on what the framing carries.
 */
export type ReadMode = 'raw' | 'payload';

/** What may end HTTP on the connection: nothing, a 101, or any success (RFC 9110 §9.3.6). */
export type Switch = 'never' | 'upgrade' | 'connect';

type State =
  | { readonly kind: 'head'; interims: number }
  | { readonly kind: 'length'; left: number }
  | { readonly kind: 'chunked'; readonly follower: ChunkedFollower }
  | { readonly kind: 'until-close' }
  | { readonly kind: 'switched' }
  | { readonly kind: 'done' };

const DONE: State = { kind: 'done' };
const UNTIL_CLOSE: State = { kind: 'until-close' };
const SWITCHED: State = { kind: 'switched' };
const EMPTY = Buffer.alloc(0);

/** Whether the bytes behind an answer of that status are no HTTP. */
export function switches(may: Switch, status: number): boolean {
  switch (may) {
    case 'never': return false;
    case 'upgrade': return status === 101;
    case 'connect': return status >= 200 && status < 300;
  }
}

export class ResponseReader {
  readonly #mode: ReadMode;
  readonly #limits: Limits;
  #state: State = DONE;
  #toHead = false;
  #maySwitch: Switch = 'never';
  /** The beginning of a head that came in pieces. */
  #carry: Buffer = EMPTY;
  #carried = 0;
  #tryAt = 0;

  constructor(mode: ReadMode, limits: Limits) {
    this.#mode = mode;
    this.#limits = limits;
  }

  /** Whether an answer is complete and no other is expected. */
  get done(): boolean {
    return this.#state.kind === 'done';
  }

  get switched(): boolean {
    return this.#state.kind === 'switched';
  }

  /** Whether the end of the connection is the proper end of the answer. */
  get endsWithConnection(): boolean {
    return this.#state.kind === 'until-close';
  }

  /** Begins to read the answer to one request. */
  expect(toHead: boolean, maySwitch: Switch): void {
    this.#state = { kind: 'head', interims: 0 };
    this.#toHead = toHead;
    this.#maySwitch = maySwitch;
  }

  /** Reads on; the index behind what belongs to the answer. Throws Refusal. */
  read(bytes: Buffer, length: number, sink: AnswerSink): number {
    let at = 0;
    const inHead = this.#state.kind === 'head';
    while (this.#state.kind === 'head') {
      const end = this.#carried === 0 ? this.#readHead(bytes, at, length, sink) : this.#readCarried(bytes, at, length, sink);
      if (end === -1) return length;
      at = end;
    }
    // A head that came alone is handed on at once: its body may take long.
    if (at === length && inHead && this.#inBody()) sink.body(EMPTY, 0, 0, false, '');
    return this.#readBody(bytes, at, length, sink);
  }

  #inBody(): boolean {
    const { kind } = this.#state;
    return kind === 'length' || kind === 'chunked' || kind === 'until-close';
  }

  #readHead(bytes: Buffer, start: number, end: number, sink: AnswerSink): number {
    if (start === end) return -1;
    const head = readHead(bytes, start, end);
    if (head === null) {
      this.#keep(bytes, start, end);
      return -1;
    }
    if (head.end - head.start > this.#limits.responseHeadBytes) throw new Refusal('response-head-too-large');
    this.#begin(head, sink);
    return head.end;
  }

  /** Goes on with a head that began in an earlier read. */
  #readCarried(bytes: Buffer, start: number, end: number, sink: AnswerSink): number {
    const before = this.#carried;
    this.#keep(bytes, start, end);
    const carry = this.#carry;
    const complete = carry.subarray(0, this.#carried).indexOf('\r\n\r\n', Math.max(0, before - 3), 'latin1') !== -1;
    // Parsing at each doubling finds garbage early and stays linear for a head that drips.
    if (!complete && this.#carried < this.#tryAt) return -1;
    this.#tryAt = this.#carried * 2;
    const head = readHead(carry, 0, this.#carried);
    if (head === null) return -1;
    if (head.end > this.#limits.responseHeadBytes) throw new Refusal('response-head-too-large');
    this.#carried = 0;
    this.#tryAt = 0;
    this.#begin(head, sink);
    return start + head.end - before;
  }

  #keep(bytes: Buffer, start: number, end: number): void {
    const room = this.#limits.responseHeadBytes;
    const wanted = this.#carried + end - start;
    // A head in pieces may be followed by body in the same read: only the head must fit, the rest is read from `bytes`.
    if (this.#carried >= room) throw new Refusal('response-head-too-large');
    if (this.#carry.length < wanted) {
      const grown = Buffer.allocUnsafeSlow(Math.max(wanted, 2 * this.#carry.length, 1024));
      this.#carry.copy(grown, 0, 0, this.#carried);
      this.#carry = grown;
    }
    bytes.copy(this.#carry, this.#carried, start, end);
    this.#carried = wanted;
  }

  #begin(head: ResponseHead, sink: AnswerSink): void {
    if (switches(this.#maySwitch, head.status)) {
      this.#state = SWITCHED;
      sink.head(head, 'none');
      return;
    }
    // One that names no protocol switches to nothing: between workers it goes on as the last answer of both connections.
    if (head.status === 101 && (this.#mode === 'payload' || fieldOf(head, 'upgrade') !== null)) throw new Refusal('upgrade-unasked');
    if (head.status < 200 && head.status !== 101) {
      const { interims } = this.#state as { interims: number };
      if (interims >= this.#limits.interimResponses) invalid('a flood of informational answers');
      this.#state = { kind: 'head', interims: interims + 1 };
      sink.interim(head);
      return;
    }
    // A proxy would have to take the coding off; between workers the bytes go on as they are.
    if (head.coded && this.#mode === 'payload') invalid('a transfer coding');
    const kind = framing(head, this.#toHead);
    switch (kind) {
      case 'none': this.#state = DONE; break;
      case 'length': this.#state = { kind, left: head.contentLength }; break;
      case 'chunked': this.#state = { kind, follower: new ChunkedFollower(this.#limits) }; break;
      case 'until-close': this.#state = UNTIL_CLOSE; break;
    }
    sink.head(head, kind);
    if (kind === 'none') sink.body(EMPTY, 0, 0, true, '');
  }

  #readBody(bytes: Buffer, start: number, end: number, sink: AnswerSink): number {
    const state = this.#state;
    if (start === end) return end;
    switch (state.kind) {
      case 'length': {
        const to = Math.min(end, start + state.left);
        state.left -= to - start;
        if (state.left === 0) this.#state = DONE;
        sink.body(bytes, start, to, state.left === 0, '');
        return to;
      }
      case 'chunked': return this.#readChunked(state.follower, bytes, start, end, sink);
      case 'until-close':
        sink.body(bytes, start, end, false, '');
        return end;
      case 'head': case 'switched': case 'done':
        return start;
    }
  }

  #readChunked(follower: ChunkedFollower, bytes: Buffer, start: number, end: number, sink: AnswerSink): number {
    let filled = start;
    const raw = this.#mode === 'raw';
    // Payload runs are moved together in place, so that each read makes one write.
    const to = follower.follow(bytes, start, end, raw ? null : (from, until) => {
      if (from !== filled) bytes.copyWithin(filled, from, until);
      filled += until - from;
    });
    if (follower.ended) this.#state = DONE;
    sink.body(bytes, start, raw ? to : filled, follower.ended, follower.ended && !raw ? withoutForbidden(follower.trailers) : '');
    return to;
  }
}
