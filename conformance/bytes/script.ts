// The scripted raw requests that every example app is asked: what clients send, and what they should not send.

import type { Exchange, Step } from './exchange.ts';

const HOST = 'Host: shop.test\r\n';
const CLOSE = 'Connection: close\r\n';

/** `lines` are full header lines, each ending in CRLF. */
function request(start: string, lines = '', body = ''): string {
  return `${start}\r\n${HOST}${lines}\r\n${body}`;
}

function one(name: string, send: string, extra: Partial<Exchange> = {}): Exchange {
  return { name, steps: [{ send, until: 'end' }], ...extra };
}

function inTurn(name: string, ...sends: readonly string[]): Exchange {
  const steps = sends.map((send, index): Step => ({ send, until: index === sends.length - 1 ? 'end' : { responses: index + 1 } }));
  return { name, steps };
}

/** `page` answers with a body and is safe to ask; `missing` is nowhere. */
export function plainExchanges(page: string, missing: string): readonly Exchange[] {
  return [
    one('GET and close', request(`GET ${page} HTTP/1.1`, CLOSE)),
    inTurn('three requests in turn on one connection', request(`GET ${page} HTTP/1.1`), request(`GET ${missing} HTTP/1.1`), request(`GET ${page} HTTP/1.1`, CLOSE)),
    one('five pipelined requests', [page, missing, page, missing].map((path) => request(`GET ${path} HTTP/1.1`)).join('') + request(`GET ${page} HTTP/1.1`, CLOSE)),
    one('HEAD and GET pipelined', request(`HEAD ${page} HTTP/1.1`) + request(`GET ${page} HTTP/1.1`, CLOSE)),
    { name: 'HEAD, then GET in turn', steps: [
      { send: request(`HEAD ${page} HTTP/1.1`), until: { responses: 1, heads: [0] } },
      { send: request(`GET ${page} HTTP/1.1`, CLOSE), until: 'end' },
    ] },
    one('HTTP/1.0', `GET ${page} HTTP/1.0\r\n\r\n`),
    one('HTTP/1.0 with Host', request(`GET ${page} HTTP/1.0`)),
    { name: 'HTTP/1.0 with keep-alive', steps: [
      { send: request(`GET ${page} HTTP/1.0`, 'Connection: keep-alive\r\n'), until: { responses: 1 } },
      { send: request(`GET ${page} HTTP/1.0`), until: 'end' },
    ] },
    { name: 'conditional GET with the ETag of the first answer', steps: [
      { send: request(`GET ${page} HTTP/1.1`), until: { responses: 1 } },
      { send: (received) => request(`GET ${page} HTTP/1.1`, `If-None-Match: ${/\r\netag: *([^\r]*)/i.exec(received)?.[1] ?? '"none"'}\r\n${CLOSE}`), until: 'end' },
    ] },
    one('query', request(`GET ${page}?a=1&b=%20 HTTP/1.1`, CLOSE)),
    one('absolute-form target', request(`GET http://shop.test${page} HTTP/1.1`, CLOSE)),
    one('percent-encoded path', request('GET /%69tems%2f..%2f HTTP/1.1', CLOSE)),
    one('OPTIONS', request(`OPTIONS ${page} HTTP/1.1`, CLOSE)),
    one('DELETE of nothing', request(`DELETE ${missing} HTTP/1.1`, CLOSE)),
    one('repeated fields, odd case, empty values', request(`GET ${page} HTTP/1.1`, `X-One: a\r\nx-ONE: b\r\nCookie: a=1\r\nCookie: b=2\r\nX-Empty:\r\n${CLOSE}`)),
    one('field named in Connection', request(`GET ${page} HTTP/1.1`, 'X-Private: 1\r\nConnection: close, X-Private\r\n')),
    one('an Upgrade that nobody offers', request(`GET ${page} HTTP/1.1`, 'Upgrade: foo/2\r\nConnection: upgrade, close\r\n')),
    one('unknown expectation', request(`GET ${page} HTTP/1.1`, `Expect: the-unexpected\r\n${CLOSE}`)),
    one('twenty fields', request(`GET ${page} HTTP/1.1`, Array.from({ length: 20 }, (_, n) => `X-Field-${n}: ${'v'.repeat(n * 3)}\r\n`).join('') + CLOSE)),
    ...badExchanges(page),
  ];
}

/** What the app's own parser refuses: graylane must not get in its way. */
function badExchanges(page: string): readonly Exchange[] {
  return [
    one('no Host', `GET ${page} HTTP/1.1\r\n${CLOSE}\r\n`),
    one('space before the colon', `GET ${page} HTTP/1.1\r\n${HOST}Bad : 1\r\n\r\n`),
    one('Content-Length beside Transfer-Encoding', request('POST /echo HTTP/1.1', 'Content-Length: 3\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n')),
    one('two Content-Lengths', request('POST /echo HTTP/1.1', 'Content-Length: 3\r\nContent-Length: 4\r\n', 'abc')),
    one('obsolete folding', `GET ${page} HTTP/1.1\r\n${HOST}X: a\r\n b\r\n\r\n`),
    one('header of 17 kB', request(`GET ${page} HTTP/1.1`, `X: ${'x'.repeat(17_000)}\r\n`)),
    one('not HTTP at all', '\x16\x03\x01hello\r\n\r\n'),
  ];
}

/** For apps that answer /echo with the request's own body. */
export function bodyExchanges(): readonly Exchange[] {
  const text = 'Content-Type: text/plain\r\n';
  const big = 'b'.repeat(600_000);
  return [
    one('POST with Content-Length', request('POST /echo HTTP/1.1', `${text}Content-Length: 5\r\n${CLOSE}`, 'hello')),
    one('POST without a body', request('POST /echo HTTP/1.1', `${text}Content-Length: 0\r\n${CLOSE}`)),
    one('POST in chunks', request('POST /echo HTTP/1.1', `${text}Transfer-Encoding: chunked\r\n${CLOSE}`, '5\r\nhello\r\n0\r\n\r\n')),
    one('POST in chunks with extension and trailer', request('POST /echo HTTP/1.1', `${text}Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n${CLOSE}`, '5;a=b\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n')),
    inTurn('POST, then GET on one connection', request('POST /echo HTTP/1.1', `${text}Content-Length: 5\r\n`, 'hello'), request('GET /items HTTP/1.1', CLOSE)),
    one('POST and GET pipelined', request('POST /echo HTTP/1.1', `${text}Content-Length: 5\r\n`, 'hello') + request('GET /items HTTP/1.1', CLOSE)),
    one('POST to a page that is not there', request('POST /missing HTTP/1.1', `${text}Content-Length: 5\r\n${CLOSE}`, 'hello')),
    { name: 'Expect: 100-continue', steps: [
      { send: request('POST /echo HTTP/1.1', `${text}Content-Length: 5\r\nExpect: 100-continue\r\n${CLOSE}`), until: { text: '\r\n\r\n' } },
      { send: 'hello', until: 'end' },
    ] },
    one('600 kB up and down', request('POST /echo HTTP/1.1', `${text}Content-Length: ${big.length}\r\n${CLOSE}`, big), { joinChunks: true }),
    one('a stream in chunks', request('GET /stream HTTP/1.1', CLOSE)),
    inTurn('a stream on a kept connection', request('GET /stream HTTP/1.1'), request('GET /client HTTP/1.1', CLOSE)),
    one('a stream to HTTP/1.0', request('GET /stream HTTP/1.0')),
    one('HEAD of a stream', request('HEAD /stream HTTP/1.1', CLOSE)),
    // Node ends a half-closed connection at once, so only an app that answers in the same turn can be compared.
    { name: 'half-close after the request', steps: [{ send: request('GET /items HTTP/1.1'), until: 'end', halfClose: true }] },
    one('who the app says the client is', request('GET /client HTTP/1.1', CLOSE)),
  ];
}

/** What only the plain node:http example offers. */
export function nodeExchanges(): readonly Exchange[] {
  return [
    one('trailers', request('GET /trailers HTTP/1.1', `TE: trailers\r\n${CLOSE}`)),
    one('early hints', request('GET /hints HTTP/1.1', CLOSE)),
    one('repeated Set-Cookie', request('GET /cookies HTTP/1.1', CLOSE)),
    { name: 'an upload refused before its body', steps: [
      { send: request('POST /echo HTTP/1.1', 'Content-Length: 2000000\r\nExpect: 100-continue\r\n'), until: 'end' },
    ] },
  ];
}

/** A WebSocket's opening, a text and a binary message, and its close; frames of a client are masked, here with zeros. */
export function webSocketExchanges(): readonly Exchange[] {
  const upgrade = 'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
  const frame = (first: number, payload: string): string => `${String.fromCharCode(first, 0x80 | payload.length)}\0\0\0\0${payload}`;
  const close = frame(0x88, '\x03\xe8');
  return [
    { name: 'WebSocket: greeting, text, binary, close', steps: [
      { send: request('GET /chat HTTP/1.1', upgrade), until: { text: 'hello from version' } },
      { send: frame(0x81, 'ping'), until: { text: ': ping' } },
      { send: frame(0x82, '\x01\x02'), until: { text: '\x82\x02\x01\x02' } },
      { send: close, until: 'end' },
    ] },
    { name: 'WebSocket: a message sent along with the opening', steps: [{ send: request('GET /chat HTTP/1.1', upgrade) + frame(0x81, 'early') + close, until: 'end' }] },
    one('WebSocket: wrong path', request('GET /elsewhere HTTP/1.1', upgrade)),
    one('WebSocket: wrong version', request('GET /chat HTTP/1.1', upgrade.replace('13', '7'))),
  ];
}
