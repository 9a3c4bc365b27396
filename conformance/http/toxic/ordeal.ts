// Sends clients through both planes to toxic upstreams for a while, and looks whether memory, handles and slots come back.

import * as http from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Forwarder } from '@graylane/forward';
import type { GroupStats } from '@graylane/forward';
import { Gateway } from '@graylane/gateway';
import { RawClient } from '../kit/raw-client.ts';
import { RawUpstream } from '../kit/raw-upstream.ts';
import { toxics } from './toxics.ts';

export interface Report {
  readonly requests: number;
  readonly complete: number;
  readonly failed: number;
  /** Answers that looked complete and were not what the upstream said. */
  readonly wrong: readonly string[];
  /** Bytes above the middle of the run, after it: by then everything has been allocated once. */
  readonly grownRss: number;
  /** Sockets, servers and timers above idle, after it. */
  readonly leftHandles: number;
  readonly leftInFlight: number;
}

const CLIENTS = 16;
const LIMITS = { responseHeadMs: 300, bodyIdleMs: 300, waitMs: 300, inFlightPerUpstream: 8, waitingPerGroup: 16, idleConnectionMs: 200 };
/** After the last client: everything that is bounded by time has ended. */
const CALM_MS = 1_500;

export async function ordeal(durationMs: number, random: () => number): Promise<Report> {
  const upstreams = await Promise.all(toxics(random).map(async ({ answer }) => await RawUpstream.start(answer)));
  const members = upstreams.map(({ address }, i) => ({ key: String(i), address }));
  const forwarder = new Forwarder({ hop: 'transparent', limits: LIMITS });
  forwarder.setUpstreams('v2', members);
  const front = http.createServer((req, res) => forwarder.forward('v2', req, res, ''));
  front.listen(0, '127.0.0.1');
  await once(front, 'listening');
  const gateway = new Gateway({ listen: [{ port: 0, host: '127.0.0.1' }], service: 'web', stable: 'v2', upstreams: { v2: members }, limits: LIMITS });
  const [address] = await gateway.listen();
  const ports = [(front.address() as AddressInfo).port, (address as AddressInfo).port];
  const idleHandles = process.getActiveResourcesInfo().length;
  const started = performance.now();
  const result = { requests: 0, complete: 0, failed: 0, wrong: [] as string[] };
  let warmRss = 0;
  await Promise.all(Array.from({ length: CLIENTS }, async (_, i) => {
    while (performance.now() - started < durationMs) {
      if (warmRss === 0 && performance.now() - started > durationMs / 2) warmRss = settledRss();
      await visit(ports[i % ports.length]!, random, result);
      // What the upstreams remember must not look like a leak.
      for (const upstream of upstreams) upstream.seen.length = 0;
    }
  }));
  await sleep(CALM_MS);
  const left = (stats: readonly GroupStats[]): number => stats.reduce((sum, { inFlight, waiting }) => sum + inFlight + waiting, 0);
  const report = {
    ...result,
    grownRss: settledRss() - warmRss,
    leftHandles: process.getActiveResourcesInfo().length - idleHandles,
    leftInFlight: left(forwarder.stats()) + left(gateway.stats()),
  };
  front.close();
  front.closeAllConnections();
  forwarder.close();
  gateway.close();
  for (const upstream of upstreams) await upstream.stop();
  return report;
}

async function visit(port: number, random: () => number, result: { requests: number; complete: number; failed: number; wrong: string[] }): Promise<void> {
  const client = await RawClient.connect(port);
  result.requests++;
  const post = random() < 0.3;
  client.send(post ? 'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi' : 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  if (random() < 0.1) {
    client.destroy();
    return;
  }
  const answer = (await client.all()).replace(/^(?:HTTP\/1\.1 1\d\d [^]*?\r\n\r\n)*/, '');
  const complete = /\r\n0\r\n(?:X-T: y\r\n)?\r\n$/.test(answer);
  if (complete && !/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n5\r\nhello\r\n0\r\nX-T: y\r\n\r\n$/.test(answer)) result.wrong.push(answer);
  if (complete) result.complete++;
  else result.failed++;
}

/** With `--expose-gc`: without what the next collection would free anyway. */
function settledRss(): number {
  globalThis.gc?.();
  return process.memoryUsage.rss();
}
