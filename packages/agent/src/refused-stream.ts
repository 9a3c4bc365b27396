// The agent's own answer on an HTTP/2 stream: the same as on HTTP/1.1.

import type { ServerHttp2Stream } from 'node:http2';
import { HEADERS, STATUS, TEXT } from './refusal.ts';

export function refuseStream(stream: ServerHttp2Stream): void {
  stream.respond({ ':status': STATUS, ...HEADERS });
  stream.end(TEXT);
}
