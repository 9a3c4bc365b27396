// What was sent of a request's body, as long as its upstream may still say that it looked at nothing of it (RFC 9113 §8.7). It sends nothing.

import type { Fields } from './fields.ts';

/** The first window of a stream that nobody has looked at, and as much again that waits here for the window. */
const KEPT_BYTES = 128 * 1024;

export class KeptBody {
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  /** Of a body that has ended; null before. */
  trailers: Fields | null = null;

  /** False when it is more than is kept: the request cannot be sent again. */
  get isWhole(): boolean {
    return this.#bytes <= KEPT_BYTES;
  }

  get chunks(): readonly Buffer[] {
    return this.#chunks;
  }

  add(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.isWhole) this.#chunks.push(chunk);
    else this.#chunks.length = 0;
  }
}
