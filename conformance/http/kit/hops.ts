// Runs a test on both planes: the transparent hop between workers, and the gateway's proxy hop, each before raw upstreams.

import { test } from 'node:test';
import type { TestContext } from 'node:test';
import * as http from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Forwarder } from '@graylane/forward';
import type { ForwardEvent, GroupStats, Limits, Upstream } from '@graylane/forward';
import { Gateway } from '@graylane/gateway';
import type { FrontLimits } from '@graylane/gateway';
import { RawUpstream, ok } from './raw-upstream.ts';
import type { Answer } from './raw-upstream.ts';

export type HopKind = 'transparent' | 'proxy';

export interface Hop {
  readonly kind: HopKind;
  readonly port: number;
  readonly upstream: RawUpstream;
  readonly events: ForwardEvent[];
  readonly setUpstreams: (upstreams: readonly Upstream[]) => void;
  readonly stats: () => GroupStats;
  /** Resolves at the next event, or at once if one has come that fits. */
  readonly event: (fits: (event: ForwardEvent) => boolean) => Promise<ForwardEvent>;
}

export interface HopOptions {
  readonly answer?: Answer;
  /** How the upstream is reached; a Unix socket unless told. */
  readonly over?: 'unix' | 'tcp';
  readonly limits?: Partial<Limits>;
  readonly frontLimits?: Partial<FrontLimits>;
  /** On which planes; both unless told. */
  readonly planes?: readonly HopKind[];
  /** For how long the transparent plane's server keeps a client that says nothing; 0 is for ever. */
  readonly keepAliveTimeout?: number;
}

const GROUP = 'v2';

/** Declares the test once per plane. */
export function onHops(name: string, options: HopOptions, body: (hop: Hop, t: TestContext) => Promise<void>): void {
  for (const kind of options.planes ?? ['transparent', 'proxy'] as const) {
    void test(`${name} (${kind})`, { timeout: 20_000 }, async (t) => {
      const upstream = await RawUpstream.start(options.answer ?? ok('hello'), options.over);
      const hop = await start(kind, upstream, options);
      t.after(async () => {
        hop.close();
        await upstream.stop();
      });
      await body(hop, t);
    });
  }
}

async function start(kind: HopKind, upstream: RawUpstream, options: HopOptions): Promise<Hop & { close(): void }> {
  const events: ForwardEvent[] = [];
  let wake = (): void => undefined;
  const onEvent = (event: ForwardEvent): void => {
    events.push(event);
    wake();
  };
  const members: readonly Upstream[] = [{ key: 'a', address: upstream.address }];
  const plane = kind === 'transparent' ? await transparent(members, options, onEvent) : await proxy(members, options, onEvent);
  return {
    kind, upstream, events, ...plane,
    event: async (fits) => {
      for (;;) {
        const found = events.find(fits);
        if (found !== undefined) return found;
        await new Promise<void>((resolve) => wake = resolve);
      }
    },
  };
}

type Plane = Pick<Hop, 'port' | 'setUpstreams' | 'stats'> & { close(): void };

async function transparent(members: readonly Upstream[], options: HopOptions, onEvent: (event: ForwardEvent) => void): Promise<Plane> {
  const forwarder = new Forwarder({ hop: 'transparent', onEvent, ...(options.limits === undefined ? {} : { limits: options.limits }) });
  forwarder.setUpstreams(GROUP, members);
  const server = http.createServer(options.keepAliveTimeout === undefined ? {} : { keepAliveTimeout: options.keepAliveTimeout });
  const forward = (req: http.IncomingMessage, res: http.ServerResponse): void => forwarder.forward(GROUP, req, res, 'graylane-hop: test\r\n');
  server.on('request', forward);
  server.on('checkContinue', forward);
  server.on('upgrade', (req, socket, early) => forwarder.upgrade(GROUP, req, socket, early, 'graylane-hop: test\r\n'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    setUpstreams: (upstreams) => forwarder.setUpstreams(GROUP, upstreams),
    stats: () => forwarder.stats()[0]!,
    close: () => {
      server.close();
      server.closeAllConnections();
      forwarder.close();
    },
  };
}

async function proxy(members: readonly Upstream[], options: HopOptions, onEvent: (event: ForwardEvent) => void): Promise<Plane> {
  const gateway = new Gateway({
    listen: [{ port: 0, host: '127.0.0.1' }], service: 'web', stable: GROUP, upstreams: { [GROUP]: members }, onEvent,
    ...(options.limits === undefined ? {} : { limits: options.limits }),
    ...(options.frontLimits === undefined ? {} : { frontLimits: options.frontLimits }),
  });
  const [address] = await gateway.listen();
  return {
    port: (address as AddressInfo).port,
    setUpstreams: (upstreams) => gateway.setUpstreams({ [GROUP]: upstreams }),
    stats: () => gateway.stats()[0]!,
    close: () => gateway.close(),
  };
}
