// Lets a stream run out whose answer is complete and whose client still sends: some clients take a reset, even one that says
// "no error", for a failure and lose the answer before it. It knows no upstream.

import type { ServerHttp2Stream } from 'node:http2';
import { RESET } from './relay-client.ts';

/** As over HTTP/1.1: long enough for the answer to cross any network and for its client to stop, short enough to cost little. */
const LINGER_MS = 1_000;

/** Reads on and throws away until the client has said all; one that does not stop is stopped (RFC 9113 §8.1). */
export function lingerStream(stream: ServerHttp2Stream): void {
  stream.resume();
  const wait = (): void => {
    if (stream.closed) return;
    const timer = setTimeout(() => {
      if (!stream.closed) stream.close(RESET.none);
    }, LINGER_MS);
    timer.unref();
    stream.once('close', () => clearTimeout(timer));
  };
  if (stream.writableFinished) wait();
  else stream.once('finish', wait);
}
