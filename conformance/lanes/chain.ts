// Three services under one `graylane up`, as a user starts it, and its control API.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Api } from '../live/api.ts';
import { graylaneCommand } from '../live/command.ts';
import { document, type ChainPlaces, type Place } from './strategies.ts';

export interface RunningChain {
  readonly places: ChainPlaces;
  /** Every service selects for itself. */
  readonly perHop: boolean;
  /** Makes the strategy of that step the live one; its generation. */
  readonly publish: (step: number) => Promise<number>;
  /** The control API's socket. */
  readonly api: string;
  readonly stop: () => Promise<void>;
}

const SCRIPT = join(import.meta.dirname, 'service.ts');
const READY_LIMIT_MS = 60_000;

/** `detour`: what the first service asks in place of the middle one, a port of something that is not under graylane. */
export async function startChain(perHop: boolean, detour: number | null = null): Promise<RunningChain> {
  const folder = mkdtempSync(join(tmpdir(), 'gll-'));
  const middle = await freePlace();
  const places: ChainPlaces = { first: await freePlace(), middle: { ...middle, port: detour ?? middle.port }, last: await freePlace() };
  writeFileSync(join(folder, 'graylane.config.json'), JSON.stringify(document(0, places, SCRIPT, perHop)));
  const runFolder = join(folder, 'r');
  const child = spawn(process.execPath, [graylaneCommand, 'up', '--json'], { cwd: folder, env: { ...process.env, GRAYLANE_RUN_DIR: runFolder }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => { output += chunk.toString(); });
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`graylane up was not ready within ${READY_LIMIT_MS} ms\n${output}`)), READY_LIMIT_MS);
    child.stdout.on('data', () => {
      if (!output.includes('"ready":true')) return;
      clearTimeout(timer);
      resolve();
    });
    child.once('exit', (code) => reject(new Error(`graylane up ended with ${code}\n${output}`)));
  });
  const [project = ''] = readdirSync(runFolder);
  const socket = join(runFolder, project, 'api.sock');
  const api = new Api(socket);
  return {
    places, perHop, api: socket,
    publish: async (step) => (await api.publish(document(step, places, SCRIPT, perHop))).generation,
    stop: async () => {
      api.close();
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function freePlace(): Promise<Place> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return { listen: `127.0.0.1:${port}`, host: '127.0.0.1', port };
}
