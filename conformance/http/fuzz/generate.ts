// Random HTTP/1.1 messages, right ones and wrong ones, from a seed. It knows nobody who reads them.

/** Not CONNECT: Node ends the connection for it, and with it what was pipelined before; framing.test.ts has it. */
const METHODS = ['GET', 'GET', 'HEAD', 'POST', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'QUERY', 'TRACE', 'get', 'GET,', 'PRI'];
const TARGETS = ['/', '/a?b=c', '/a%20b', '/%E5%8C%97', '/a//b', '/a/../b', '*', 'http://a/x', 'http://b/x', '/a#b', '/\x80', '/a\tb', '', '//x', '/%00', '?x'];
const VERSIONS = ['HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'HTTP/1.2', 'http/1.1', 'HTTP/1.1 ', ''];
const NAMES = ['X-A', 'x-a', 'Cookie', 'Accept', '__proto__', 'constructor', 'X_Y', 'Connection', 'Expect', 'Upgrade', 'TE', 'Trailer', 'Keep-Alive', 'Host', 'Content-Length', 'Transfer-Encoding', 'Transfer_Encoding', 'baggage', 'graylane-hop', 'X-A ', ' X-A', 'X\0A', ''];
const VALUES = ['1', '', 'a, b', 'a=1; b=2', 'close', 'keep-alive', 'upgrade', 'x-a', 'chunked', 'chunked, chunked', 'identity', 'gzip, chunked', ' chunked', 'chunked\t', 'Chunked', '\x0bchunked', '5', '0', '05', '+5', '5,5', '0x5', '5 5', '-1', '100-continue', 'websocket', 'h2c', 'trailers', '\xe5\x8c\x97', 'a\rb', 'a\nb', 'a\0b', '\x7f', 'graylane.lane=x'];
const EOLS = ['\r\n', '\r\n', '\r\n', '\r\n', '\r\n', '\r\n', '\r\n', '\n', '\r', '\r\n ', '\r\r\n'];

export function message(random: () => number): string {
  const count = random() < 0.3 ? 2 : 1;
  let text = '';
  for (let i = 0; i < count; i++) text += request(random);
  return random() < 0.3 ? mutated(text, random) : text;
}

function request(random: () => number): string {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  const eol = (): string => (random() < 0.9 ? '\r\n' : pick(EOLS));
  const plain = random() < 0.5;
  let text = plain ? `${pick(METHODS.slice(0, 9))} ${pick(TARGETS.slice(0, 4))} HTTP/1.1\r\n` : `${pick(METHODS)} ${pick(TARGETS)} ${pick(VERSIONS)}${eol()}`;
  if (random() < 0.95) text += 'Host: a\r\n';
  for (let i = Math.floor(random() * 5); i > 0; i--) text += plain ? `${pick(NAMES.slice(0, 7))}: ${pick(VALUES.slice(0, 4))}\r\n` : `${pick(NAMES)}:${random() < 0.9 ? ' ' : ''}${pick(VALUES)}${eol()}`;
  return text + framedBody(random, pick);
}

function framedBody(random: () => number, pick: <T>(items: readonly T[]) => T): string {
  const body = pick(['', 'hello', 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n', '0\r\n\r\n']);
  switch (Math.floor(random() * 5)) {
    case 0: return `\r\n${random() < 0.1 ? body : ''}`;
    case 1: return `Content-Length: ${body.length}\r\n\r\n${body}`;
    case 2: return `Transfer-Encoding: chunked\r\n\r\n${chunked(body, random)}`;
    case 3: return `Content-Length: ${body.length + Math.floor(random() * 3) - 1}\r\n\r\n${body}`;
    default: return `Transfer-Encoding: chunked\r\nContent-Length: ${body.length}\r\n\r\n${chunked(body, random)}`;
  }
}

function chunked(body: string, random: () => number): string {
  const extension = random() < 0.2 ? ';a=b' : '';
  const trailer = random() < 0.2 ? 'X-T: 1\r\n' : '';
  const size = random() < 0.9 ? body.length.toString(16) : ['0x5', '5 ', '+5', 'ffffffffffffffffff', '', '-1'][Math.floor(random() * 6)];
  return body === '' ? `0\r\n${trailer}\r\n` : `${size}${extension}\r\n${body}\r\n0\r\n${trailer}\r\n`;
}

/** A few octets flipped, dropped or doubled. */
function mutated(text: string, random: () => number): string {
  let result = text;
  for (let i = 1 + Math.floor(random() * 3); i > 0; i--) {
    const at = Math.floor(random() * result.length);
    const octet = String.fromCharCode(Math.floor(random() * 256));
    const how = random();
    result = result.slice(0, at) + (how < 0.33 ? octet : how < 0.66 ? '' : result[at]! + octet) + result.slice(at + 1);
  }
  return result;
}
