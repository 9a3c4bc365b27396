// Tells whether the answer of a stream ended by its own end, or by a reset without an error (NO_ERROR), which Node shows alike.
// It knows no exchange.

import type { ClientHttp2Stream } from 'node:http2';

/**
 * What it returns says whether END_STREAM has come (RFC 9113 §5.1): Node ends the readable side at that moment, and behind a
 * reset only once the stream counts as closed.
 */
export function watchEnd(stream: ClientHttp2Stream): () => boolean {
  let complete = false;
  const push = stream.push.bind(stream);
  const value = (chunk: Buffer | null, encoding?: BufferEncoding): boolean => {
    if (chunk === null && !stream.closed) complete = true;
    return push(chunk, encoding);
  };
  Object.defineProperty(stream, 'push', { value, configurable: true, writable: true });
  return () => complete;
}
