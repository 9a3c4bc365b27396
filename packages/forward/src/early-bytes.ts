// What the client of an upgrade says before the answer is there: kept, up to a bound, until somebody may have it.
// Nothing of it may reach an upstream that could read it as another request. It knows no upstream.

import type { Duplex } from 'node:stream';

/** Then the client waits: who talks before the switch has no answer to talk about. */
const BYTES_LIMIT = 64 * 1024;

export class EarlyBytes {
  readonly #socket: Duplex;
  readonly #onEnd: () => void;
  #kept: Buffer[];
  #size: number;
  #ended = false;

  /** `first` came with the head. `onEnd`: the client says nothing more; until then `ended` is false. */
  constructor(socket: Duplex, first: Buffer, onEnd: () => void) {
    this.#socket = socket;
    this.#onEnd = onEnd;
    this.#kept = first.length > 0 ? [first] : [];
    this.#size = first.length;
    socket.on('data', this.#onData);
    socket.once('end', this.#onSocketEnd);
  }

  get ended(): boolean {
    return this.#ended;
  }

  get isEmpty(): boolean {
    return this.#size === 0;
  }

  /** All of it; whoever takes it reads the socket from now on. */
  take(): Buffer {
    this.#socket.removeListener('data', this.#onData);
    this.#socket.removeListener('end', this.#onSocketEnd);
    const all = this.#kept.length === 1 ? (this.#kept[0] as Buffer) : Buffer.concat(this.#kept);
    this.#kept = [];
    return all;
  }

  readonly #onData = (bytes: Buffer): void => {
    this.#kept.push(bytes);
    this.#size += bytes.length;
    if (this.#size >= BYTES_LIMIT) this.#socket.pause();
  };

  readonly #onSocketEnd = (): void => {
    this.#ended = true;
    this.#onEnd();
  };
}
