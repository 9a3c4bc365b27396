// `graylane up` as a black box: started from a config file, spoken to over its control API's Unix socket, ended with SIGTERM.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accepting, freePort } from '../bytes/bare.ts';
import type { Document, Release } from '../evaluator/document.ts';
import { Api } from './api.ts';
import type { Publication, UpWorker } from './api.ts';

export const SERVICE = 'web';

export interface Up {
  readonly port: number;
  /** The document of the service with these releases. */
  readonly document: (releases: readonly Release[]) => Document;
  /** Throws with the API's own words when the document is refused. */
  readonly publish: (document: Document) => Promise<Publication>;
  readonly workers: () => Promise<readonly UpWorker[]>;
  readonly stop: () => Promise<void>;
}

export interface UpOptions {
  /** Name → what the version runs, as in a strategy document; the first one is stable. */
  readonly versions: Readonly<Record<string, object>>;
  readonly releases?: readonly object[];
  readonly exposeRoute?: boolean;
}

const command = join(import.meta.dirname, '../../packages/graylane/bin/graylane.js');
const app = join(import.meta.dirname, 'app.ts');

/** The app under load as stable v1 and canaries v2 and v3, which say their name as their build. */
export function liveVersions(workers: number): Readonly<Record<string, object>> {
  const version = (build: string, count: number): object => ({ script: app, workers: count, env: { BUILD: build } });
  return { v1: version('v1', workers), v2: version('v2', 1), v3: version('v3', 1) };
}

export async function startUp(options: UpOptions): Promise<Up> {
  const folder = mkdtempSync(join(tmpdir(), 'glu-'));
  const port = await freePort();
  const document = (releases: readonly object[]): object => ({
    tags: { region: { header: 'x-region' }, user: { header: 'x-user' } },
    services: { [SERVICE]: { listen: `127.0.0.1:${port}`, stable: Object.keys(options.versions)[0], versions: options.versions } },
    releases,
    exposeRoute: options.exposeRoute ?? true,
  });
  const config = join(folder, 'graylane.config.json');
  writeFileSync(config, JSON.stringify(document(options.releases ?? [])));
  // A run folder of its own: no other supervisor of this machine is met.
  const run = join(folder, 'r');
  const env = { ...process.env, GRAYLANE_RUN_DIR: run };
  const child = spawn(process.execPath, [command, 'up', '-c', config], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output = `${output}${String(chunk)}`.slice(-4_000)));
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    }
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await accepting(port, () => (child.exitCode === null ? null : `graylane up ended with ${child.exitCode}: ${output}`));
    const api = new Api(apiSocket(run));
    return { port, document: (releases) => document(releases) as Document, publish: (next) => api.publish(next), workers: () => api.workers(), stop };
  } catch (error) {
    await stop();
    throw new Error(`${String(error)}\n${output}`, { cause: error });
  }
}

function apiSocket(run: string): string {
  const socket = readdirSync(run).map((project) => join(run, project, 'api.sock')).find((path) => existsSync(path));
  if (socket === undefined) throw new Error(`no control API below ${run}`);
  return socket;
}
