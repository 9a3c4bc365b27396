// What leaves for the upstream: one message, with one reading, for every way in which a client may send it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { onHops } from './kit/hops.ts';
import { exchange, RawClient } from './kit/raw-client.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE', 'PROPFIND', 'REPORT', 'SEARCH', 'QUERY', 'LINK', 'PURGE'];
const BODIES = [
  { title: 'no body', lines: '', payload: '', body: '' },
  { title: 'Content-Length', lines: 'Content-Length: 5\r\n', payload: 'hello', body: 'hello' },
  { title: 'chunked', lines: 'Transfer-Encoding: chunked\r\n', payload: '3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n', body: 'hello' },
];

onHops('every method with every framing makes exactly one upstream request with an equal body', {}, async ({ port, upstream }) => {
  for (const method of METHODS) {
    for (const { title, lines, payload, body } of BODIES) {
      const before = upstream.seen.length;
      const answer = await exchange(port, `${method} /x HTTP/1.1\r\nHost: a\r\n${lines}Connection: close\r\n\r\n${payload}`);
      assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/, `${method} ${title}`);
      assert.equal(upstream.seen.length, before + 1, `${method} ${title}`);
      assert.equal(upstream.seen.at(-1)?.body, body, `${method} ${title}`);
      assert.match(upstream.seen.at(-1)?.head ?? '', new RegExp(`^${method} /x HTTP/1.1\\r\\n`));
    }
  }
});

const text = (codes: readonly number[]): string[] => codes.map((code) => String.fromCharCode(code));
const EVERY_OCTET = text(Array.from({ length: 256 }, (_, code) => code));
const SOME_OCTETS = text([0, 9, 10, 11, 12, 13, 32, 45, 58, 59, 95, 127, 160, 255]);

/** Each of these has two readings somewhere in the world. */
const AMBIGUOUS: readonly (readonly [title: string, request: string, statuses?: readonly number[]])[] = [
  ['Content-Length with Transfer-Encoding', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['two Content-Length', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello'],
  ['two equal Content-Length', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello'],
  ['a list of Content-Length', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\nhello'],
  ['a signed Content-Length', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello'],
  ['a hexadecimal Content-Length', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\nhello'],
  ['an empty Content-Length', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \r\n\r\n'],
  ['an unknown Transfer-Encoding', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: foo\r\n\r\n0\r\n\r\n'],
  ['chunked twice', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n'],
  ['chunked in two lines', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['gzip, chunked', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n'],
  ['identity', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n'],
  ['chunked with a parameter', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n'],
  ['Transfer_Encoding', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer_Encoding: chunked\r\nContent-Length: 5\r\n\r\nhello'],
  ['Content_Length', 'POST / HTTP/1.1\r\nHost: a\r\nContent_Length: 5\r\nContent-Length: 5\r\n\r\nhello'],
  ['whitespace before the colon', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 5\r\n\r\nhello'],
  ['obs-fold', 'GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n'],
  ['a bare CR in a value', 'GET / HTTP/1.1\r\nHost: a\r\nX: a\rY: b\r\n\r\n'],
  ['a bare LF', 'GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n'],
  ['NUL in a value', 'GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n'],
  ['NUL in a name', 'GET / HTTP/1.1\r\nHost: a\r\nX\0: b\r\n\r\n'],
  ['a malformed chunk size', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n'],
  ['a chunk size over all bounds', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffffffff\r\n'],
  ['a chunk longer than its size', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n'],
  ['no Host', 'GET / HTTP/1.1\r\nX: b\r\n\r\n'],
  ['an HTTP/2 version', 'GET / HTTP/2.0\r\nHost: a\r\n\r\n', [400, 505]],
  ['an HTTP/0.9 version', 'GET / HTTP/0.9\r\nHost: a\r\n\r\n', [400, 505]],
  ['Content-Length behind a comma', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ,5\r\n\r\nhello'],
  ['a Content-Length over all bounds', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551621\r\n\r\nhello'],
  ['a Content-Length with an underscore', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1_0\r\n\r\nhello'],
  ['an empty Transfer-Encoding', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\r\n0\r\n\r\n'],
  ['a quoted Transfer-Encoding', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n'],
  ['chunked behind a comma', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: ,chunked\r\n\r\n0\r\n\r\n'],
  ['chunked before a comma', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked,\r\n\r\n0\r\n\r\n'],
  ['chunked, identity', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n'],
  ['identity, then chunked in a line of its own', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['xchunked', 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n'],
  ['Transfer-Encoding behind a space in the first line', 'POST / HTTP/1.1\r\n Transfer-Encoding: chunked\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello'],
  ['a space before the method', ' GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['tabs in the request line', 'GET\t/\tHTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a space in the target', 'GET /a b HTTP/1.1\r\nHost: a\r\n\r\n'],
];

for (const [title, request, statuses = [400]] of AMBIGUOUS) {
  onHops(`${title} is refused and never reaches the upstream whole`, {}, async ({ port, upstream, stats }) => {
    const answer = await exchange(port, request);
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);
    assert.ok(statuses.includes(status), `${status} in ${JSON.stringify(answer)}`);
    assert.match(answer, /\r\nConnection: close\r\n/i);
    assert.deepEqual(upstream.seen, []);
    assert.equal(stats().inFlight, 0);
  });
}

const GATEWAY_ONLY: readonly (readonly [title: string, request: string, status?: number])[] = [
  ['two Hosts', 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'],
  ['two equal Hosts', 'GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n'],
  ['a Host with a path', 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n'],
  ['a Host with credentials', 'GET / HTTP/1.1\r\nHost: u@a\r\n\r\n'],
  ['an absolute target that differs from Host', 'GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['credentials in the target', 'GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['OPTIONS */x', 'OPTIONS */x HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['GET *', 'GET * HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a fragment', 'GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['dot segments', 'GET /a/../b HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a last dot segment', 'GET /a/.. HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['encoded dot segments', 'GET /a/%2e%2E/b HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['an encoded slash', 'GET /a%2Fb HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['an encoded NUL', 'GET /a%00 HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a backslash', 'GET /a\\b HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a doubled slash', 'GET //a HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['CONNECT', 'CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n', 501],
  ['a target over 8 KiB', `GET /${'a'.repeat(8 * 1024)} HTTP/1.1\r\nHost: a\r\n\r\n`, 414],
  ['a head over 16 KiB', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(17 * 1024)}\r\n\r\n`, 431],
  ['Transfer-Encoding in HTTP/1.0', 'POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['a method that nobody knows', 'FOO / HTTP/1.1\r\nHost: a\r\n\r\n', 501],
  ['a method in lower case', 'get / HTTP/1.1\r\nHost: a\r\n\r\n', 501],
  ['a method that is no token', 'G@T / HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['HTTP/1.2', 'GET / HTTP/1.2\r\nHost: a\r\n\r\n', 505],
  ['HTTP/3.0', 'GET / HTTP/3.0\r\nHost: a\r\n\r\n', 505],
  ['a malformed version', 'GET / HTTP/1.1 \r\nHost: a\r\n\r\n'],
  ['an unknown expectation', 'POST / HTTP/1.1\r\nHost: a\r\nExpect: magic\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi', 417],
  ['OPTIONS that may not be forwarded', 'OPTIONS * HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n', 501],
  ['TRACE that may not be forwarded', 'TRACE / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n', 501],
  ['a list of Hosts', 'GET / HTTP/1.1\r\nHost: a,b\r\n\r\n'],
  ['a Host with two ports', 'GET / HTTP/1.1\r\nHost: a:80:80\r\n\r\n'],
  ['an absolute target with another port', 'GET http://a:8080/ HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['101 header lines', `GET / HTTP/1.1\r\nHost: a\r\n${'X: a\r\n'.repeat(100)}\r\n`, 431],
];

for (const [title, request, status = 400] of GATEWAY_ONLY) {
  onHops(`${title}: ${status}`, { planes: ['proxy'] }, async ({ port, upstream }) => {
    const answer = await exchange(port, request);
    assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `));
    assert.match(answer, /\r\nConnection: close\r\n/i);
    assert.deepEqual(upstream.seen, []);
  });
}

onHops('a Content-Length behind more header lines than Node keeps smuggles nothing (CVE-2026-58044)', {}, async ({ port, upstream }) => {
  const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';
  const lines = 'A: b\r\n'.repeat(2_100);
  const answer = await exchange(port, `POST / HTTP/1.1\r\nHost: a\r\n${lines}Content-Length: ${smuggled.length}\r\n\r\n${smuggled}`);
  assert.match(answer, /^HTTP\/1\.1 431 /);
  assert.deepEqual(upstream.seen, []);
});

onHops('an absolute target that agrees with Host goes on as a path', { planes: ['proxy'] }, async ({ port, upstream }) => {
  await exchange(port, 'GET http://A:80/x?y HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  assert.match(upstream.seen[0]?.head ?? '', /^GET \/x\?y HTTP\/1\.1\r\n/);
});

onHops('a chunk that is framed in any way but one reaches the upstream as no request', {}, async ({ port, upstream, stats }) => {
  const open = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
  const sizes = ['5 ', '5\t', ' 5', '+5', '-5', '0x5', '5h', '5_', '1_0', '5;', '5;a="b\r\n"', '5;a\n', '5\n', '5\r', '5\0', '5\x0b', '10000000000000005', '', ';'];
  const ends = ['0\r\n\n', '0\n\r\n', '0\r\nX: y\n\r\n', '0\r\n X: y\r\n\r\n', '0\r\nX : y\r\n\r\n', '0\r\nX: a\r\n b\r\n\r\n', '0\r\nContent-Length: 5\r\n\r\n', '0\r\nTransfer-Encoding: chunked\r\n\r\n', '-0\r\n\r\n', '0 \r\n\r\n'];
  const bodies = [...sizes.map((size) => `${size}\r\nhello\r\n0\r\n\r\n`), ...ends.map((end) => `5\r\nhello\r\n${end}`), '5\r\nhello0\r\n\r\n', '5\r\nhello\n0\r\n\r\n', '5\r\nhello\r0\r\n\r\n', '4\r\nhello\r\n0\r\n\r\n'];
  for (const body of bodies) assert.match(await exchange(port, open + body), /^HTTP\/1\.1 400 [^]*\r\nConnection: close\r\n/i, JSON.stringify(body));
  assert.deepEqual(upstream.seen, []);
  assert.equal(stats().inFlight, 0);
});

onHops('a chunk with leading zeros or an extension goes on as the same bytes, framed anew', {}, async ({ port, upstream }) => {
  for (const [size, end] of [['05', '0'], ['0000000000000000000005', '000'], ['5;a', '0;z'], ['5;a="b;c"', '0']]) {
    const all = await exchange(port, `POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n${size}\r\nhello\r\n${end}\r\n\r\n`);
    assert.match(all, /^HTTP\/1\.1 200 /, size);
    assert.match(upstream.seen.at(-1)?.raw ?? '', /\r\n\r\n5\r\nhello\r\n0\r\n\r\n$/);
  }
});

onHops('trailers cannot name a host, and what is pipelined behind them is a request of its own', {}, async ({ port, upstream }) => {
  const client = await RawClient.connect(port);
  client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nHost: b\r\nX: y\r\n\r\n\r\nGET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  const all = await client.all();
  assert.equal(all.match(/HTTP\/1\.1 200 /g)?.length, 2);
  assert.match(upstream.seen[0]?.raw ?? '', /\r\n0\r\nX: y\r\n\r\n$/);
  assert.match(upstream.seen[1]?.head ?? '', /^GET \/next /);
});

onHops('behind Connection: close nothing is worked on', { planes: ['proxy'] }, async ({ port, upstream }) => {
  for (const [head, behind] of [['GET /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n', 'GET /2 HTTP/1.1\r\nHost: a\r\n\r\n'], ['GET /1 HTTP/1.0\r\nHost: a\r\n', 'GET /2 HTTP/1.0\r\nHost: a\r\n\r\n'], ['GET /1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n', 'no request at all']]) {
    const all = await exchange(port, `${head}\r\n${behind}`);
    assert.match(all, /^HTTP\/1\.1 200 (?![^]*HTTP\/1\.1)/);
  }
  assert.deepEqual(upstream.seen.map(({ head }) => /^GET \/\d/.exec(head)?.[0]), ['GET /1', 'GET /1', 'GET /1']);
});

onHops('HTTP/1.0 needs no Host, and an app hears that there was none', { planes: ['proxy'] }, async ({ port, upstream }) => {
  assert.match(await exchange(port, 'OPTIONS / HTTP/1.0\r\nX: y\r\n\r\n'), /^HTTP\/1\.1 200 /);
  assert.match(upstream.seen[0]?.head ?? '', /^OPTIONS \/ HTTP\/1\.1\r\nX: y\r\nHost: \r\nVia: 1\.1 graylane\r\n(?![^]*X-Forwarded-Host)/);
});

for (const [title, sent, passed] of [
  ['Max-Forwards of OPTIONS is one less at each hop', 'OPTIONS / HTTP/1.1\r\nMax-Forwards: 7\r\n', /^OPTIONS \/ HTTP\/1\.1\r\nMax-Forwards: 6\r\nHost: a\r\nVia/],
  ['OPTIONS about a host is about the whole server', 'OPTIONS http://a HTTP/1.1\r\n', /^OPTIONS \* HTTP\/1\.1\r\n/],
  ['OPTIONS about a path of a host is about the path', 'OPTIONS http://a?b HTTP/1.1\r\n', /^OPTIONS \/\?b HTTP\/1\.1\r\n/],
  ['Max-Forwards of GET means nothing', 'GET / HTTP/1.1\r\nMax-Forwards: 0\r\n', /\r\nMax-Forwards: 0\r\n/],
  ['a Content-Length with leading zeros is written as one number', 'POST / HTTP/1.1\r\nContent-Length: 000\r\n', /\r\nContent-Length: 0\r\n/],
  ['an upgrade in HTTP/1.0 is an ordinary request', 'GET / HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n', /^(?![^]*\r\nUpgrade:)/i],
  ['a Proxy field goes nowhere (CVE-2016-5385)', 'GET / HTTP/1.1\r\nProxy: http://evil\r\n', /^(?![^]*\r\nProxy:)/i],
] as const) {
  onHops(title, { planes: ['proxy'] }, async ({ port, upstream }) => {
    assert.match(await exchange(port, `${sent}Host: a\r\nConnection: close\r\n\r\n`), /^HTTP\/1\.1 200 /);
    assert.match(upstream.seen[0]?.head ?? '', passed);
  });
}

onHops('an unusual but unambiguous head passes the transparent hop byte for byte', { planes: ['transparent'] }, async ({ port, upstream }) => {
  const head = 'GET /a/../b//c%2fd#e HTTP/1.1\r\nhOST: a\r\n__proto__: x\r\nconstructor: y\r\nX-A: 1\r\nx-a: 2\r\nCookie: a=1\r\nCookie: b=2\r\nX-Utf: \xe5\x8c\x97\xe4\xba\xac\r\nX-Empty: \r\nConnection: close, x-a\r\n';
  const client = await RawClient.connect(port);
  client.send(`${head}\r\n`);
  await client.all();
  assert.equal(upstream.seen[0]?.head, `${head}graylane-hop: test\r\n\r\n`);
});

void test('the table of ambiguous requests is not empty', () => {
  assert.ok(AMBIGUOUS.length > 20 && GATEWAY_ONLY.length > 15);
});

onHops('what is pipelined behind a refused request is not worked on', {}, async ({ port, upstream }) => {
  const refused = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer_Encoding: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n';
  const answer = await exchange(port, `${refused}POST /second HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi`);
  assert.equal(answer.match(/HTTP\/1\.1 /g)?.length, 1);
  assert.deepEqual(upstream.seen, []);
});

onHops('CONNECT behind pipelined requests is refused after their answers', { planes: ['proxy'] }, async ({ port }) => {
  const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
  const answer = await exchange(port, `${get}${get}CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n`);
  assert.deepEqual([...answer.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => match[1]), ['200', '200', '501']);
});

/** A line that some server takes for Transfer-Encoding, beside a Content-Length that another one goes by. */
const SMUGGLED = '0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';

onHops('57: an octet anywhere in a line that frames, by the thousand, makes one request with the body of its Content-Length or none', {}, async ({ port, upstream }) => {
  const line = 'Transfer-Encoding: chunked';
  const lines: string[] = [];
  for (let at = 0; at <= line.length; at++) {
    const octets = [0, 17, 18, line.length].includes(at) ? EVERY_OCTET : SOME_OCTETS;
    for (const octet of octets) lines.push(line.slice(0, at) + octet + line.slice(at));
  }
  assert.ok(lines.length > 1_000);
  await Promise.all(Array.from({ length: 16 }, async (_, lane) => {
    for (let i = lane; i < lines.length; i += 16) {
      const sent = `POST /${i} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${SMUGGLED.length}\r\n${lines[i]}\r\n\r\n${SMUGGLED}`;
      assert.match(await exchange(port, sent), /^HTTP\/1\.1 (?:200|4\d\d) /, JSON.stringify(lines[i]));
    }
  }));
  for (const { head, body } of upstream.seen) {
    assert.equal(body, SMUGGLED, head);
    assert.doesNotMatch(head, /^transfer[-_]encoding\s*:/im);
    assert.doesNotMatch(head, /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\r[^\n]|[^\r]\n/);
  }
});
