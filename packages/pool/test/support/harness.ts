// Fleets for the tests: a run folder, a free port and the stand-in agent; everything is taken down when the test ends.

import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';

import { Fleet, StartFailure } from '../../src/index.ts';
import type { FleetEvent, FleetOptions, PoolSpec } from '../../src/index.ts';

export const AGENT: string = path.join(import.meta.dirname, 'fake-agent.mjs');
export const APPS: string = path.join(import.meta.dirname, '..', 'apps');

export interface Rig {
  readonly fleet: Fleet;
  readonly events: FleetEvent[];
  readonly runDir: string;
  readonly port: number;
  /** Resolves with the first event, past or future, that `wanted` accepts. */
  readonly when: (wanted: (event: FleetEvent) => boolean) => Promise<FleetEvent>;
}

export async function rig(t: TestContext, options: Partial<FleetOptions> = {}): Promise<Rig> {
  const runDir = mkdtempSync(path.join(tmpdir(), 'gl-'));
  const events: FleetEvent[] = [];
  const looks = new Set<(event: FleetEvent) => void>();
  const onEvent = (event: FleetEvent): void => {
    events.push(event);
    for (const look of looks) look(event);
  };
  const fleet = new Fleet({ runDir, agentFile: AGENT, onEvent, ...options });
  t.after(async () => {
    await fleet.down();
    rmSync(runDir, { recursive: true, force: true });
  });
  await fleet.listen();
  const when = (wanted: (event: FleetEvent) => boolean): Promise<FleetEvent> => {
    const past = events.find(wanted);
    if (past !== undefined) return Promise.resolve(past);
    return new Promise((resolve) => {
      const look = (event: FleetEvent): void => {
        if (!wanted(event)) return;
        looks.delete(look);
        resolve(event);
      };
      looks.add(look);
    });
  };
  return { fleet, events, runDir, port: await freePort(), when };
}

export function app(spec: Partial<PoolSpec> = {}): PoolSpec {
  return { service: 'web', version: 'v1', role: 'stable', script: 'hello.cjs', cwd: APPS, ready: { timeoutMs: 10_000 }, killTimeoutMs: 1_000, drainTimeoutMs: 3_000, ...spec };
}

export async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

export interface Answer { readonly status: number; readonly worker: string; readonly body: Record<string, unknown> }

/** One request on a connection of its own. `where` is a port or the path of a Unix socket. */
export function get(where: number | string, target: string = '/'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const place = typeof where === 'number' ? { host: '127.0.0.1', port: where } : { socketPath: where };
    http.get({ ...place, path: target, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => { text += chunk; });
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, worker: String(response.headers['x-worker'] ?? ''), body: text === '' ? {} : JSON.parse(text) as Record<string, unknown> }));
    }).on('error', reject);
  });
}

/** The failure of something that is to fail, null when it succeeds. */
export async function failureOf(work: Promise<unknown>): Promise<StartFailure | null> {
  try {
    await work;
    return null;
  } catch (error) {
    return StartFailure.from(error);
  }
}
