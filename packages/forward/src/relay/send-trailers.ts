// Sends the trailers that a stream waits for. Node throws on those that HTTP/2 forbids, in an event of the stream that nobody
// guards: the stream is reset then, for its message has no end that could be said.

import type { Http2Stream } from 'node:http2';
import { headerObject } from './fields.ts';
import type { Fields } from './fields.ts';
import { RESET } from './relay-client.ts';

export function sendTrailers(stream: Http2Stream, trailers: Fields): void {
  try {
    stream.sendTrailers(headerObject(trailers));
  } catch {
    stream.close(RESET.internal);
  }
}
