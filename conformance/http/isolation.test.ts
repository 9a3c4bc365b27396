// 13, 50: what happens to one version's workers is nothing to the requests of another.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { Forwarder, proxyHop } from '@graylane/forward';
import { RawClient, exchange } from './kit/raw-client.ts';
import { RawUpstream, ok } from './kit/raw-upstream.ts';
import type { Answer } from './kit/raw-upstream.ts';

interface Versions {
  readonly port: number;
  readonly canary: RawUpstream;
  readonly forwarder: Forwarder;
}

const request = (version: string): string => `GET /${version} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;

/** The path names the version. */
async function versions(t: TestContext, hop: 'transparent' | typeof proxyHop, answer: Answer): Promise<Versions> {
  const [stable, canary] = [await RawUpstream.start(ok('stable')), await RawUpstream.start(answer)];
  const forwarder = new Forwarder({ hop, limits: { inFlightPerUpstream: 1, waitingPerGroup: 4, waitMs: 200 } });
  forwarder.setUpstreams('stable', [{ key: 's', address: stable.address }]);
  forwarder.setUpstreams('canary', [{ key: 'c', address: canary.address }]);
  const server = http.createServer((req, res) => forwarder.forward(req.url?.slice(1) ?? '', req, res, ''));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(async () => {
    server.close();
    server.closeAllConnections();
    forwarder.close();
    await Promise.all([stable.stop(), canary.stop()]);
  });
  return { port: (server.address() as AddressInfo).port, canary, forwarder };
}

for (const [plane, hop] of [['transparent', 'transparent'], ['proxy', proxyHop]] as const) {
  void test(`13: the whole canary is down and stable answers as before (${plane})`, { timeout: 10_000 }, async (t) => {
    const { port, canary } = await versions(t, hop, ok('canary'));
    await canary.stop();
    for (let i = 0; i < 20; i++) {
      assert.match(await exchange(port, request('canary')), /^HTTP\/1\.1 502 /);
      assert.match(await exchange(port, request('stable')), /^HTTP\/1\.1 200 [^]*stable$/);
    }
  });

  void test(`50: a saturated canary sheds its own requests and delays nobody else's (${plane})`, { timeout: 10_000 }, async (t) => {
    const { port, canary, forwarder } = await versions(t, hop, () => undefined);
    const [first, ...others] = await Promise.all(Array.from({ length: 20 }, async () => await RawClient.connect(port)));
    first?.send(request('canary'));
    await canary.requests(1);
    for (const client of others) client.send(request('canary'));
    const started = performance.now();
    for (let i = 0; i < 20; i++) assert.match(await exchange(port, request('stable')), /^HTTP\/1\.1 200 /);
    assert.ok(performance.now() - started < 1_000, 'nobody waited for the canary');
    // Four waited for their time, fifteen were refused at once.
    const refused = await Promise.all(others.map(async (client) => await client.all()));
    assert.equal(canary.seen.length, 1);
    assert.ok(refused.every((text) => text.startsWith('HTTP/1.1 503 ')));
    assert.deepEqual(forwarder.traffic, { waiting: 0, admission: { limit: 4, waited: 0, waitedSeconds: 0, rejected: { 'queue-full': 15, 'wait-timeout': 4 } } });
  });

  void test(`a request that waited for its turn is counted with its time (${plane})`, { timeout: 10_000 }, async (t) => {
    const { port, forwarder } = await versions(t, hop, ok('canary'));
    const answers = await Promise.all(Array.from({ length: 4 }, () => exchange(port, request('canary'))));
    assert.ok(answers.every((text) => text.startsWith('HTTP/1.1 200 ')));
    const { waiting, admission } = forwarder.traffic;
    assert.deepEqual([waiting, admission.waited > 0, admission.waitedSeconds > 0, admission.waitedSeconds < 4 * 0.2, admission.rejected], [0, true, true, true, {}]);
  });
}
