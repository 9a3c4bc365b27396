// Clients over TLS that close their sending side right behind a request: the answer that is as good as there goes out.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:tls';
import { test } from 'node:test';
import { Forwarder } from '@graylane/forward';
import { makeCertificate, noOpenssl, tempFolder } from '../gateway/certificate.ts';
import { ok, RawUpstream } from './kit/raw-upstream.ts';

void test('a client over TLS that half-closes behind its request gets its answer', { skip: noOpenssl, timeout: 20_000 }, async (t) => {
  const upstream = await RawUpstream.start(ok('hello'));
  const forwarder = new Forwarder({ hop: 'transparent' });
  forwarder.setUpstreams('v2', [{ key: 'a', address: upstream.address }]);
  const { cert, key } = makeCertificate(tempFolder(t), 'app', ['localhost']);
  const server = createServer({ cert, key }, (req, res) => forwarder.forward('v2', req, res, 'graylane-hop: test\r\n'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(async () => {
    server.close();
    server.closeAllConnections();
    forwarder.close();
    await upstream.stop();
  });
  const client = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', rejectUnauthorized: false });
  let received = '';
  client.setEncoding('latin1').on('data', (text: string) => (received += text)).on('error', () => undefined);
  await once(client, 'secureConnect');
  client.end('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await once(client, 'close');
  assert.match(received, /^HTTP\/1\.1 200 OK\r\n.*hello$/s);
});
