// A real etcd for tests: on loopback, in a folder of its own, stopped and started again as a test says.

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ensureDebian, findProgram } from '../../../../tools/system.ts';

export interface Etcd {
  readonly port: number;
  /** `host:port` of its clients. */
  readonly host: string;
  start(): Promise<void>;
  /** SIGKILL, as a power cut would. */
  kill(): Promise<void>;
  dispose(): Promise<void>;
  /** One call of the v3 gateway. */
  call(path: string, body: unknown): Promise<unknown>;
}

/** Why there is no etcd here, or null when there is. Debian's package etcd-server brings the program `etcd`. */
export function whyNoEtcd(): string | null {
  if (findProgram('etcd') !== null) return null;
  ensureDebian(['etcd-server', 'etcd-client']);
  return findProgram('etcd') === null ? 'etcd not installed; on Debian run: sudo apt-get install -y etcd-server etcd-client' : null;
}

const READY_LIMIT_MS = 20_000;

export interface EtcdPlan {
  readonly flags?: readonly string[];
  readonly host?: string;
  /** How its gateway is called by this helper; `http` unless TLS is in the flags. */
  readonly scheme?: 'http' | 'https';
}

export async function startEtcd({ flags = [], host = '127.0.0.1', scheme = 'http' }: EtcdPlan = {}): Promise<Etcd> {
  const folder = await mkdtemp(join(tmpdir(), 'graylane-etcd-'));
  const [port, peerPort] = [await freePort(host), await freePort(host)];
  const url = `${scheme}://${host}:${port}`;
  let child: ChildProcess | null = null;
  const start = async (): Promise<void> => {
    child = spawn(findProgram('etcd') ?? 'etcd', [
      '--data-dir', join(folder, 'data'), '--listen-client-urls', url, '--advertise-client-urls', url,
      '--listen-peer-urls', `http://${host}:${peerPort}`, '--initial-advertise-peer-urls', `http://${host}:${peerPort}`, '--initial-cluster', `default=http://${host}:${peerPort}`,
      // Quick elections: leases can be as short as two seconds either way, and one member needs no patience.
      '--heartbeat-interval', '20', '--election-timeout', '200', '--unsafe-no-fsync', '--logger', 'zap', '--log-level', 'error', ...flags,
    ], { stdio: 'ignore' });
    await answers(port, host);
  };
  const kill = async (): Promise<void> => {
    const running = child;
    child = null;
    // Ctrl-C in a terminal is for everybody: it may have ended already.
    if (running === null || running.exitCode !== null || running.signalCode !== null) return;
    const ended = once(running, 'exit');
    running.kill('SIGKILL');
    await ended;
  };
  await start();
  return {
    port, host: `${host}:${port}`, start, kill,
    dispose: async () => {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
    call: async (path, body): Promise<unknown> => (await fetch(url + path, { method: 'POST', body: JSON.stringify(body) })).json() as Promise<unknown>,
  };
}

export async function freePort(host = '127.0.0.1'): Promise<number> {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Its health page says that it has a leader. */
async function answers(port: number, host: string): Promise<void> {
  const deadline = performance.now() + READY_LIMIT_MS;
  for (;;) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, host);
      socket.once('connect', () => { socket.destroy(); resolve(true); });
      socket.once('error', () => resolve(false));
    });
    if (open) return;
    if (performance.now() > deadline) throw new Error(`etcd did not open port ${port} within ${READY_LIMIT_MS} ms`);
    await delay(20);
  }
}
