// `graylane up` as a black box: started from a config file, spoken to over its control API's Unix socket, ended with SIGTERM.

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../bytes/bare.ts';
import type { Document } from '../evaluator/document.ts';
import { Api } from './api.ts';
import type { Publication, UpWorker } from './api.ts';
import { graylaneCommand } from './command.ts';
import { processTree } from './processes.ts';

export const SERVICE = 'web';

export interface Up {
  readonly port: number;
  /** The process that was started; all others are below it. */
  readonly pid: number;
  /** The document of the service with these releases. */
  readonly document: (releases: readonly object[]) => Document;
  /** Throws with the API's own words when the document is refused. */
  readonly publish: (document: object) => Promise<Publication>;
  readonly workers: () => Promise<readonly UpWorker[]>;
  /** Resolves when each of the versions has a ready worker, e.g. after a canary was killed. */
  readonly ready: (versions: readonly string[]) => Promise<void>;
  /** Runs a command for this project to its end and gives its exit code. */
  readonly command: (...args: readonly string[]) => Promise<number | null>;
  readonly stop: () => Promise<void>;
}

export interface UpOptions {
  /** Name → what the version runs, as in a strategy document; the first one is stable. */
  readonly versions: Readonly<Record<string, object>>;
  readonly releases?: readonly object[];
  readonly exposeRoute?: boolean;
  /** Where to listen; without it on all addresses, as an app that names none. */
  readonly host?: string;
}

const app = join(import.meta.dirname, 'app.ts');

/** The app under load as stable v1 and canaries v2 and v3, which say their name as their build. */
export function liveVersions(workers: number): Readonly<Record<string, object>> {
  // A canary in an endless loop drains no more: the end of the suite shall not wait long for it.
  const version = (build: string, count: number): object => ({ script: app, workers: count, drainTimeout: '2s', killTimeout: '1s', env: { BUILD: build } });
  return { v1: version('v1', workers), v2: version('v2', 1), v3: version('v3', 1) };
}

/** Long against any start, and any end, on a busy machine. */
const READY_LIMIT_MS = 20_000;
const STOP_LIMIT_MS = 20_000;
const POLL_MS = 50;

export async function startUp(options: UpOptions): Promise<Up> {
  const folder = mkdtempSync(join(tmpdir(), 'glu-'));
  const port = await freePort();
  const document = (releases: readonly object[]): object => ({
    tags: { region: { header: 'x-region' }, user: { header: 'x-user' } },
    services: { [SERVICE]: { listen: options.host === undefined ? port : `${options.host}:${port}`, stable: Object.keys(options.versions)[0], versions: options.versions } },
    releases,
    exposeRoute: options.exposeRoute ?? true,
  });
  const config = join(folder, 'graylane.config.json');
  writeFileSync(config, JSON.stringify(document(options.releases ?? [])));
  // A run folder of its own: no other supervisor of this machine is met.
  const run = join(folder, 'r');
  const env = { ...process.env, GRAYLANE_RUN_DIR: run };
  const child = spawn(process.execPath, [graylaneCommand, 'up', '--json', '-c', config], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const ready = new Promise<void>((resolve, reject) => {
    const read = (chunk: unknown): void => {
      output = `${output}${String(chunk)}`.slice(-4_000);
      if (/^\{.*"ready":true/m.test(output)) resolve();
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.on('exit', (code, signal) => reject(new Error(`graylane up ended with ${code ?? signal ?? ''}`)));
    setTimeout(() => reject(new Error(`graylane up was not ready within ${READY_LIMIT_MS} ms`)), READY_LIMIT_MS).unref();
  });
  let opened: Api | null = null;
  const api = (): Api => (opened ??= new Api(apiSocket(run)));
  const command = async (...args: readonly string[]): Promise<number | null> => {
    const one = spawn(process.execPath, [graylaneCommand, ...args], { cwd: folder, env, stdio: 'ignore' });
    const [code] = (await once(one, 'close')) as [number | null];
    return code;
  };
  const stop = async (): Promise<void> => {
    opened?.close();
    await end(child);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await ready;
    return { port, pid: child.pid ?? 0, document: (releases) => document(releases) as Document, publish: (next) => api().publish(next), workers: () => api().workers(), ready: (versions) => allReady(api(), versions), command, stop };
  } catch (error) {
    await stop();
    throw new Error(`${String(error)}\n${output}`, { cause: error });
  }
}

async function allReady(api: Api, versions: readonly string[]): Promise<void> {
  const deadline = performance.now() + READY_LIMIT_MS;
  for (;;) {
    const ready = new Set((await api.workers()).filter((worker) => worker.ready).map(({ version }) => version));
    const missing = versions.filter((version) => !ready.has(version));
    if (missing.length === 0) return;
    if (performance.now() > deadline) throw new Error(`no ready worker of ${missing.join(', ')} within ${READY_LIMIT_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** SIGTERM is a graceful down; what is not down in time is killed with everything below it. */
async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const { pid } = child;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const hard = setTimeout(() => {
    for (const one of processTree(pid)) kill(one);
  }, STOP_LIMIT_MS);
  await exited;
  clearTimeout(hard);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has left by itself.
  }
}

function apiSocket(run: string): string {
  const socket = readdirSync(run).map((project) => join(run, project, 'api.sock')).find((path) => existsSync(path));
  if (socket === undefined) throw new Error(`no control API below ${run}`);
  return socket;
}
