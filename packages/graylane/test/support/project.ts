// A project in a folder of its own, and the command run in it as a user would: as a process, judged by its output and exit code.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const BIN = join(import.meta.dirname, '../../bin/graylane.js');

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class Project {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'glp-'));
  readonly #environment: NodeJS.ProcessEnv;
  readonly #wrapper: readonly string[];
  readonly #node: string;
  readonly #running = new Set<ChildProcess>();

  /** `wrapper` is a command that runs the command, e.g. in namespaces of its own; `node` runs all of it. */
  constructor(files: Readonly<Record<string, string>>, wrapper: readonly string[] = [], node: string = process.execPath) {
    this.#wrapper = wrapper;
    this.#node = node;
    this.#environment = { ...process.env, GRAYLANE_RUN_DIR: join(this.folder, 'r'), NO_COLOR: '1' };
    for (const [name, text] of Object.entries(files)) this.write(name, text);
  }

  /** Of the supervisor that runs here. */
  get api(): string {
    const run = join(this.folder, 'r');
    return join(run, readdirSync(run)[0] ?? '', 'api.sock');
  }

  write(name: string, text: string): void {
    const path = join(this.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }

  /** Runs a command to its end. */
  async run(...args: readonly string[]): Promise<Outcome> {
    const child = this.#spawn(args);
    const output = collect(child);
    const [code] = (await once(child, 'close')) as [number | null];
    this.#running.delete(child);
    return { code, ...output() };
  }

  /** Starts `graylane up` and resolves when it says that it is ready; rejects with its output when it ends instead. */
  async up(...args: readonly string[]): Promise<Up> {
    const up = this.start('up', '--json', ...args);
    const { child, output } = up;
    await new Promise<void>((resolve, reject) => {
      child.stdout?.on('data', () => { if (output().stdout.includes('"ready":true')) resolve(); });
      child.once('close', (code) => reject(new Error(`graylane up ended with ${code}\n${output().stdout}${output().stderr}`)));
    });
    return up;
  }

  /** Starts a command and waits for nothing. */
  start(...args: readonly string[]): Up {
    const child = this.#spawn(args);
    return { child, output: collect(child), ended: once(child, 'close').then(([code]) => code as number | null) };
  }

  /** Ends whatever still runs, and removes the folder. */
  async remove(): Promise<void> {
    for (const child of this.#running) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const closed = once(child, 'close');
      child.kill('SIGTERM');
      await closed;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  #spawn(args: readonly string[]): ChildProcess {
    const [command, ...more] = [...this.#wrapper, this.#node, BIN, ...args];
    const child = spawn(command ?? '', more, { cwd: this.folder, env: this.#environment, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#running.add(child);
    return child;
  }
}

export interface Up {
  readonly child: ChildProcess;
  readonly output: () => { stdout: string; stderr: string };
  readonly ended: Promise<number | null>;
}

function collect(child: ChildProcess): () => { stdout: string; stderr: string } {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => { stdout += chunk.toString(); });
  child.stderr?.on('data', (chunk: Buffer) => { stderr += chunk.toString(); });
  return () => ({ stdout, stderr });
}

/** A port that nobody uses now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** A server that answers with its version. */
export function appSource(text: string): string {
  return `require('node:http').createServer((request, response) => response.end(${JSON.stringify(text)})).listen(process.env.PORT ?? 3000);\n`;
}
