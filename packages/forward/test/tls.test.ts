// Upstreams behind TLS: read like all others, and always verified.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import * as http from 'node:http';
import * as https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Forwarder } from '../src/index.ts';
import type { ForwardEvent, TlsTarget } from '../src/index.ts';

const skip = spawnSync('openssl', ['version']).status === 0 ? false : 'openssl is not installed';

void test('an upstream behind TLS is reached when its certificate fits, and never otherwise', { skip, timeout: 20_000 }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'gl-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const [key, cert] = certificate(folder);
  const app = https.createServer({ key, cert }, (req, res) => res.end(req.url === '/big' ? 'x'.repeat(3_000_000) : 'small'));
  app.listen(0, '127.0.0.1');
  await once(app, 'listening');
  t.after(() => {
    app.close();
    app.closeAllConnections();
  });
  const { port } = app.address() as AddressInfo;
  assert.deepEqual(await ask(port, { servername: 'app.test', ca: cert }), { statuses: [200, 200], lengths: [5, 3_000_000], reasons: [] });
  assert.deepEqual(await ask(port, { servername: 'other.test', ca: cert }), { statuses: [502, 502], lengths: [25, 25], reasons: ['connect-failed', 'connect-failed'] });
  assert.deepEqual((await ask(port, { servername: 'app.test' })).statuses, [502, 502]);
});

function certificate(folder: string): [key: string, cert: string] {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', key, '-out', cert, '-days', '2', '-subj', '/CN=app.test', '-addext', 'subjectAltName=DNS:app.test']);
  return [readFileSync(key, 'utf8'), readFileSync(cert, 'utf8')];
}

async function ask(port: number, tls: TlsTarget): Promise<{ statuses: number[]; lengths: number[]; reasons: string[] }> {
  const events: ForwardEvent[] = [];
  const forwarder = new Forwarder({ hop: 'transparent', onEvent: (event) => events.push(event) });
  forwarder.setUpstreams('v2', [{ key: 'a', address: { host: '127.0.0.1', port, tls } }]);
  const front = http.createServer((req, res) => forwarder.forward('v2', req, res, ''));
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
  const found = { statuses: [] as number[], lengths: [] as number[], reasons: [] as string[] };
  for (const path of ['/', '/big']) {
    const answer = await fetch(`http://127.0.0.1:${(front.address() as AddressInfo).port}${path}`);
    found.statuses.push(answer.status);
    found.lengths.push((await answer.text()).length);
  }
  for (const event of events) if (event.kind === 'failed') found.reasons.push(event.reason);
  front.close();
  front.closeAllConnections();
  forwarder.close();
  return found;
}
