// Who asks for a mirrored copy: nobody. Its body is in memory, its answer is read and thrown away.

import { RESET } from '@graylane/forward/relay';
import type { RelayClient, RelayClientListener, RelayRequest, Written } from '@graylane/forward/relay';

/** An answer is read to its end, so that its connection can be used again, but not further than this. */
const ANSWER_LIMIT_BYTES = 1024 * 1024;

export class MirrorClient implements RelayClient {
  readonly request: RelayRequest;
  readonly #chunks: Buffer[];
  #listener: RelayClientListener | null = null;
  #paused = false;
  #ended = false;
  #read = 0;
  #hasAnswer = false;

  constructor(request: RelayRequest, chunks: Buffer[]) {
    this.request = request;
    this.#chunks = chunks;
  }

  get hasAnswer(): boolean {
    return this.#hasAnswer;
  }

  /** Its time is over. */
  giveUp(): void {
    this.#listener?.closed();
  }

  watch(listener: RelayClientListener): void {
    this.#listener = listener;
  }

  readBody(): void {
    this.#pump();
  }

  pauseBody(): void {
    this.#paused = true;
  }

  resumeBody(): void {
    this.#paused = false;
    this.#pump();
  }

  interim(): void {
    // Thrown away.
  }

  respond(): void {
    this.#hasAnswer = true;
  }

  write(chunk: Buffer, written?: Written): boolean {
    this.#read += chunk.length;
    written?.();
    if (this.#read > ANSWER_LIMIT_BYTES) queueMicrotask(() => this.giveUp());
    return true;
  }

  end(): void {
    this.#listener = null;
  }

  refuse(): void {
    this.#listener = null;
  }

  abort(code: number = RESET.none): number {
    this.#listener = null;
    return code;
  }

  #pump(): void {
    while (!this.#paused && this.#listener !== null) {
      const chunk = this.#chunks.shift();
      if (chunk === undefined) break;
      this.#listener.bodyData(chunk);
    }
    if (this.#paused || this.#ended || this.#chunks.length > 0) return;
    this.#ended = true;
    this.#listener?.bodyEnd([]);
  }
}
