// Frames of the control socket: four bytes of length, big-endian, then that many bytes of JSON in UTF-8.
// Pure: bytes in, messages out; it knows no socket.

/** A control message may carry a whole strategy, but never more than this; a longer one is a fault of the sender. */
export const FRAME_LIMIT_BYTES: number = 64 * 1024 * 1024;

const HEADER_BYTES = 4;

/** Splits a stream of bytes into frames, whatever the chunks. Holds at most one frame and a chunk. */
export class FrameReader {
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  /** Fewer bytes than that make nothing: chunks of a long frame are joined once. */
  #wanted = HEADER_BYTES;

  /** Whether all that came were whole frames. */
  isBetween(): boolean {
    return this.#pendingBytes === 0;
  }

  /** The bodies that `chunk` completes, as views of what came. Throws RangeError on a frame over the limit. */
  push(chunk: Uint8Array): Uint8Array[] {
    const bodies: Uint8Array[] = [];
    this.#pending.push(chunk);
    this.#pendingBytes += chunk.length;
    if (this.#pendingBytes < this.#wanted) return bodies;
    const bytes = this.#pending.length === 1 ? chunk : joined(this.#pending, this.#pendingBytes);
    let at = 0;
    this.#wanted = HEADER_BYTES;
    while (bytes.length - at >= this.#wanted) {
      const start = at + HEADER_BYTES;
      const length = new DataView(bytes.buffer, bytes.byteOffset + at).getUint32(0);
      if (length > FRAME_LIMIT_BYTES) throw new RangeError(`control frame of ${length} bytes is over the limit of ${FRAME_LIMIT_BYTES}`);
      this.#wanted = HEADER_BYTES + length;
      if (bytes.length - at < this.#wanted) break;
      at = start + length;
      bodies.push(bytes.subarray(start, at));
      this.#wanted = HEADER_BYTES;
    }
    this.#pending = at < bytes.length ? [bytes.subarray(at)] : [];
    this.#pendingBytes = bytes.length - at;
    return bodies;
  }
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

/** One frame around `body`. Throws RangeError over the limit. */
export function frame(body: Uint8Array): Uint8Array {
  if (body.length > FRAME_LIMIT_BYTES) throw new RangeError(`control frame of ${body.length} bytes is over the limit of ${FRAME_LIMIT_BYTES}`);
  const bytes = new Uint8Array(HEADER_BYTES + body.length);
  new DataView(bytes.buffer).setUint32(0, body.length);
  bytes.set(body, HEADER_BYTES);
  return bytes;
}
