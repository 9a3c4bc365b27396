// `graylane gateway` as a user starts it: a process in a folder of its own, in front of apps of the test's.

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const BIN = join(import.meta.dirname, '../../packages/graylane/bin/graylane.js');

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export class RunningGateway {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'glg-'));
  readonly #environment: NodeJS.ProcessEnv = { ...process.env, GRAYLANE_RUN_DIR: join(this.folder, 'r'), NO_COLOR: '1' };
  #child: ChildProcess | null = null;

  write(config: object): void {
    writeFileSync(join(this.folder, 'graylane.config.json'), JSON.stringify(config, null, 2));
  }

  /** Resolves when it serves; rejects with its output when it ends instead. */
  async start(): Promise<void> {
    const child = this.#spawn(['gateway', '--json']);
    this.#child = child;
    let output = '';
    child.stderr?.on('data', (chunk: Buffer) => output += chunk.toString());
    await new Promise<void>((resolve, reject) => {
      child.stdout?.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        if (output.includes('"ready":true')) resolve();
      });
      child.once('close', (code) => reject(new Error(`graylane gateway ended with ${code}\n${output}`)));
    });
  }

  /** Runs another command of the same project to its end. */
  async run(...args: readonly string[]): Promise<Outcome> {
    const child = this.#spawn(args);
    let [stdout, stderr] = ['', ''];
    child.stdout?.on('data', (chunk: Buffer) => stdout += chunk.toString());
    child.stderr?.on('data', (chunk: Buffer) => stderr += chunk.toString());
    const [code] = await once(child, 'close') as [number | null];
    return { code, stdout, stderr };
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child !== null && child.exitCode === null) {
      const closed = once(child, 'close');
      child.kill('SIGTERM');
      await closed;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  #spawn(args: readonly string[]): ChildProcess {
    return spawn(process.execPath, [BIN, ...args], { cwd: this.folder, env: this.#environment, stdio: ['ignore', 'pipe', 'pipe'] });
  }
}

/** A port that nobody uses now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
