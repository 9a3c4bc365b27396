// The answers that this process gives by itself when an exchange fails before it began to answer. It knows no upstream.

import type { IncomingMessage, ServerResponse } from 'node:http';
import { closeGently } from './linger.ts';
import { meaning } from './failure.ts';
import type { Failure } from './failure.ts';

/** What a shed client should wait before it tries again: long enough to matter, short enough to be back when the burst is over. */
const RETRY_AFTER_SECONDS = 1;

/** The name in Proxy-Status. */
const PROXY_NAME = 'graylane';

/** Field lines of an own answer, name and value in turn. */
export function ownHeaders(what: Failure, body: string): string[] {
  const { status, proxyError } = meaning(what.reason);
  const headers = [
    'Content-Type', 'text/plain; charset=utf-8',
    'Content-Length', String(Buffer.byteLength(body)),
    'Cache-Control', 'no-store',
    'Proxy-Status', proxyStatus(what),
  ];
  if (status === 503) headers.push('Retry-After', String(RETRY_AFTER_SECONDS));
  return proxyError === '' ? headers.filter((_, i) => i < 6 || i > 7) : headers;
}

export function ownBody(what: Failure): string {
  return `${PROXY_NAME}: ${what.reason}\n`;
}

/** A whole own answer in bytes, for a client that is no longer behind a ServerResponse; it closes the connection. */
export function ownText(what: Failure, reasonPhrase: string): string {
  const { status } = meaning(what.reason);
  const body = ownBody(what);
  const headers = ownHeaders(what, body);
  let text = `HTTP/1.1 ${status} ${reasonPhrase}\r\nDate: ${new Date().toUTCString()}\r\n`;
  for (let i = 0; i < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`;
  return `${text}Connection: close\r\n\r\n${body}`;
}

/** Answers through `res`, which has not begun yet. `close`: the request's body was not read to its end. */
export function answerFailure(req: IncomingMessage, res: ServerResponse, what: Failure, close: boolean): void {
  const { status } = meaning(what.reason);
  const body = ownBody(what);
  const headers = ownHeaders(what, body);
  if (close) {
    headers.push('Connection', 'close');
    res.shouldKeepAlive = false;
  }
  res.writeHead(status, headers);
  if (close) closeGently(req, res);
  res.end(body);
}

/** RFC 9209 §2. */
function proxyStatus(what: Failure): string {
  return `${PROXY_NAME}; error=${meaning(what.reason).proxyError}; details="${what.reason}"`;
}
