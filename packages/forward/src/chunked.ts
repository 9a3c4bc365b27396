// Follows a chunked body (RFC 9112 §7.1) octet by octet to its end, refusing every deviation; it knows neither sockets nor who reads on.

import { CR, FIELD_VALUE, HEX_DIGIT, LF, SEMICOLON, SP, TAB } from './octets.ts';
import { invalid } from './failure.ts';

type State = 'size' | 'extension' | 'size-lf' | 'data' | 'data-cr' | 'data-lf' | 'trailer-start' | 'trailer' | 'trailer-lf' | 'end-lf' | 'end';

export interface ChunkedBounds {
  readonly chunkExtensionBytes: number;
  readonly trailerBytes: number;
}

/** Sizes of more digits than this cannot be exact numbers. */
const SIZE_DIGITS = 13;

export class ChunkedFollower {
  readonly #bounds: ChunkedBounds;
  #state: State = 'size';
  #size = 0;
  #digits = 0;
  #extensionBytes = 0;
  #trailerBytes = 0;
  #trailers = '';
  #line = '';

  constructor(bounds: ChunkedBounds) {
    this.#bounds = bounds;
  }

  get ended(): boolean {
    return this.#state === 'end';
  }

  /** The trailer section's lines, each with its CRLF; '' without any. */
  get trailers(): string {
    return this.#trailers;
  }

  /**
   * Follows the body through `bytes[start, end)` and returns how far it went: `end`, or less when the body ended before.
   * `onData` gets each run of payload.
   */
  follow(bytes: Buffer, start: number, end: number, onData: ((from: number, to: number) => void) | null): number {
    let at = start;
    while (at < end && this.#state !== 'end') {
      if (this.#state === 'data') {
        const to = Math.min(end, at + this.#size);
        onData?.(at, to);
        this.#size -= to - at;
        at = to;
        if (this.#size === 0) this.#state = 'data-cr';
      } else if (this.#state === 'trailer') {
        at = this.#followTrailer(bytes, at, end);
      } else {
        this.#followOctet(bytes[at] as number);
        // A trailer line's first octet belongs to the line.
        if (!this.#inTrailer()) at++;
      }
    }
    return at;
  }

  #followOctet(octet: number): void {
    switch (this.#state) {
      case 'size':
        this.#followSize(octet);
        break;
      case 'extension':
        if (octet === CR) this.#state = 'size-lf';
        else if (FIELD_VALUE[octet] !== 1) invalid('a control octet in a chunk extension');
        else if (++this.#extensionBytes > this.#bounds.chunkExtensionBytes) invalid('chunk extensions over the limit');
        break;
      case 'size-lf':
        expectLf(octet);
        this.#state = this.#size === 0 ? 'trailer-start' : 'data';
        break;
      case 'data-cr':
        if (octet !== CR) invalid('a chunk longer than its size');
        this.#state = 'data-lf';
        break;
      case 'data-lf':
        expectLf(octet);
        this.#state = 'size';
        this.#digits = 0;
        break;
      case 'trailer-start':
        if (octet === CR) {
          this.#state = 'end-lf';
        } else {
          this.#state = 'trailer';
          this.#line = '';
        }
        break;
      case 'trailer-lf':
        expectLf(octet);
        this.#trailers += `${this.#line}\r\n`;
        this.#state = 'trailer-start';
        break;
      case 'end-lf':
        expectLf(octet);
        this.#state = 'end';
        break;
      case 'data': case 'trailer': case 'end':
        throw new Error(`a state that follows runs: ${this.#state}`);
    }
  }

  #inTrailer(): boolean {
    return this.#state === 'trailer';
  }

  #followSize(octet: number): void {
    const digit = HEX_DIGIT[octet] as number;
    if (digit !== 255) {
      if (this.#digits === SIZE_DIGITS) invalid('a chunk size over all bounds');
      this.#size = this.#digits === 0 ? digit : this.#size * 16 + digit;
      this.#digits++;
    } else if (this.#digits === 0) {
      invalid('a malformed chunk size');
    } else if (octet === CR) {
      this.#state = 'size-lf';
    } else if (octet === SEMICOLON || octet === SP || octet === TAB) {
      this.#state = 'extension';
    } else {
      invalid('a malformed chunk size');
    }
  }

  /** A run of a trailer line up to its CR. */
  #followTrailer(bytes: Buffer, start: number, end: number): number {
    let at = start;
    while (at < end && FIELD_VALUE[bytes[at] as number] === 1) at++;
    this.#append(bytes.toString('latin1', start, at));
    if (at === end) return at;
    if (bytes[at] !== CR) invalid('a control octet in a trailer');
    if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+:/.test(this.#line)) invalid('a malformed trailer');
    this.#state = 'trailer-lf';
    return at + 1;
  }

  #append(text: string): void {
    this.#trailerBytes += text.length;
    if (this.#trailerBytes > this.#bounds.trailerBytes) invalid('trailers over the limit');
    this.#line += text;
  }
}

function expectLf(octet: number): void {
  if (octet !== LF) invalid('a CR without its LF in the chunked framing');
}
