// TLS sessions that go on: with any worker, and over reloads, for all share the keys of their tickets; but never past a listener that
// asks for another proof of who the client is.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import * as tls from 'node:tls';
import { makeCertificate, noOpenssl, tempFolder } from './certificate.ts';
import type { Certificate } from './certificate.ts';
import { LISTENER, service, startEdge, startNamedApp, target } from './edge-kit.ts';

const options = { skip: noOpenssl, timeout: 20_000 };
const ticketKeys = randomBytes(48).toString('base64');

type Version = 'TLSv1.2' | 'TLSv1.3';

/** One worker; a port for each of `clientCas`. */
async function startWorker(t: TestContext, sites: readonly Certificate[], clientCas: readonly (string | null)[]): Promise<readonly number[]> {
  const app = await startNamedApp(t, 'v1');
  const listeners = clientCas.map((clientCa, slot) => ({ ...LISTENER, place: { slot }, tls: { certificates: sites.map(({ certFile, keyFile }) => ({ cert: certFile, key: keyFile })), minVersion: 'TLSv1.2' as const, clientCa } }));
  return (await startEdge(t, { services: [service('web', { v1: [target(app.port)] })], listeners, ticketKeys })).ports;
}

interface Visit {
  /** '' when there was no answer. */
  readonly answer: string;
  readonly resumed: boolean;
  readonly session: Buffer | null;
}

/** One request over a connection of its own. */
async function visit(port: number, version: Version, more: tls.ConnectionOptions = {}): Promise<Visit> {
  const socket = tls.connect({ port, host: '127.0.0.1', servername: 'site.test', rejectUnauthorized: false, minVersion: version, maxVersion: version, ...more });
  let answer = '';
  let resumed = false;
  let session: Buffer | null = null;
  socket.on('session', (found) => session = found);
  socket.on('secureConnect', () => {
    resumed = socket.isSessionReused();
    socket.write('GET / HTTP/1.1\r\nHost: site.test\r\nConnection: close\r\n\r\n');
  });
  socket.on('data', (chunk: Buffer) => answer += chunk.toString());
  await new Promise<void>((resolve) => socket.on('error', () => undefined).on('close', () => resolve()));
  return { answer, resumed, session };
}

const SERVED = /^HTTP\/1\.1 200 /;

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  for (const names of [['site.test'], ['other.test', 'site.test']]) {
    const title = `${version} with ${names.length === 1 ? 'one certificate' : 'a certificate for each name'}`;
    const sitesIn = (folder: string): readonly Certificate[] => names.map((name) => makeCertificate(folder, name, [name]));

    void test(`a session of ${title} that one worker began goes on with another`, options, async (t) => {
      const sites = sitesIn(tempFolder(t));
      const [[one = 0], [other = 0]] = [await startWorker(t, sites, [null]), await startWorker(t, sites, [null])];
      const { session, resumed } = await visit(one, version);
      assert.ok(session !== null && !resumed);
      const again = await visit(other, version, { session });
      assert.match(again.answer, SERVED);
      assert.equal(again.resumed, true);
    });

    void test(`a session of ${title} opens no listener that asks for another proof`, options, async (t) => {
      const folder = tempFolder(t);
      const [client, stranger] = [makeCertificate(folder, 'client', ['client.test']), makeCertificate(folder, 'stranger', ['stranger.test'])];
      const [open = 0, strangers = 0, closed = 0] = await startWorker(t, sitesIn(folder), [null, stranger.certFile, client.certFile]);
      const proof = { cert: client.cert, key: client.key };
      const own = await visit(closed, version, proof);
      assert.match(own.answer, SERVED);
      assert.ok(own.session !== null);
      const known = await visit(closed, version, { ...proof, session: own.session });
      assert.match(known.answer, SERVED);
      assert.equal(known.resumed, true);
      for (const [port, shows] of [[open, {}], [strangers, { cert: stranger.cert, key: stranger.key }]] as const) {
        const { session, answer } = await visit(port, version, shows);
        assert.match(answer, SERVED);
        assert.ok(session !== null);
        assert.equal((await visit(closed, version, { session })).answer, '');
      }
    });
  }
}
