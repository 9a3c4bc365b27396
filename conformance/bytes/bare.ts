// Runs an app with plain node, as a user would without graylane.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';

export interface Running {
  readonly port: number;
  readonly stop: () => Promise<void>;
}

/** Long against any example's start. */
const START_LIMIT_MS = 15_000;
const RETRY_MS = 20;

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** Resolves when a port, or the path of a Unix socket, accepts; throws after START_LIMIT_MS or as soon as `failed` says why. */
export async function accepting(place: number | string, failed: () => string | null): Promise<void> {
  const deadline = performance.now() + START_LIMIT_MS;
  while (performance.now() < deadline) {
    const socket = typeof place === 'number' ? connect(place, '127.0.0.1') : connect(place);
    const open = await new Promise<boolean>((resolve) => {
      socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    });
    socket.destroy();
    if (open) return;
    const why = failed();
    if (why !== null) throw new Error(why);
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
  throw new Error(`${place} did not accept within ${START_LIMIT_MS} ms`);
}

export async function runBare(script: string, env: Record<string, string> = {}): Promise<Running> {
  const port = await freePort();
  const child = spawn(process.execPath, [script], { env: { ...process.env, ...env, PORT: String(port) }, stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (chunk) => (errors += String(chunk)));
  await accepting(port, () => (child.exitCode === null ? null : `${script} ended with ${child.exitCode}: ${errors}`));
  return {
    port,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}
