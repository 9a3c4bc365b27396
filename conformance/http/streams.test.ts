// HTTP/2 apps in the in-process plane: streams to streams, where a failure resets the stream and never the client's connection.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as http2 from 'node:http2';
import type { ClientHttp2Session, ClientSessionOptions, IncomingHttpHeaders, OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { Forwarder } from '@graylane/forward';
import type { ForwardEvent, Limits } from '@graylane/forward';

type App = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

interface Plane {
  readonly client: ClientHttp2Session;
  readonly forwarder: Forwarder;
  readonly events: ForwardEvent[];
}

interface Got {
  readonly headers: IncomingHttpHeaders;
  readonly interims: readonly IncomingHttpHeaders[];
  readonly trailers: IncomingHttpHeaders;
  readonly body: string;
  readonly code: number;
}

async function start(t: TestContext, app: App, limits: Partial<Limits> = {}, clientOptions: ClientSessionOptions = {}): Promise<Plane> {
  const folder = mkdtempSync(join(tmpdir(), 'gl-'));
  const path = join(folder, 'app.sock');
  const upstream = http2.createServer();
  upstream.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    app(stream, headers);
  });
  upstream.listen(path);
  await once(upstream, 'listening');
  const events: ForwardEvent[] = [];
  const forwarder = new Forwarder({ hop: 'transparent', limits, onEvent: (event) => events.push(event) });
  forwarder.setUpstreams('v2', [{ key: 'a', address: { path } }]);
  const front = http2.createServer();
  front.on('stream', (stream, headers, _flags, lines: readonly string[]) => forwarder.forwardStream('v2', stream, headers, lines, { 'graylane-hop': 'test' }));
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
  const client = http2.connect(`http://127.0.0.1:${(front.address() as AddressInfo).port}`, clientOptions);
  t.after(() => {
    client.destroy();
    front.close();
    forwarder.close();
    upstream.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return { client, forwarder, events };
}

async function ask(client: ClientHttp2Session, headers: OutgoingHttpHeaders, body?: string, sentTrailers?: OutgoingHttpHeaders): Promise<Got> {
  const stream = client.request(headers, { endStream: body === undefined, waitForTrailers: sentTrailers !== undefined });
  const interims: IncomingHttpHeaders[] = [];
  let answer: IncomingHttpHeaders = {};
  let trailers: IncomingHttpHeaders = {};
  let text = '';
  stream.on('error', () => undefined);
  stream.on('wantTrailers', () => stream.sendTrailers(sentTrailers ?? {}));
  stream.on('headers', (found) => interims.push(found));
  stream.on('response', (found) => answer = found);
  stream.on('trailers', (found: IncomingHttpHeaders) => trailers = found);
  stream.on('data', (chunk: Buffer) => text += chunk.toString());
  if (body !== undefined) stream.end(body);
  await new Promise<void>((resolve) => stream.once('close', resolve));
  return { headers: answer, interims, trailers, body: text, code: stream.rstCode };
}

void test('a stream keeps its headers, bodies, informational answers and trailers', async (t) => {
  const { client } = await start(t, (stream, headers) => {
    let body = '';
    let trailers: IncomingHttpHeaders = {};
    stream.additionalHeaders({ ':status': 103, link: '</a>' });
    stream.on('trailers', (found: IncomingHttpHeaders) => trailers = found);
    stream.on('data', (chunk: Buffer) => body += chunk.toString());
    stream.on('end', () => {
      stream.respond({ ':status': 201, 'x-hop': headers['graylane-hop'], 'set-cookie': ['a=1', 'b=2'] }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '42' }));
      stream.end(`${headers[':method']} ${headers[':path']} ${body} ${String(trailers['x-up'])}`);
    });
  });
  const got = await ask(client, { ':path': '/x?y', ':method': 'POST' }, 'hello', { 'x-up': '1' });
  assert.equal(got.headers[':status'], 201);
  assert.equal(got.headers['x-hop'], 'test');
  assert.deepEqual(got.headers['set-cookie'], ['a=1', 'b=2']);
  assert.equal(got.body, 'POST /x?y hello 1');
  assert.deepEqual(got.interims.map((found) => found[':status']), [103]);
  assert.equal(got.trailers['x-sum'], '42');
});

void test('large bodies pass whole in both directions', async (t) => {
  const { client } = await start(t, (stream) => {
    stream.respond({ ':status': 200 });
    stream.pipe(stream);
  });
  const sent = 'x'.repeat(3_000_000);
  const { body } = await ask(client, { ':path': '/', ':method': 'POST' }, sent);
  assert.equal(body.length, sent.length);
});

void test('a reset of the app resets the stream and leaves the connection', async (t) => {
  const { client, forwarder } = await start(t, (stream) => {
    stream.respond({ ':status': 200 });
    stream.write('some');
    setTimeout(() => stream.destroy(new Error('crash')), 20);
  });
  const got = await ask(client, { ':path': '/' });
  assert.notEqual(got.code, http2.constants.NGHTTP2_NO_ERROR);
  assert.equal(client.closed, false);
  assert.equal(forwarder.stats()[0]?.inFlight, 0);
});

void test('a client whose upload the app does not want is told to stop, without an error, as the app told it', { timeout: 10_000 }, async (t) => {
  const { client, forwarder } = await start(t, (stream) => {
    stream.respond({ ':status': 413 });
    stream.end('big');
  });
  const stream = client.request({ ':path': '/', ':method': 'POST' }, { endStream: false });
  const response = once(stream, 'response') as Promise<[IncomingHttpHeaders]>;
  let text = '';
  stream.on('error', () => undefined).on('data', (chunk: Buffer) => text += chunk.toString());
  stream.write('half');
  await once(stream, 'close');
  assert.deepEqual([(await response)[0][':status'], text, stream.rstCode], [413, 'big', http2.constants.NGHTTP2_NO_ERROR]);
  assert.equal(forwarder.stats()[0]?.inFlight, 0);
});

void test('a client that cancels cancels the app, and its place is free', async (t) => {
  const { promise: code, resolve: cancelled } = Promise.withResolvers<number>();
  const { client, forwarder } = await start(t, (stream) => stream.on('close', () => cancelled(stream.rstCode)));
  const stream = client.request({ ':path': '/' });
  stream.on('error', () => undefined);
  setTimeout(() => stream.close(http2.constants.NGHTTP2_CANCEL), 30);
  assert.equal(await code, http2.constants.NGHTTP2_CANCEL);
  assert.equal(forwarder.stats()[0]?.inFlight, 0);
});

void test('an app that does not answer is a 504, one that is gone a 502, none at all a 503', async (t) => {
  const { client, forwarder, events } = await start(t, () => undefined, { responseHeadMs: 100 });
  assert.equal((await ask(client, { ':path': '/' })).headers[':status'], 504);
  forwarder.setUpstreams('v2', [{ key: 'gone', address: { path: '/nonexistent/u.sock' } }]);
  const gone = await ask(client, { ':path': '/' });
  assert.equal(gone.headers[':status'], 502);
  assert.match(String(gone.headers['proxy-status']), /connection_refused/);
  forwarder.setUpstreams('v2', []);
  assert.equal((await ask(client, { ':path': '/' })).headers[':status'], 503);
  assert.deepEqual(events.filter(({ kind }) => kind === 'failed').map((event) => event.kind === 'failed' && event.status), [504, 502, 503]);
});

void test('over its limits a stream waits, then is shed', async (t) => {
  const { client } = await start(t, () => undefined, { inFlightPerUpstream: 1, waitingPerGroup: 1, waitMs: 100 });
  client.request({ ':path': '/first' }).on('error', () => undefined);
  const [second, third] = await Promise.all([ask(client, { ':path': '/second' }), ask(client, { ':path': '/third' })]);
  assert.deepEqual([second.headers[':status'], third.headers[':status']], [503, 503]);
});

void test('an answer that the app breaks off without an error is no complete one', async (t) => {
  const { client } = await start(t, (stream) => {
    stream.respond({ 'content-length': '10' });
    stream.write('half', () => stream.destroy());
  });
  // A complete one of this length would be a protocol error to the client.
  const { body, code } = await ask(client, { ':path': '/' });
  assert.deepEqual({ body, code }, { body: 'half', code: http2.constants.NGHTTP2_NO_ERROR });
});

void test('white space around what a line says is for its client to judge', async (t) => {
  const { client } = await start(t, (stream) => stream.respond({ 'x-padded': ' a ' }, { endStream: true }), {}, { strictFieldWhitespaceValidation: false });
  assert.equal((await ask(client, { ':path': '/' })).headers['x-padded'], ' a ');
});

void test('an event stream is no exchange under way', async (t) => {
  const { client, forwarder } = await start(t, (stream) => {
    stream.respond({ 'content-type': 'text/event-stream' });
    stream.write('data: 1\n\n');
  });
  await once(client.request({ ':path': '/' }), 'data');
  const [{ inFlight, tunnels } = { inFlight: -1, tunnels: -1 }] = forwarder.stats();
  assert.deepEqual({ inFlight, tunnels }, { inFlight: 0, tunnels: 1 });
});
