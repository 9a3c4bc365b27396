// Frames of the control socket: four bytes of length, big-endian, then that many bytes of JSON in UTF-8.
// Pure: bytes in, messages out; it knows no socket.

/** A control message may carry a whole strategy, but never more than this; a longer one is a fault of the sender. */
export const FRAME_LIMIT_BYTES: number = 64 * 1024 * 1024;

const HEADER_BYTES = 4;

/** Splits a stream of bytes into frames, whatever the chunks. Holds at most one frame. */
export class FrameReader {
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #wanted = HEADER_BYTES;
  #inBody = false;

  /** The bodies that `chunk` completes. Throws RangeError on a frame over the limit. */
  push(chunk: Uint8Array): Uint8Array[] {
    this.#pending.push(chunk);
    this.#pendingBytes += chunk.length;
    const bodies: Uint8Array[] = [];
    while (this.#pendingBytes >= this.#wanted) {
      const bytes = this.#take(this.#wanted);
      if (this.#inBody) {
        bodies.push(bytes);
        this.#expectHeader();
      } else {
        this.#expectBody(bytes);
      }
    }
    return bodies;
  }

  #expectHeader(): void {
    this.#inBody = false;
    this.#wanted = HEADER_BYTES;
  }

  #expectBody(header: Uint8Array): void {
    const length = new DataView(header.buffer, header.byteOffset, HEADER_BYTES).getUint32(0);
    if (length > FRAME_LIMIT_BYTES) throw new RangeError(`control frame of ${length} bytes is over the limit of ${FRAME_LIMIT_BYTES}`);
    this.#inBody = true;
    this.#wanted = length;
  }

  #take(count: number): Uint8Array {
    const first = this.#pending[0];
    if (first !== undefined && first.length === count) {
      this.#pending.shift();
      this.#pendingBytes -= count;
      return first;
    }
    const taken = new Uint8Array(count);
    let filled = 0;
    while (filled < count) {
      const head = this.#pending[0] as Uint8Array;
      const part = head.subarray(0, count - filled);
      taken.set(part, filled);
      filled += part.length;
      if (part.length === head.length) this.#pending.shift();
      else this.#pending[0] = head.subarray(part.length);
    }
    this.#pendingBytes -= count;
    return taken;
  }
}

/** One frame around `body`. Throws RangeError over the limit. */
export function frame(body: Uint8Array): Uint8Array {
  if (body.length > FRAME_LIMIT_BYTES) throw new RangeError(`control frame of ${body.length} bytes is over the limit of ${FRAME_LIMIT_BYTES}`);
  const bytes = new Uint8Array(HEADER_BYTES + body.length);
  new DataView(bytes.buffer).setUint32(0, body.length);
  bytes.set(body, HEADER_BYTES);
  return bytes;
}
