// TLS at the edge: the right certificate for each name, protocols by ALPN, certificates that change, mTLS on both sides, PROXY before it.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFileSync, writeFileSync } from 'node:fs';
import * as http2 from 'node:http2';
import * as https from 'node:https';
import * as net from 'node:net';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import * as tls from 'node:tls';
import { ask2, connectHttp2 } from '../../packages/gateway/test/http2-support.ts';
import { makeCertificate, noOpenssl, tempFolder } from './certificate.ts';
import type { Certificate } from './certificate.ts';
import { LISTENER, service, startEdge, startNamedApp, target } from './edge-kit.ts';

const options = { skip: noOpenssl, timeout: 20_000 };
const filesOf = ({ certFile, keyFile }: Certificate): { readonly cert: string; readonly key: string } => ({ cert: certFile, key: keyFile });
const tlsOf = (certificates: readonly Certificate[], clientCa: string | null = null) => ({ certificates: certificates.map(filesOf), minVersion: 'TLSv1.2' as const, clientCa });

/** What a server shows to a client that asks for `servername`. */
async function shown(port: number, servername: string, more: tls.ConnectionOptions = {}): Promise<{ readonly name: string; readonly alpn: string | false | null; readonly protocol: string | null; readonly cipher: string }> {
  const socket = tls.connect({ port, host: '127.0.0.1', servername, rejectUnauthorized: false, ALPNProtocols: ['h2', 'http/1.1'], ...more });
  await once(socket, 'secureConnect');
  const found = { name: String(socket.getPeerCertificate().subject['CN']), alpn: socket.alpnProtocol, protocol: socket.getProtocol(), cipher: socket.getCipher().standardName };
  socket.destroy();
  return found;
}

function get(port: number, ca: string, servername: string, more: https.RequestOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    https.get({ port, host: '127.0.0.1', servername, ca, agent: false, headers: { host: servername }, ...more }, (res) => {
      let text = '';
      res.on('data', (chunk: Buffer) => text += chunk.toString());
      res.on('end', () => resolve(text));
    }).on('error', reject);
  });
}

void test('each name gets its certificate, wildcards cover one label, and the first is for everybody else', options, async (t) => {
  const folder = tempFolder(t);
  const [one, wild] = [makeCertificate(folder, 'one', ['one.test']), makeCertificate(folder, 'wild', ['*.wild.test'])];
  const app = await startNamedApp(t, 'v1');
  const { ports: [port = 0] } = await startEdge(t, { services: [service('web', { v1: [target(app.port)] })], listeners: [{ ...LISTENER, tls: tlsOf([one, wild]) }] });
  const names = await Promise.all(['one.test', 'a.wild.test', 'a.b.wild.test', 'other.test', ''].map(async (name) => (await shown(port, name)).name));
  assert.deepEqual(names, ['one.test', '*.wild.test', 'one.test', 'one.test', 'one.test']);
  const { alpn, cipher } = await shown(port, 'one.test', { maxVersion: 'TLSv1.2' });
  assert.equal(alpn, 'h2');
  assert.match(cipher, /^TLS_ECDHE_.*(GCM|POLY1305)/);
  await assert.rejects(shown(port, 'one.test', { maxVersion: 'TLSv1.1', minVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }));
});

void test('HTTP/1.1 and HTTP/2 are served behind TLS, and the app hears of https', options, async (t) => {
  const cert = makeCertificate(tempFolder(t), 'site', ['site.test']);
  const app = await startNamedApp(t, 'v1');
  const { ports: [port = 0] } = await startEdge(t, { services: [service('web', { v1: [target(app.port)] })], listeners: [{ ...LISTENER, tls: tlsOf([cert]) }] });
  assert.equal(await get(port, cert.cert, 'site.test'), 'v1 127.0.0.1 https');
  const session = connectHttp2(t, `https://127.0.0.1:${port}`, { ca: cert.cert, servername: 'site.test' });
  assert.equal((await ask2(session, { ':authority': 'site.test' })).body, 'v1 127.0.0.1 https');
});

void test('a certificate that changes is used from the next connection on; a broken or expired one is not, and that is said', options, async (t) => {
  const folder = tempFolder(t);
  const live = makeCertificate(folder, 'live', ['site.test']);
  const next = makeCertificate(folder, 'next', ['site.test', 'next.test']);
  const app = await startNamedApp(t, 'v1');
  const { edge, events, ports: [port = 0] } = await startEdge(t, { services: [service('web', { v1: [target(app.port)] })], listeners: [{ ...LISTENER, tls: tlsOf([live]) }] });
  const fingerprint = async (): Promise<string> => {
    const socket = tls.connect({ port, host: '127.0.0.1', servername: 'site.test', rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    const found = socket.getPeerCertificate().fingerprint256;
    socket.destroy();
    return found;
  };
  const kept = connectHttp2(t, `https://127.0.0.1:${port}`, { ca: live.cert, servername: 'site.test' });
  await once(kept, 'connect');
  const before = await fingerprint();
  const faults: readonly (readonly [string, RegExp])[] = [['nonsense', /no certificate/], [next.cert, /not the key of/]];
  for (const [text, said] of faults) {
    writeFileSync(live.certFile, text);
    edge.reloadCertificates();
    assert.equal(await fingerprint(), before);
    const last = events.at(-1);
    assert.ok(last?.kind === 'certificate-kept' && said.test(last.problem.message), JSON.stringify(last));
  }
  edge.reloadCertificates();
  assert.equal(events.filter(({ kind }) => kind === 'certificate-kept').length, 2, 'the same fault is said once');
  copyFileSync(next.keyFile, live.keyFile);
  edge.reloadCertificates();
  assert.equal(events.at(-1)?.kind, 'certificate');
  assert.notEqual(await fingerprint(), before);
  assert.equal((await shown(port, 'next.test')).name, 'site.test');
  assert.equal((await ask2(kept, { ':authority': 'site.test' })).status, 200);
  writeFileSync(live.certFile, 'nonsense');
  edge.reloadCertificates();
  assert.equal(events.at(-1)?.kind, 'certificate-kept', 'a fault that went and comes again is said again');
});

void test('an expired certificate never starts, and never replaces one that works', options, async (t) => {
  const folder = tempFolder(t);
  const live = makeCertificate(folder, 'live', ['site.test']);
  const app = await startNamedApp(t, 'v1');
  let now = Date.now();
  const config = { services: [service('web', { v1: [target(app.port)] })], listeners: [{ ...LISTENER, tls: tlsOf([live]) }] };
  const { edge, events } = await startEdge(t, config, { wallClock: () => now });
  now += 30 * 24 * 3_600_000;
  edge.reloadCertificates();
  const [kept] = events;
  assert.ok(kept?.kind === 'certificate-kept' && /expired on/.test(kept.problem.message) && kept.problem.fix === 'renew it');
  await assert.rejects(startEdge(t, config, { wallClock: () => now }), /expired on/);
});

void test('clients must show a certificate where the listener says so', options, async (t) => {
  const folder = tempFolder(t);
  const [site, client] = [makeCertificate(folder, 'site', ['site.test']), makeCertificate(folder, 'client', ['client.test'])];
  const app = await startNamedApp(t, 'v1');
  const { ports: [port = 0] } = await startEdge(t, { services: [service('web', { v1: [target(app.port)] })], listeners: [{ ...LISTENER, http2: false, tls: tlsOf([site], client.certFile) }] });
  assert.equal(await get(port, site.cert, 'site.test', { cert: client.cert, key: client.key }), 'v1 127.0.0.1 https');
  await assert.rejects(get(port, site.cert, 'site.test'));
});

void test('an upstream that asks for a certificate gets the gateway\'s own, over HTTP/1.1 and HTTP/2', options, async (t) => {
  const folder = tempFolder(t);
  const [inside, own] = [makeCertificate(folder, 'inside', ['inside.test']), makeCertificate(folder, 'own', ['gateway.test'])];
  const app = http2.createSecureServer({ key: inside.key, cert: inside.cert, ca: own.cert, requestCert: true, rejectUnauthorized: true, allowHTTP1: true }, (req, res) => {
    res.end(`${req.httpVersion} ${String((req.socket as tls.TLSSocket).getPeerCertificate().subject['CN'])}`);
  });
  app.listen(0, '127.0.0.1');
  await once(app, 'listening');
  t.after(() => app.close());
  const { port: inner } = app.address() as AddressInfo;
  for (const [isHttp2, version] of [[false, '1.1'], [true, '2.0']] as const) {
    const secured = { servername: 'inside.test', ca: inside.certFile, identity: filesOf(own) };
    const { edge, ports: [port = 0] } = await startEdge(t, { services: [service('web', { v1: [target(inner, { http2: isHttp2, tls: secured })] })] });
    assert.equal(await (await fetch(`http://127.0.0.1:${port}`)).text(), `${version} gateway.test`);
    edge.close();
    const { ports: [strange = 0] } = await startEdge(t, { services: [service('web', { v1: [target(inner, { http2: isHttp2, tls: { ...secured, servername: 'other.test' } })] })] });
    assert.equal((await fetch(`http://127.0.0.1:${strange}`)).status, 502);
  }
});

const V1 = 'PROXY TCP4 203.0.113.9 192.0.2.1 5555 443\r\n';
const V2 = Buffer.concat([Buffer.from('0d0a0d0a000d0a515549540a', 'hex'), Buffer.from([0x21, 0x21, 0, 36]), Buffer.from('20010db8000000000000000000000001', 'hex'), Buffer.alloc(16), Buffer.from([0, 80, 1, 187])]);

async function raw(port: number, parts: readonly (string | Buffer)[]): Promise<string> {
  const socket = net.connect(port, '127.0.0.1');
  let text = '';
  socket.on('data', (chunk: Buffer) => text += chunk.toString());
  socket.on('error', () => undefined);
  for (const part of parts) {
    socket.write(part);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  if (!socket.destroyed) await once(socket, 'close');
  return text.split('\r\n\r\n')[1] ?? '';
}

const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

void test('the PROXY header of a balancer says who the client is, in both versions and in pieces', async (t) => {
  const app = await startNamedApp(t, 'v1');
  for (const isHttp2 of [true, false]) {
    const { ports: [port = 0] } = await startEdge(t, { services: [service('web', { v1: [target(app.port)] })], listeners: [{ ...LISTENER, http2: isHttp2, proxyProtocol: ['127.0.0.0/8'] }] });
    assert.match(await raw(port, [V1 + REQUEST]), /v1 203\.0\.113\.9 http/);
    assert.match(await raw(port, [V1.slice(0, 9), V1.slice(9), REQUEST.slice(0, 2), REQUEST.slice(2)]), /v1 203\.0\.113\.9 http/);
    assert.match(await raw(port, [V2, REQUEST]), /v1 2001:db8::1 http/);
    assert.match(await raw(port, ['PROXY UNKNOWN\r\n' + REQUEST]), /v1 127\.0\.0\.1 http/);
    for (const bad of [REQUEST, 'PROXY TCP4 nobody 1.1.1.1 1 1\r\n' + REQUEST, `PROXY ${'x'.repeat(200)}`, Buffer.concat([V2.subarray(0, 12), Buffer.from([0x99, 0, 0, 0])])]) assert.equal(await raw(port, [bad]), '');
  }
});

void test('a peer that may not send a PROXY header is not served', async (t) => {
  const app = await startNamedApp(t, 'v1');
  const { ports: [port = 0] } = await startEdge(t, { services: [service('web', { v1: [target(app.port)] })], listeners: [{ ...LISTENER, proxyProtocol: ['10.0.0.0/8'] }] });
  assert.equal(await raw(port, [V1 + REQUEST]), '');
});

void test('the PROXY header stands before TLS', options, async (t) => {
  const cert = makeCertificate(tempFolder(t), 'site', ['site.test']);
  const app = await startNamedApp(t, 'v1');
  const { ports: [port = 0] } = await startEdge(t, { services: [service('web', { v1: [target(app.port)] })], listeners: [{ ...LISTENER, tls: tlsOf([cert]), proxyProtocol: [] }] });
  const behind = async (): Promise<net.Socket> => {
    const socket = net.connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(V1);
    return socket;
  };
  const plain = await behind();
  const secured = tls.connect({ socket: plain, servername: 'site.test', ca: cert.cert, ALPNProtocols: ['http/1.1'] });
  let text = '';
  secured.on('data', (chunk: Buffer) => text += chunk.toString());
  secured.write(REQUEST);
  await once(secured, 'close');
  assert.match(text, /v1 203\.0\.113\.9 https/);
  const inner = await behind();
  const session = connectHttp2(t, 'https://site.test', { createConnection: () => tls.connect({ socket: inner, servername: 'site.test', ca: cert.cert, ALPNProtocols: ['h2'] }) });
  assert.equal((await ask2(session, {})).body, 'v1 203.0.113.9 https');
});
