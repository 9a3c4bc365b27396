// HTTP/2 to clients and to upstreams, in all four pairs: heads, bodies, trailers, backpressure, failures.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as http from 'node:http';
import type { OutgoingHttpHeaders } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import type { ForwardEvent, Upstream } from '@graylane/forward';
import { Gateway } from '../src/index.ts';
import type { GatewayOptions } from '../src/index.ts';
import { answerOf, ask2, connectHttp2, startHttp2App } from './http2-support.ts';
import { ask, seenValues, startApp, strategy } from './support.ts';

const SERVICES = { web: { stable: 'v1', versions: { v1: {}, v2: {} } } };
const BETA = { name: 'beta', when: [{ cookie: { beta: '1' } }], versions: { web: 'v2' } };

interface Started {
  readonly gateway: Gateway;
  readonly address: AddressInfo;
  readonly url: string;
  readonly events: ForwardEvent[];
}

async function start(t: TestContext, upstreams: Readonly<Record<string, readonly Upstream[]>>, document: object = { services: SERVICES }, extra: Partial<GatewayOptions> = {}): Promise<Started> {
  const events: ForwardEvent[] = [];
  const gateway = new Gateway({
    listen: [{ port: 0, host: '127.0.0.1' }], service: 'web', stable: 'v1', upstreams, http2: true,
    strategy: strategy(7, document), onEvent: (event) => events.push(event), ...extra,
  });
  const [address] = await gateway.listen();
  t.after(() => gateway.close());
  return { gateway, address: address as AddressInfo, url: `http://127.0.0.1:${(address as AddressInfo).port}`, events };
}

/** An HTTP/1.1 app of the test's own. */
async function startHttp1App(t: TestContext, listener: http.RequestListener): Promise<Upstream> {
  const server = http.createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return { key: `http:${port}`, address: { host: '127.0.0.1', port } };
}

interface Seen { readonly name: string; readonly headers: readonly string[] }

void test('a client of HTTP/2 by prior knowledge is routed like any other, and one of HTTP/1.1 beside it on the same port', async (t) => {
  const [v1, v2] = await Promise.all([startApp(t, 'v1'), startApp(t, 'v2')]);
  const { url, address } = await start(t, { v1: [v1.upstream], v2: [v2.upstream] }, { services: SERVICES, releases: [BETA], exposeRoute: true });
  const session = connectHttp2(t, url);
  const beta = await ask2(session, { ':path': '/x?y=1', cookie: 'a=1; beta=1', 'x-forwarded-for': '9.9.9.9' });
  assert.equal(beta.status, 200);
  assert.equal(beta.headers['graylane-route'], 'service=web, version=v2, lane=beta, gen=7');
  const seen = JSON.parse(beta.body) as Seen & { readonly url: string };
  assert.deepEqual([seen.name, seen.url], ['v2', '/x?y=1']);
  const values = (name: string): string[] => seen.headers.filter((_, i) => i % 2 === 1 && seen.headers[i - 1]?.toLowerCase() === name);
  assert.deepEqual(values('x-forwarded-for'), ['127.0.0.1']);
  assert.deepEqual(values('cookie'), ['a=1; beta=1']);
  assert.deepEqual(values('via'), ['2 graylane']);
  assert.deepEqual(values('host'), [url.slice(7)]);
  assert.equal((JSON.parse((await ask2(session, {})).body) as Seen).name, 'v1');
  assert.equal((await ask(address, 'Cookie: beta=1\r\n')).seen?.name, 'v2');
  assert.deepEqual(seenValues(await ask(address, ''), 'via'), ['1.1 graylane']);
});

void test('cookies that a client split into lines decide, and arrive, as one', async (t) => {
  const [v1, v2] = await Promise.all([startApp(t, 'v1'), startApp(t, 'v2')]);
  const { url } = await start(t, { v1: [v1.upstream], v2: [v2.upstream] }, { services: SERVICES, releases: [BETA] });
  const { body } = await ask2(connectHttp2(t, url), { cookie: ['a=1', 'beta=1'] });
  const seen = JSON.parse(body) as Seen;
  assert.equal(seen.name, 'v2');
  assert.ok(seen.headers.includes('a=1; beta=1'));
});

void test('bodies of both kinds go up and down whole', async (t) => {
  const echo: http.RequestListener = (req, res) => {
    res.setHeader('x-framing', req.headers['transfer-encoding'] ?? req.headers['content-length'] ?? 'none');
    req.pipe(res);
  };
  const { url } = await start(t, { v1: [await startHttp1App(t, echo)] });
  const session = connectHttp2(t, url);
  const body = Buffer.alloc(3_000_000, 'abcdefghij');
  const known = await ask2(session, { ':method': 'POST', 'content-length': body.length }, body);
  assert.equal(known.headers['x-framing'], String(body.length));
  assert.equal(known.body.length, body.length);
  const unknown = await ask2(session, { ':method': 'POST' }, body);
  assert.equal(unknown.headers['x-framing'], 'chunked');
  assert.equal(unknown.body, body.toString());
  assert.equal((await ask2(session, {})).headers['x-framing'], 'none');
});

void test('trailers and informational answers pass in both directions', async (t) => {
  const app = await startHttp1App(t, (req, res) => {
    res.writeEarlyHints({ link: '</a.css>; rel=preload' });
    req.resume().on('end', () => {
      res.writeHead(200, { trailer: 'x-sum' });
      res.write('body');
      res.addTrailers({ 'x-sum': String(req.trailers['x-up']) });
      res.end();
    });
  });
  const { url } = await start(t, { v1: [app] });
  const stream = connectHttp2(t, url).request({ ':method': 'POST', te: 'trailers' }, { waitForTrailers: true });
  const hints: string[] = [];
  stream.on('headers', (headers) => hints.push(`${headers[':status']} ${String(headers['link'])}`));
  stream.on('wantTrailers', () => stream.sendTrailers({ 'x-up': '42' }));
  stream.end('up');
  const reply = await answerOf(stream);
  assert.deepEqual(hints, ['103 </a.css>; rel=preload']);
  assert.equal(reply.body, 'body');
  assert.equal(reply.trailers['x-sum'], '42');
});

void test('an upstream of HTTP/2 serves clients of both kinds', async (t) => {
  const app = await startHttp2App(t, (stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      stream.respond({ ':status': 201, 'x-path': headers[':path'], 'x-authority': headers[':authority'], 'x-for': headers['x-forwarded-for'], 'set-cookie': ['a=1', 'b=2'] }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': 'ok' }));
      stream.end(Buffer.concat(chunks));
    });
  });
  const { url, address } = await start(t, { v1: [app] });
  const two = await ask2(connectHttp2(t, url), { ':method': 'POST', ':path': '/p' }, 'hello');
  assert.deepEqual([two.status, two.body, two.headers['x-path'], two.trailers['x-sum']], [201, 'hello', '/p', 'ok']);
  assert.deepEqual(two.headers['set-cookie'], ['a=1', 'b=2']);
  const one = await fetch(`http://127.0.0.1:${address.port}/q`, { method: 'POST', body: 'hi' });
  assert.deepEqual([one.status, await one.text(), one.headers.get('x-path'), one.headers.get('x-for')], [201, 'hi', '/q', '127.0.0.1']);
  assert.deepEqual(one.headers.getSetCookie(), ['a=1', 'b=2']);
});

void test('HEAD, 204 and 304 end without a body, whoever asks whom', async (t) => {
  const { url, address } = await start(t, {
    v1: [await startHttp2App(t, (stream, headers) => stream.respond({ ':status': headers[':path'] === '/204' ? 204 : 200, ...(headers[':method'] === 'HEAD' ? { 'content-length': 5 } : {}) }, { endStream: true }))],
  });
  const session = connectHttp2(t, url);
  assert.deepEqual(await ask2(session, { ':method': 'HEAD' }).then(({ status, headers, body }) => [status, headers['content-length'], body]), [200, '5', '']);
  assert.equal((await ask2(session, { ':path': '/204' })).status, 204);
  const base = `http://127.0.0.1:${address.port}`;
  assert.equal((await fetch(base, { method: 'HEAD' })).headers.get('content-length'), '5');
  assert.equal((await fetch(`${base}/204`)).status, 204);
  assert.equal(await (await fetch(base)).text(), '');
});

void test('what fails resets or answers its stream, and the others on the connection go on', async (t) => {
  const app = await startHttp1App(t, (req, res) => {
    if (req.url === '/cut') {
      res.writeHead(200, { 'content-length': 10 });
      res.write('half');
      setImmediate(() => res.destroy());
    } else if (req.url === '/never') {
      req.socket.destroy();
    } else res.end('fine');
  });
  const { url } = await start(t, { v1: [app] });
  const session = connectHttp2(t, url);
  const [cut, never, fine] = await Promise.all([ask2(session, { ':path': '/cut' }), ask2(session, { ':path': '/never', ':method': 'POST' }, 'x'), ask2(session, { ':path': '/fine' })]);
  assert.deepEqual([cut.status, cut.rstCode !== 0], [200, true]);
  assert.deepEqual([never.status, /details="no-answer"/.test(String(never.headers['proxy-status']))], [502, true]);
  assert.deepEqual([fine.status, fine.body], [200, 'fine']);
  assert.equal(session.closed, false);
});

void test('a client that resets its stream cancels the exchange upstream', async (t) => {
  const gone = Promise.withResolvers<undefined>();
  const asked = Promise.withResolvers<undefined>();
  const { url, gateway } = await start(t, { v1: [await startHttp1App(t, (_req, res) => {
    asked.resolve(undefined);
    res.once('close', () => gone.resolve(undefined));
  })] });
  const stream = connectHttp2(t, url).request({});
  stream.on('error', () => undefined);
  await asked.promise;
  stream.close(8);
  await gone.promise;
  assert.deepEqual(gateway.stats().map(({ inFlight }) => inFlight), [0]);
});

void test('a body longer or shorter than its Content-Length reaches no upstream as a whole', async (t) => {
  const ends: string[] = [];
  const { url } = await start(t, { v1: [await startHttp1App(t, (req, res) => {
    req.on('end', () => ends.push('complete')).on('aborted', () => ends.push('aborted')).on('error', () => undefined).resume();
    req.on('end', () => res.end());
  })] });
  for (const [length, body] of [[3, 'hello'], [9, 'hello']] as const) {
    const stream = connectHttp2(t, url).request({ ':method': 'POST', 'content-length': length });
    stream.on('error', () => undefined);
    stream.end(body);
    const reply = await answerOf(stream);
    assert.notEqual(reply.status, 200);
  }
  assert.ok(!ends.includes('complete'));
});

void test('60: what has two readings is refused on a stream, too', async (t) => {
  const { upstream } = await startApp(t, 'v1');
  const { url } = await start(t, { v1: [upstream] });
  const session = connectHttp2(t, url);
  const refused: readonly (readonly [OutgoingHttpHeaders, number])[] = [
    [{ ':path': '/a/../b' }, 400], [{ ':path': '//x' }, 400], [{ ':path': 'http://a/x' }, 400], [{ ':authority': 'a', host: 'other' }, 400], [{ ':authority': 'a b' }, 400],
    [{ ':path': `/${'x'.repeat(9_000)}` }, 414], [{ ':method': 'CONNECT', ':authority': 'a:1', ':path': undefined, ':scheme': undefined }, 501],
    [Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`x-${i}`, 'v'])), 431],
    [{ 'content-length': '5' }, 400],
  ];
  for (const [headers, status] of refused) {
    const reply = await ask2(session, headers);
    // Some of it Node itself resets before we see it.
    assert.ok(reply.status === status || (reply.status === 0 && reply.rstCode !== 0), `${JSON.stringify(headers).slice(0, 60)}: ${reply.status}`);
  }
  assert.equal((await ask2(session, {})).status, 200);
});

void test('a slow reader of one stream stops its upstream, not the other streams', async (t) => {
  const written = { bytes: 0 };
  const { url } = await start(t, { v1: [await startHttp1App(t, (req, res) => {
    if (req.url !== '/big') return void res.end('small');
    const chunk = Buffer.alloc(64 * 1024);
    const pump = (): void => {
      while (written.bytes < 64 * 1024 * 1024) {
        written.bytes += chunk.length;
        if (!res.write(chunk)) return void res.once('drain', pump);
      }
      res.end();
    };
    pump();
  })] });
  const session = connectHttp2(t, url);
  const big = session.request({ ':path': '/big' });
  await once(big, 'response');
  for (let i = 0; i < 20; i++) assert.equal((await ask2(session, {})).body, 'small');
  assert.ok(written.bytes < 16 * 1024 * 1024, `${written.bytes} bytes were taken from the upstream`);
  big.close();
});

void test('a drain lets streams finish, tells the client, and takes what was on its way', async (t) => {
  const release = Promise.withResolvers<undefined>();
  const { url, gateway } = await start(t, { v1: [await startHttp1App(t, (_req, res) => void release.promise.then(() => res.end('late but whole')))] });
  const session = connectHttp2(t, url);
  const early = answerOf(session.request({}));
  await once(session, 'remoteSettings');
  const told = once(session, 'goaway');
  const late = answerOf(session.request({}));
  while (gateway.stats()[0]?.inFlight !== 2) await new Promise((resolve) => setImmediate(resolve));
  const drained = gateway.drain(5_000);
  await told;
  release.resolve(undefined);
  assert.deepEqual([(await early).body, (await late).body], ['late but whole', 'late but whole']);
  await drained;
});

void test('a lane whose upstreams are all gone falls back on HTTP/2 as it does on HTTP/1.1', async (t) => {
  const { upstream } = await startApp(t, 'v1');
  const { url, gateway } = await start(t, { v1: [upstream] }, { services: SERVICES, releases: [BETA] });
  const session = connectHttp2(t, url);
  assert.equal((JSON.parse((await ask2(session, { cookie: 'beta=1' })).body) as Seen).name, 'v1');
  gateway.publish(strategy(8, { services: SERVICES, releases: [{ ...BETA, onUnavailable: 'error' }] }));
  const refused = await ask2(session, { cookie: 'beta=1' });
  assert.deepEqual([refused.status, refused.headers['retry-after']], [503, '1']);
});
