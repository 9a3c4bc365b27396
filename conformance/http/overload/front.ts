// The process under load: one of the two planes, or the tutorials' TD server. Tells its parent its port and, ten times a second, its memory.

import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { Forwarder } from '@graylane/forward';
import { Gateway } from '@graylane/gateway';

const SAMPLE_MS = 100;
const [, , plane, path = ''] = process.argv;
/** As http.md tells the story: one at a time, 64 may wait, for two seconds. */
const limits = { inFlightPerUpstream: 1, waitingPerGroup: 64, waitMs: 2_000 };
const upstreams = [{ key: 'app', address: { path } }];

if (plane === 'in-process') await startInProcess();
else if (plane === 'gateway') await startGateway();
else await startTutorial();
setInterval(() => process.send?.({ rss: process.memoryUsage.rss() }), SAMPLE_MS);

async function startInProcess(): Promise<void> {
  const forwarder = new Forwarder({ hop: 'transparent', limits });
  forwarder.setUpstreams('v2', upstreams);
  await listen(http.createServer((req, res) => forwarder.forward('v2', req, res, '')));
}

async function startGateway(): Promise<void> {
  const gateway = new Gateway({ listen: [{ port: 0, host: '127.0.0.1' }], service: 'web', stable: 'v2', upstreams: { v2: upstreams }, limits });
  const [address] = await gateway.listen();
  process.send?.({ port: (address as AddressInfo).port });
}

/** What tutorials show: everything through a keep-alive agent with one socket. */
async function startTutorial(): Promise<void> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  await listen(http.createServer((req, res) => {
    const outgoing = http.request({ socketPath: path, agent, method: req.method, path: req.url, headers: req.headers }, (incoming) => {
      res.writeHead(incoming.statusCode ?? 502, incoming.headers);
      incoming.pipe(res);
    });
    outgoing.on('error', () => res.destroy());
    req.pipe(outgoing);
  }));
}

async function listen(server: http.Server): Promise<void> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  process.send?.({ port: (server.address() as AddressInfo).port });
}
