// What breaks HTTP/2's own rules (RFC 9113, RFC 7541) ends its stream or its connection, by the code that the RFC names, and
// reaches no app; what the RFC tells a server to ignore is ignored.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { Gateway } from '../src/index.ts';
import { FLAG, FRAME, GET, POST, block, frame, headers, setting, u32, withValue } from './frames.ts';
import type { Frame, Line } from './frames.ts';
import { RawClient, ask2, connectHttp2 } from './http2-support.ts';

const PROTOCOL = 1;
const FLOW = 3;
const CLOSED = 5;
const SIZE = 6;
const COMPRESSION = 9;
const { endHeaders, endStream, padded, ack } = FLAG;

/** `served`: the app was asked. `refused`: answered without asking it. Codes are those of RFC 9113 §7. */
type Outcome = 'served' | 'refused' | { readonly reset: number } | { readonly goaway: number };

async function start(t: TestContext): Promise<{ readonly port: number; readonly asked: string[] }> {
  const asked: string[] = [];
  const app = http.createServer((req, res) => {
    asked.push(`${req.method} ${req.url} ${req.rawHeaders.join(' ')}`);
    req.resume().on('end', () => res.end('fine')).on('error', () => undefined);
  }).listen(0, '127.0.0.1');
  await once(app, 'listening');
  const gateway = new Gateway({ listen: [{ port: 0, host: '127.0.0.1' }], service: 'web', stable: 'v1', upstreams: { v1: [{ key: 'app', address: { host: '127.0.0.1', port: (app.address() as AddressInfo).port } }] }, http2: true });
  const [address] = await gateway.listen();
  t.after(() => {
    gateway.close();
    app.closeAllConnections();
    app.close();
  });
  return { port: (address as AddressInfo).port, asked };
}

function outcomeOf({ frames, goaway }: RawClient): Outcome | null {
  if (goaway !== null) return { goaway };
  for (const { type, payload } of frames) {
    if (type === FRAME.rst) return { reset: payload.readUInt32BE(0) };
    // A 200 is in the static table (RFC 7541 appendix A); what the gateway refuses has another status.
    if (type === FRAME.headers) return payload.includes(0x88) ? 'served' : 'refused';
  }
  return null;
}

function check(name: string, expected: Outcome, frames: readonly Frame[]): void {
  void test(name, { timeout: 10_000 }, async (t) => {
    const { port, asked } = await start(t);
    const client = new RawClient(t, port);
    client.send(...frames);
    await client.until(() => outcomeOf(client) !== null);
    assert.deepEqual(outcomeOf(client), expected);
    // Whatever went on has arrived before this one has.
    assert.equal((await ask2(connectHttp2(t, `http://127.0.0.1:${port}`), { ':path': '/neighbour' })).status, 200);
    const reached = asked.filter((request) => !request.startsWith('GET /neighbour '));
    if (expected === 'served') assert.equal(reached.length, 1);
    if (expected === 'refused') assert.deepEqual(reached, []);
    assert.ok(asked.every((request) => !/smuggled/.test(request)), asked.join());
  });
}

const body = (text: string, flags: number = endStream): Frame => frame(FRAME.data, flags, 1, text);
const open = (...lines: readonly Line[]): Frame => headers(1, [...POST, ...lines], endHeaders);
const get = (...lines: readonly Line[]): readonly Frame[] => [headers(1, [...GET, ...lines])];
const getWith = (name: string, value: string): readonly Frame[] => [headers(1, withValue(GET, name, value))];
const getWithout = (name: string): readonly Frame[] => [headers(1, GET.filter((line) => line[0] !== name))];

// Frames.
check('DATA beyond the largest frame', { goaway: SIZE }, [open(), body('x'.repeat(16_385))]);
check('HEADERS on stream 0', { goaway: PROTOCOL }, [headers(0, GET)]);
check('HEADERS on a stream of the server', { goaway: PROTOCOL }, [headers(2, GET)]);
check('DATA on a stream that nobody opened', { goaway: PROTOCOL }, [body('x')]);
check('RST_STREAM on a stream that nobody opened', { goaway: PROTOCOL }, [frame(FRAME.rst, 0, 1, u32(8))]);
check('WINDOW_UPDATE on a stream that nobody opened', { goaway: PROTOCOL }, [frame(FRAME.window, 0, 1, u32(1))]);
check('CONTINUATION without a head', { goaway: PROTOCOL }, [frame(FRAME.continuation, endHeaders, 1, block(GET))]);
check('a head that DATA interrupts', { goaway: PROTOCOL }, [headers(1, GET, endStream), body('x')]);
check('padding longer than its frame', { goaway: PROTOCOL }, [open(), body('\x09abc', padded)]);
check('PUSH_PROMISE of a client', { goaway: PROTOCOL }, [frame(FRAME.push, endHeaders, 1, Buffer.concat([u32(2), block(GET)]))]);
check('SETTINGS on a stream', { goaway: PROTOCOL }, [frame(FRAME.settings, 0, 1, setting(3, 1))]);
check('half a setting', { goaway: SIZE }, [frame(FRAME.settings, 0, 0, '12345')]);
check('an acknowledgement with settings', { goaway: SIZE }, [frame(FRAME.settings, ack, 0, setting(3, 1))]);
check('ENABLE_PUSH that is no truth value', { goaway: PROTOCOL }, [frame(FRAME.settings, 0, 0, setting(2, 2))]);
check('an initial window over its limit', { goaway: FLOW }, [frame(FRAME.settings, 0, 0, setting(4, 2 ** 31))]);
check('a largest frame under its limit', { goaway: PROTOCOL }, [frame(FRAME.settings, 0, 0, setting(5, 100))]);
check('a short PING', { goaway: SIZE }, [frame(FRAME.ping, 0, 0, '123456')]);
check('PING on a stream', { goaway: PROTOCOL }, [frame(FRAME.ping, 0, 1, '12345678')]);
check('GOAWAY on a stream', { goaway: PROTOCOL }, [frame(FRAME.goaway, 0, 1, '12345678')]);
check('a short WINDOW_UPDATE', { goaway: SIZE }, [frame(FRAME.window, 0, 0, '123')]);
check('WINDOW_UPDATE by nothing', { goaway: PROTOCOL }, [frame(FRAME.window, 0, 0, u32(0))]);
check('a short PRIORITY', { goaway: SIZE }, [frame(FRAME.priority, 0, 1, '12'), ...get()]);
check('DATA after the end of its stream', { goaway: CLOSED }, [headers(1, GET), body('x')]);
check('a second head after the end of its stream', { goaway: CLOSED }, [headers(1, GET), headers(1, GET)]);

// HPACK.
check('the index 0', { goaway: COMPRESSION }, [frame(FRAME.headers, endHeaders | endStream, 1, '\x80')]);
check('an index beyond the table', { goaway: COMPRESSION }, [frame(FRAME.headers, endHeaders | endStream, 1, '\xff\x80\x10')]);
check('a table larger than was offered', { goaway: COMPRESSION }, [frame(FRAME.headers, endHeaders | endStream, 1, Buffer.concat([Buffer.from([0x3f, 0xe1, 0xff, 0x07]), block(GET)]))]);

// Heads.
check('no :method', { reset: PROTOCOL }, getWithout(':method'));
check('no :scheme', { reset: PROTOCOL }, getWithout(':scheme'));
check('no :path', { reset: PROTOCOL }, getWithout(':path'));
check('neither :authority nor host', { reset: PROTOCOL }, getWithout(':authority'));
check('host instead of :authority', 'served', [headers(1, [...GET.slice(0, 3), ['host', 'a']])]);
check('a pseudo field twice', { reset: PROTOCOL }, get([':method', 'GET']));
check('a pseudo field that nobody knows', { reset: PROTOCOL }, get([':x', 'y']));
check("an answer's pseudo field", { reset: PROTOCOL }, get([':status', '200']));
check('a pseudo field behind others', { reset: PROTOCOL }, [headers(1, [...GET.slice(0, 3), ['a', 'b'], [':authority', 'a']])]);
check(':protocol without CONNECT', { reset: PROTOCOL }, get([':protocol', 'websocket']));
for (const [name, value] of [['connection', 'close'], ['keep-alive', '5'], ['proxy-connection', 'close'], ['transfer-encoding', 'chunked'], ['upgrade', 'h2c'], ['te', 'gzip'], ['X-Upper', 'case']] as const) {
  check(`the field ${name}: ${value}`, { reset: PROTOCOL }, get([name, value]));
}
check('te: trailers', 'served', get(['te', 'trailers']));
check('transfer_encoding, which some apps take for the other', 'refused', get(['transfer_encoding', 'chunked']));
check('trailers that do not end their stream', { reset: PROTOCOL }, [open(), body('x', 0), headers(1, [['a', 'b']], endHeaders)]);
check('trailers with a pseudo field', { reset: PROTOCOL }, [open(), body('x', 0), headers(1, [[':path', '/smuggled']])]);
check('less body than Content-Length', { reset: PROTOCOL }, [open(['content-length', '5']), body('abc')]);
check('Content-Length without a body', { reset: PROTOCOL }, [headers(1, [...POST, ['content-length', '3']])]);
for (const value of ['1,1', '+1', '-1', '0x1', '1 ']) check(`Content-Length: ${JSON.stringify(value)}`, { reset: PROTOCOL }, [open(['content-length', value]), body('a')]);
check('two Content-Length', { reset: PROTOCOL }, [open(['content-length', '1'], ['content-length', '1']), body('a')]);

// What would be a second request in HTTP/1.1.
const SECOND = ' HTTP/1.1\r\nHost: a\r\n\r\nGET /smuggled';
for (const name of [':method', ':path', ':authority', ':scheme']) check(`a request within ${name}`, { reset: PROTOCOL }, getWith(name, `${name === ':path' ? '/' : 'a'}${SECOND}`));
for (const value of ['', '/a b', '/\x7f', '/\0', '/\t', 'http://a/', '*']) check(`:path ${JSON.stringify(value)}`, { reset: PROTOCOL }, getWith(':path', value));
for (const value of ['/a#b', '/a\\b', '/\xe9', '/a/../b', '//a']) check(`:path ${JSON.stringify(value)}`, 'refused', getWith(':path', value));
for (const value of ['', 'G T', 'G(T', 'G\xe9']) check(`:method ${JSON.stringify(value)}`, { reset: PROTOCOL }, getWith(':method', value));
for (const value of ['', 'a b', 'a/b', 'u@a']) check(`:authority ${JSON.stringify(value)}`, { reset: PROTOCOL }, getWith(':authority', value));
// nghttp2 leaves out regular fields that it cannot read, and nobody behind it sees them.
for (const value of ['a\r\nsmuggled: 1', 'a\nsmuggled: 1', 'a\0smuggled']) check(`a value ${JSON.stringify(value)}`, 'served', get(['x', value]));
for (const name of ['smuggled a', 'smuggled:a', 'a\r\nsmuggled', '']) check(`a name ${JSON.stringify(name)}`, 'served', get([name, 'b']));

// What has to be ignored.
check('a frame of a kind that nobody knows', 'served', [frame(0x55, 0xff, 1, 'hello'), ...get()]);
check('a setting that nobody knows', 'served', [frame(FRAME.settings, 0, 0, setting(0x99, 5)), ...get()]);
check('PRIORITY of a stream that is not there', 'served', [frame(FRAME.priority, 0, 9, '\0\0\0\0\x05'), ...get()]);
check('a padded head', 'served', [frame(FRAME.headers, endHeaders | endStream | padded, 1, Buffer.concat([Buffer.from([3]), block(GET), Buffer.alloc(3)]))]);
check('a client that takes heads of one byte', 'served', [frame(FRAME.settings, 0, 0, setting(6, 1)), ...get()]);

void test('a PING is answered with what it brought, and SETTINGS are acknowledged', { timeout: 10_000 }, async (t) => {
  const client = new RawClient(t, (await start(t)).port);
  client.send(frame(FRAME.ping, 0, 0, 'graylane'));
  await client.until(() => client.frames.some(({ type, flags, payload }) => type === FRAME.ping && flags === ack && payload.toString() === 'graylane'));
  assert.ok(client.frames.some(({ type, flags }) => type === FRAME.settings && flags === ack));
  assert.equal(client.isClosed, false);
});

void test('a window of one byte gives the answer byte by byte', { timeout: 10_000 }, async (t) => {
  const client = new RawClient(t, (await start(t)).port);
  client.send(frame(FRAME.settings, 0, 0, setting(4, 1)), ...get());
  const parts = (): string[] => client.frames.filter(({ type, payload }) => type === FRAME.data && payload.length > 0).map(({ payload }) => payload.toString());
  for (const expected of ['f', 'fi', 'fin', 'fine']) {
    await client.until(() => parts().join('') === expected);
    assert.equal(parts().length, expected.length);
    client.send(frame(FRAME.window, 0, 1, u32(1)));
  }
  await client.until(() => client.frames.some(({ type, flags }) => type === FRAME.data && (flags & endStream) !== 0));
});
