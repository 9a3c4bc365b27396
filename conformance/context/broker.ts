// Starts a broker of the system for one test, in a folder and on ports of its own, and ends it again.

import { spawn, type ChildProcess } from 'node:child_process';
import { createServer, connect } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { ensureDebian, findProgram, type Presence } from '../../tools/system.ts';

export interface Broker {
  readonly url: string;
  stop(): Promise<void>;
}

/** Debian's wrapper on the path changes the user; the program itself is in the package's library. */
const RABBIT = '/usr/lib/rabbitmq/bin/rabbitmq-server';

const START_LIMIT_MS = 60_000;
const POLL_MS = 50;

export function redisPresence(): Presence {
  return ensureDebian(['redis-server']);
}

export function rabbitPresence(): Presence {
  return ensureDebian(['rabbitmq-server']);
}

export async function startRedis(): Promise<Broker> {
  const folder = mkdtempSync(join(tmpdir(), 'graylane-redis-'));
  const port = await freePort();
  const child = spawn(findProgram('redis-server') ?? '', ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder], { stdio: 'ignore' });
  await listening(port, child);
  return { url: `redis://127.0.0.1:${port}`, stop: async () => await ended(child, folder) };
}

/** The first start of Erlang takes some seconds, so this is for the long form. */
export async function startRabbit(): Promise<Broker> {
  const folder = mkdtempSync(join(tmpdir(), 'graylane-rabbit-'));
  const [port, nodes, names] = [await freePort(), await freePort(), await freePort()];
  // Erlang's name server: started by the broker, it would outlive it.
  const directory = spawn(findProgram('epmd') ?? '', ['-port', String(names), '-address', '127.0.0.1'], { stdio: 'ignore' });
  const env = {
    ...process.env,
    HOME: folder,
    RABBITMQ_NODENAME: `graylane${port}@localhost`,
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_DIST_PORT: String(nodes),
    RABBITMQ_MNESIA_BASE: join(folder, 'mnesia'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'plugins'),
    RABBITMQ_CONFIG_FILE: join(folder, 'none'),
    RABBITMQ_CONF_ENV_FILE: join(folder, 'none'),
    ERL_EPMD_PORT: String(names),
  };
  await listening(names, directory);
  const child = spawn(RABBIT, [], { env, stdio: 'ignore', detached: true });
  await listening(port, child);
  return {
    url: `amqp://guest:guest@127.0.0.1:${port}`,
    stop: async () => {
      await ended(child, folder);
      directory.kill('SIGKILL');
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function listening(port: number, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + START_LIMIT_MS;
  while (!(await accepts(port))) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`${child.spawnfile} did not start to listen on ${port}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

async function accepts(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    }).on('error', () => resolve(false));
  });
}

async function ended(child: ChildProcess, folder: string): Promise<void> {
  const gone = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : null;
  if (child.pid !== undefined) signal(child.pid, child.spawnfile === RABBIT);
  await gone;
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}

/** RabbitMQ is a script and an Erlang machine: a group of its own. */
function signal(pid: number, group: boolean): void {
  try {
    process.kill(group ? -pid : pid, 'SIGKILL');
  } catch {
    // Gone by itself.
  }
}
