// The agent's own answers on an HTTP/2 stream: the same as on HTTP/1.1.

import type { ServerHttp2Stream } from 'node:http2';
import type { Refusal } from './refusal.ts';

export function refuseStream(stream: ServerHttp2Stream, { status, headers, text }: Refusal): void {
  stream.respond({ ':status': status, ...headers });
  stream.end(text);
}
