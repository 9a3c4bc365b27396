// The forwarding process of the idle-connection measurement, on either plane. Tells its parent its port, and its memory when asked.

import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { Forwarder } from '@graylane/forward';
import { Gateway } from '@graylane/gateway';

const [, , plane, path = ''] = process.argv;
const upstreams = [{ key: 'app', address: { path } }];
const limits = { inFlightPerUpstream: 20_000 };

if (plane === 'in-process') {
  const forwarder = new Forwarder({ hop: 'transparent', limits });
  forwarder.setUpstreams('v2', upstreams);
  const server = http.createServer((req, res) => forwarder.forward('v2', req, res, ''));
  server.on('upgrade', (req, socket, early) => forwarder.upgrade('v2', req, socket, early, ''));
  server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
} else {
  const gateway = new Gateway({ listen: [{ port: 0, host: '127.0.0.1' }], service: 'web', stable: 'v2', upstreams: { v2: upstreams }, limits });
  const [address] = await gateway.listen();
  process.send?.({ port: (address as AddressInfo).port });
}
process.on('message', () => {
  globalThis.gc?.();
  globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  process.send?.({ rss, heap: heapUsed + external });
});
