// What the benchmark of propagation measures: the same app bare, under the agent with one service and with several, and under
// OpenTelemetry's automatic instrumentation.

import { createRequire } from 'node:module';
import { relative } from 'node:path';
import type { ReleaseSpec, StrategyDocument } from '@graylane/rules';
import type { KeyRing } from '@graylane/wire';
import { startServer, type Server } from '../../../bench/server.ts';
import { processTree } from '../../live/processes.ts';
import { Supervisor } from '../../../packages/agent/test/support/supervisor.ts';

/** All requests of requests.lua have this header. */
const TAGS = { kind: { header: 'x-field-1' } } as const;
/** One of 100,000 users, by the cookie that tells them apart: no two stamps in a row are alike. */
const TAGS_BY_USER = { ...TAGS, user: { cookie: 'uid' } } as const;

const matching: ReleaseSpec = { name: 'ramp', when: [{ tag: { kind: 'value-1' } }], cache: 'off', versions: { next: 'v2' } };
const other: ReleaseSpec = { ...matching, when: [{ tag: { kind: 'another' } }] };

const several = (release: ReleaseSpec, tags: StrategyDocument['tags'] = TAGS): StrategyDocument => ({
  tags,
  services: { web: { stable: 'v1', versions: { v1: {} } }, next: { stable: 'v1', versions: { v1: {}, v2: {} }, hosts: ['localhost'] } },
  releases: [release],
});

const one: StrategyDocument = { tags: TAGS, services: { web: { stable: 'v1', versions: { v1: {}, v2: {} } } }, releases: [{ ...other, versions: { web: 'v2' } }] };

/** Null: without the agent. */
export const strategies = {
  'bare': null,
  'agent, one service': one,
  'agent, several: stable': several(other),
  'agent, several: a lane': several(matching),
  'agent, several: a lane, 100,000 users': several(matching, TAGS_BY_USER),
} as const satisfies Record<string, StrategyDocument | null>;

export type Contestant = keyof typeof strategies | 'OpenTelemetry';

const ring: KeyRing = { sign: 'k1', keys: [{ kid: 'k1', secret: Buffer.alloc(32, 1).toString('base64url') }] };

export async function start(contestant: Contestant, app: string, port: number, next: number): Promise<Server> {
  if (contestant === 'OpenTelemetry') return await startOpenTelemetry(app, port, next);
  const strategy = strategies[contestant];
  const env = { NEXT: String(next), NODE_ENV: 'production' };
  if (strategy === null) return await startServer(port, [{ command: process.execPath, args: [app], env: { ...env, PORT: String(port) }, listens: port }]);
  const supervisor = await Supervisor.start();
  const place = supervisor.port();
  // Its apps are named from a folder of its own.
  const worker = await supervisor.worker({ app: relative(new URL('../../../packages/agent/test/apps', import.meta.url).pathname, app), ports: [place], env });
  worker.send({ kind: 'keys', epoch: 1, ring, overrides: true });
  await worker.message('keys-ack');
  await supervisor.introduce();
  await supervisor.publish(strategy);
  return { port: place, pids: () => (worker.child.pid === undefined ? [] : processTree(worker.child.pid)), stop: async () => await supervisor.stop() };
}

/** Its cheapest form: without an exporter it makes no spans, and carries `baggage` from a request to what it causes. */
async function startOpenTelemetry(app: string, port: number, next: number): Promise<Server> {
  const register = createRequire(import.meta.url).resolve('@opentelemetry/auto-instrumentations-node/register');
  const env = {
    NEXT: String(next), NODE_ENV: 'production', PORT: String(port),
    OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'none',
    OTEL_PROPAGATORS: 'tracecontext,baggage', OTEL_LOG_LEVEL: 'none', OTEL_NODE_RESOURCE_DETECTORS: 'none',
  };
  const server = await startServer(port, [{ command: process.execPath, args: ['--require', register, app], env, listens: port }]);
  const stop = async (): Promise<void> => {
    // It takes SIGTERM for itself and does not end.
    for (const pid of server.pids()) process.kill(pid, 'SIGKILL');
    await server.stop();
  };
  return { ...server, stop };
}
