// An edge in the test's own process: what `graylane gateway` runs in each of its workers.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { systemClock } from '@graylane/forward';
import { Edge } from '@graylane/gateway';
import type { EdgeConfig, EdgeEvent, EdgeListener, EdgeService, EdgeSurroundings, Target } from '@graylane/gateway';
import { strategy } from '../../packages/gateway/test/support.ts';

export const LISTENER: EdgeListener = { place: { slot: 0 }, tls: null, http2: true, proxyProtocol: null, service: null };

export function service(name: string, versions: EdgeService['versions'], more: Partial<EdgeService> = {}): EdgeService {
  return { name, stable: 'v1', hosts: [], trust: 'edge', versions, health: null, mirrors: [], ...more };
}

export function target(port: number, more: Partial<Target> = {}): Target {
  return { text: `127.0.0.1:${port}`, place: { host: '127.0.0.1', port }, http2: false, tls: null, ...more };
}

export interface StartedEdge {
  readonly edge: Edge;
  readonly ports: readonly number[];
  readonly events: EdgeEvent[];
}

export async function startEdge(t: TestContext, config: Partial<EdgeConfig> & Pick<EdgeConfig, 'services'>, more: Partial<EdgeSurroundings> = {}, document: object | null = null): Promise<StartedEdge> {
  const events: EdgeEvent[] = [];
  const edge = new Edge({ listeners: [LISTENER], limits: {}, accessLog: null, dnsServers: [], certificatesEveryMs: 60_000, ticketKeys: null, ...config }, {
    pid: process.pid, read: (file) => readFileSync(file, 'utf8'), clock: systemClock, wallClock: Date.now, random: Math.random,
    resolve: () => Promise.reject(new Error('no names here')), onEvent: (event) => events.push(event), ...more,
  });
  if (document !== null) edge.publish(strategy(1, document));
  await edge.prepare();
  const addresses = await edge.listen(() => ({ port: 0, host: '127.0.0.1' }));
  t.after(() => edge.close());
  return { edge, events, ports: addresses.map((address) => (address as AddressInfo | null)?.port ?? 0) };
}

export interface NamedApp {
  readonly port: number;
  readonly server: http.Server;
  /** Its status for health checks. */
  health: number;
  /** Requests of users. */
  asked: number;
}

/** Answers with its name and the client that it was told of. */
export async function startNamedApp(t: TestContext, name: string): Promise<NamedApp> {
  const app: Omit<NamedApp, 'port' | 'server'> = { health: 200, asked: 0 };
  const server = http.createServer((req, res) => {
    if (req.url === '/healthz') {
      res.statusCode = app.health;
      res.end();
      return;
    }
    app.asked++;
    res.end(`${name} ${String(req.headers['x-forwarded-for'])} ${String(req.headers['x-forwarded-proto'])}`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return Object.assign(app, { server, port: (server.address() as AddressInfo).port });
}

/** Polls what comes by itself; fails after ten seconds. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!await holds()) {
    if (Date.now() > deadline) throw new Error('it never came');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
