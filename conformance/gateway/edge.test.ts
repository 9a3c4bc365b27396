// Upstreams by name and by health, services by host, WebSockets over HTTP/1.1, TLS and HTTP/2, Unix sockets, the access log.

import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import * as http from 'node:http';
import * as http2 from 'node:http2';
import * as https from 'node:https';
import * as net from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { WebSocket, WebSocketServer } from 'ws';
import { systemResolver } from '@graylane/gateway';
import { ask2, connectHttp2 } from '../../packages/gateway/test/http2-support.ts';
import { makeCertificate, noOpenssl, tempFolder } from './certificate.ts';
import { LISTENER, service, startEdge, startNamedApp, target, until } from './edge-kit.ts';

const BETA = { services: { web: { stable: 'v1', versions: { v1: {}, v2: {} } } }, releases: [{ name: 'beta', when: [{ cookie: { beta: '1' } }], versions: { web: 'v2' } }] };
const textOf = async (port: number, headers: Record<string, string> = {}): Promise<string> => {
  const response = await fetch(`http://127.0.0.1:${port}/`, { headers });
  return response.status === 200 ? (await response.text()).split(' ')[0] ?? '' : String(response.status);
};

/** A name server that knows one zone, and can fall silent. */
async function startNameServer(t: TestContext): Promise<{ readonly address: string; addresses: readonly string[]; silent: boolean; asked: number }> {
  const state = { addresses: ['127.0.0.1'] as readonly string[], silent: false, asked: 0 };
  const socket = createSocket('udp4');
  socket.on('message', (query, peer) => {
    state.asked++;
    if (state.silent) return;
    const end = query.indexOf(0, 12) + 5;
    const isA = query.readUInt16BE(end - 4) === 1;
    const answers = isA ? state.addresses : [];
    const head = Buffer.from(query.subarray(0, 12));
    head.writeUInt16BE(0x8180, 2);
    head.writeUInt16BE(answers.length, 6);
    head.writeUInt32BE(0, 8);
    // A pointer to the question's name, type A, class IN, a second to live.
    const records = answers.map((address) => Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, ...address.split('.').map(Number)]));
    socket.send(Buffer.concat([head, query.subarray(12, end), ...records]), peer.port, peer.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  t.after(() => socket.close());
  return Object.assign(state, { address: `127.0.0.1:${socket.address().port}` });
}

async function appOn(t: TestContext, host: string, port: number, name: string): Promise<number> {
  const server = http.createServer((_req, res) => res.end(name)).listen(port, host);
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

void test('a name is looked up again when its time is over; when nobody answers, the last good addresses stay', { timeout: 20_000 }, async (t) => {
  const names = await startNameServer(t);
  const port = await appOn(t, '127.0.0.1', 0, 'one');
  await appOn(t, '127.0.0.2', port, 'two');
  const { events, ports: [entry = 0] } = await startEdge(t, {
    services: [service('web', { v1: [target(port, { text: `app.test:${port}`, place: { host: 'app.test', port } })] })],
  }, { resolve: systemResolver([names.address]) });
  assert.equal(await textOf(entry), 'one');
  names.addresses = ['127.0.0.2'];
  await until(async () => await textOf(entry) === 'two');
  names.addresses = [];
  await until(() => events.some((event) => event.kind === 'name' && event.event.kind === 'failed' && event.event.kept === 1));
  assert.equal(await textOf(entry), 'two');
  names.addresses = ['127.0.0.1', '127.0.0.2'];
  const seen = new Set<string>();
  await until(async () => seen.add(await textOf(entry)).size === 2);
});

void test('endpoints of one name come and go while requests are asked: none is lost, and a new one is used when the name says so', { timeout: 20_000 }, async (t) => {
  const names = await startNameServer(t);
  const one = http.createServer((_req, res) => res.end('one')).listen(0, '127.0.0.1');
  await once(one, 'listening');
  t.after(() => one.closeAllConnections());
  const { port } = one.address() as AddressInfo;
  await appOn(t, '127.0.0.2', port, 'two');
  names.addresses = ['127.0.0.1', '127.0.0.2'];
  const { ports: [entry = 0] } = await startEdge(t, {
    services: [service('web', { v1: [target(port, { text: `app.test:${port}`, place: { host: 'app.test', port } })] })],
  }, { resolve: systemResolver([names.address]) });
  const seen: string[] = [];
  const use = async (name: string): Promise<void> => {
    await until(async () => {
      seen.push(await textOf(entry));
      return seen.at(-1) === name;
    });
  };
  await use('one');
  // Gone before DNS knows it, as a pod that was killed.
  one.close();
  one.closeAllConnections();
  for (let i = 0; i < 30; i++) seen.push(await textOf(entry));
  names.addresses = ['127.0.0.2', '127.0.0.3'];
  await appOn(t, '127.0.0.3', port, 'three');
  await use('three');
  await use('two');
  assert.deepEqual([...new Set(seen)].sort(), ['one', 'three', 'two']);
});

void test('a sick upstream gets nothing until it is well; a lane whose upstreams are all sick falls back', { timeout: 20_000 }, async (t) => {
  const [v1, a, b] = await Promise.all([startNamedApp(t, 'v1'), startNamedApp(t, 'v2a'), startNamedApp(t, 'v2b')]);
  const health = { path: '/healthz', host: 'a', intervalMs: 30, timeoutMs: 1_000, healthyAfter: 1, unhealthyAfter: 2 };
  const { ports: [port = 0], events } = await startEdge(t, { services: [service('web', { v1: [target(v1.port)], v2: [target(a.port), target(b.port)] }, { health })] }, {}, BETA);
  const beta = { cookie: 'beta=1' };
  assert.match(await textOf(port, beta), /^v2/);
  const changes = (): number => events.filter(({ kind }) => kind === 'health').length;
  a.health = 500;
  await until(() => changes() === 1);
  for (let i = 0; i < 10; i++) assert.equal(await textOf(port, beta), 'v2b');
  b.server.close();
  b.server.closeAllConnections();
  await until(() => changes() === 2);
  assert.equal(await textOf(port, beta), 'v1');
  a.health = 200;
  await until(() => changes() === 3);
  assert.equal(await textOf(port, beta), 'v2a');
});

void test('all of stable looking sick takes nobody off it: the check may be wrong', { timeout: 20_000 }, async (t) => {
  const v1 = await startNamedApp(t, 'v1');
  v1.health = 500;
  const { ports: [port = 0], events } = await startEdge(t, { services: [service('web', { v1: [target(v1.port)] }, { health: { path: '/healthz', host: 'a', intervalMs: 20, timeoutMs: 1_000, healthyAfter: 1, unhealthyAfter: 1 } })] });
  await until(() => events.some(({ kind }) => kind === 'health'));
  assert.equal(await textOf(port), 'v1');
});

void test('a lane that wants an error gets 503 when its upstreams are all sick', { timeout: 20_000 }, async (t) => {
  const [v1, v2] = await Promise.all([startNamedApp(t, 'v1'), startNamedApp(t, 'v2')]);
  v2.health = 503;
  const document = { ...BETA, releases: BETA.releases.map((release) => ({ ...release, onUnavailable: 'error' })) };
  const { ports: [port = 0], events } = await startEdge(t, { services: [service('web', { v1: [target(v1.port)], v2: [target(v2.port)] }, { health: { path: '/healthz', host: 'a', intervalMs: 20, timeoutMs: 1_000, healthyAfter: 1, unhealthyAfter: 1 } })] }, {}, document);
  await until(() => events.some(({ kind }) => kind === 'health'));
  assert.equal(await textOf(port, { cookie: 'beta=1' }), '503');
});

void test('one listener serves several services by host, and refuses names that it does not know', async (t) => {
  const [one, below] = await Promise.all([startNamedApp(t, 'one'), startNamedApp(t, 'below')]);
  const { ports: [port = 0] } = await startEdge(t, { services: [service('one', { v1: [target(one.port)] }, { hosts: ['one.test'] }), service('below', { v1: [target(below.port)] }, { hosts: ['*.below.test'] })] });
  const session = connectHttp2(t, `http://127.0.0.1:${port}`);
  const answer = async (authority: string): Promise<string> => {
    const { status, body } = await ask2(session, { ':authority': authority });
    return status === 200 ? body.split(' ')[0] ?? '' : String(status);
  };
  assert.deepEqual(await Promise.all(['one.test', 'ONE.test:8080', 'a.below.test', 'a.b.below.test', 'below.test', 'other.test'].map(answer)), ['one', 'one', 'below', 'below', '421', '421']);
  assert.equal(await textOf(port), '421');
});

void test('a Unix socket can be listener and upstream', async (t) => {
  const folder = tempFolder(t);
  const app = http.createServer((_req, res) => res.end('unix')).listen(join(folder, 'app.sock'));
  t.after(() => app.close());
  await startEdge(t, { listeners: [{ ...LISTENER, place: { path: join(folder, 'edge.sock') } }], services: [service('web', { v1: [target(0, { text: 'app', place: { path: join(folder, 'app.sock') } })] })] });
  const response = await new Promise<http.IncomingMessage>((resolve) => http.get({ socketPath: join(folder, 'edge.sock'), path: '/', headers: { host: 'a' } }, resolve));
  assert.equal(response.statusCode, 200);
  response.resume();
});

/** Echoes, and closes with a code when told to. */
async function startEcho(t: TestContext): Promise<number> {
  const server = http.createServer();
  const sockets = new WebSocketServer({ server, handleProtocols: (offered) => [...offered][0] ?? false });
  sockets.on('connection', (socket) => socket.on('message', (data: Buffer, isBinary) => data.toString() === 'bye' ? socket.close(4001, 'as asked') : socket.send(data, { binary: isBinary })));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const client of sockets.clients) client.terminate();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

void test('a WebSocket passes a listener of plain HTTP and one of TLS', { skip: noOpenssl, timeout: 20_000 }, async (t) => {
  const cert = makeCertificate(tempFolder(t), 'site', ['site.test']);
  const app = await startEcho(t);
  const tls = { certificates: [{ cert: cert.certFile, key: cert.keyFile }], minVersion: 'TLSv1.2' as const, clientCa: null };
  const { ports } = await startEdge(t, { services: [service('web', { v1: [target(app)] })], listeners: [LISTENER, { ...LISTENER, place: { slot: 1 }, tls }] });
  const agent = new https.Agent({ ca: cert.cert, servername: 'site.test' });
  for (const [url, options] of [[`ws://127.0.0.1:${ports[0]}/`, {}], [`wss://127.0.0.1:${ports[1]}/`, { agent }]] as const) {
    const socket = new WebSocket(url, ['chat'], options);
    await once(socket, 'open');
    assert.equal(socket.protocol, 'chat');
    const big = Buffer.alloc(500_000, 'ws');
    socket.send(big);
    assert.deepEqual((await once(socket, 'message'))[0], big);
    socket.send('bye');
    assert.deepEqual((await once(socket, 'close')).map(String), ['4001', 'as asked']);
  }
});

/** One masked text frame of a client (RFC 6455 §5.2), shorter than 126 bytes. */
function textFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  return Buffer.concat([Buffer.from([0x81, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
}

for (const secured of [false, true]) void test(`a WebSocket on an HTTP/2 stream (RFC 8441), ${secured ? 'behind TLS' : 'without TLS'}, is one of HTTP/1.1 to its app`, { skip: secured ? noOpenssl : false, timeout: 20_000 }, async (t) => {
  const app = await startEcho(t);
  const cert = secured ? makeCertificate(tempFolder(t), 'site', ['site.test']) : null;
  const listener = cert === null ? LISTENER : { ...LISTENER, tls: { certificates: [{ cert: cert.certFile, key: cert.keyFile }], minVersion: 'TLSv1.2' as const, clientCa: null } };
  const { ports: [port = 0], edge } = await startEdge(t, { services: [service('web', { v1: [target(app)] })], listeners: [listener] });
  const session = cert === null ? http2.connect(`http://127.0.0.1:${port}`) : http2.connect(`https://127.0.0.1:${port}`, { ca: cert.cert, servername: 'site.test' });
  t.after(() => session.destroy());
  await once(session, 'remoteSettings');
  assert.equal(session.remoteSettings.enableConnectProtocol, true);
  const stream = session.request({ ':method': 'CONNECT', ':protocol': 'websocket', ':path': '/chat', ':scheme': 'http', ':authority': 'a', 'sec-websocket-version': '13', 'sec-websocket-protocol': 'chat' }, { endStream: false });
  const [headers] = await once(stream, 'response') as [http2.IncomingHttpHeaders];
  assert.deepEqual([headers[':status'], headers['sec-websocket-protocol'], headers['sec-websocket-accept']], [200, 'chat', undefined]);
  stream.write(textFrame('hello'));
  assert.equal(String((await once(stream, 'data'))[0]), '\u0081\u0005hello'.replace('\u0081', '\ufffd'));
  stream.write(textFrame('bye'));
  const closing = (await once(stream, 'data'))[0] as Buffer;
  assert.deepEqual([closing[0], closing.readUInt16BE(2)], [0x88, 4001]);
  stream.close();
  await until(() => edge.traffic().inFlight === 0);
});

void test('an app that refuses a WebSocket refuses it on HTTP/2, too', { timeout: 20_000 }, async (t) => {
  const app = await startNamedApp(t, 'v1');
  const { ports: [port = 0] } = await startEdge(t, { services: [service('web', { v1: [target(app.port)] })] });
  const session = connectHttp2(t, `http://127.0.0.1:${port}`);
  await once(session, 'remoteSettings');
  const stream = session.request({ ':method': 'CONNECT', ':protocol': 'websocket', ':path': '/', ':scheme': 'http', ':authority': 'a' }, { endStream: false });
  const [headers] = await once(stream, 'response') as [http2.IncomingHttpHeaders];
  // Its 200 to an upgrade that it does not know would say that the WebSocket is open.
  assert.equal(headers[':status'], 502);
  stream.close();
});

/** Sends what is no request, and waits for the end of its connection. */
async function unreadable(port: number, text: string): Promise<void> {
  const socket = net.connect(port, '127.0.0.1');
  socket.resume().end(text);
  await once(socket, 'close');
}

void test('the access log has a line a request, without the query, whoever answered it', async (t) => {
  const folder = tempFolder(t);
  const file = join(folder, 'access.log');
  const app = await startNamedApp(t, 'v1');
  const { edge, ports: [port = 0] } = await startEdge(t, { services: [service('web', { v1: [target(app.port)] })], accessLog: file }, {}, BETA);
  await (await fetch(`http://127.0.0.1:${port}/a?secret=1`)).text();
  await (await fetch(`http://127.0.0.1:${port}/b//c`)).text();
  await ask2(connectHttp2(t, `http://127.0.0.1:${port}`), { ':path': '/two', cookie: 'beta=1' });
  await unreadable(port, 'GET / HTTP/1.1\r\nno colon\r\n\r\n');
  await edge.drain(100);
  const lines = readFileSync(file, 'utf8').trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual(lines.map(({ path, protocol, status, version, lane, end }) => [path, protocol, status, version, lane, end]), [
    ['/a', 'HTTP/1.1', 200, 'v1', null, 'complete'], ['/b//c', 'HTTP/1.1', 400, null, null, 'complete'], ['/two', 'HTTP/2', 200, 'v1', 'beta', 'complete'], ['', 'HTTP/1.1', 400, null, null, 'complete'],
  ]);
  assert.ok(lines.every(({ client, time }) => client === '127.0.0.1' && !Number.isNaN(Date.parse(String(time)))));
});
