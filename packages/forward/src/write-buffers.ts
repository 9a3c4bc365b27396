// Buffers for large writes, used again once their bytes are with the system: V8 counts what each new one has outside of its heap, and
// collects all of its garbage whenever that adds up. It writes nothing.

/** A whole read, and what an answer's head has grown by. */
const BUFFER_BYTES = 66 * 1024;
/** A smaller piece would hold more memory than it needs for as long as its client does not take it. */
const SMALLEST_BYTES = 16 * 1024;
/** Four megabytes at most. Clients that take what they get give theirs back at once; hundreds that do not do without. */
const FREE_LIMIT = 64;

export class WriteBuffers {
  readonly #free: Buffer[] = [];

  /** Null for a size that is not kept. */
  take(size: number): Buffer | null {
    if (size < SMALLEST_BYTES || size > BUFFER_BYTES) return null;
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(BUFFER_BYTES);
  }

  /** What to call when it was written, or was not: then it is nobody's, for the system may still read it. */
  returned(buffer: Buffer): (error?: Error | null) => void {
    return (error) => {
      if (error == null && this.#free.length < FREE_LIMIT) this.#free.push(buffer);
    };
  }
}

/** One for all that this process forwards. */
export const writeBuffers: WriteBuffers = new WriteBuffers();
