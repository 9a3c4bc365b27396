// A product under chaos: an anchor, its supervisor and their workers, seen only from outside: lines, pids and the port.

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import readline from 'node:readline';

import type { PoolSpec } from '@graylane/pool';
import { freePort } from '../bytes/bare.ts';

export interface SeenWorker { readonly id: string; readonly pid: number; readonly version: string; readonly state: string }

export interface Line {
  readonly supervisor: number;
  readonly said: string;
  /** The command that a `done` answers. */
  readonly to?: number;
  readonly pool?: string;
  readonly text?: string;
  readonly adopted?: number;
  readonly workers?: readonly SeenWorker[];
  readonly result?: string;
  readonly vitals?: { readonly rss: number; readonly handles: number; readonly fds: number };
}

/** What the rig's supervisor understands, a line of JSON each on its standard input. */
export type Command =
  | { readonly do: 'reload'; readonly version: string; readonly env?: Readonly<Record<string, string>>; readonly ready?: PoolSpec['ready'] }
  | { readonly do: 'scale'; readonly version: string; readonly workers: number }
  | { readonly do: 'publish'; readonly generation: number }
  | { readonly do: 'look' };

export const AGENT_FILE: string = path.join(import.meta.dirname, '..', '..', 'packages', 'agent', 'dist', 'agent.js');

export class Rig {
  readonly port: number;
  readonly anchor: ChildProcess;
  readonly lines: Line[] = [];
  readonly #runDir: string;
  readonly #looks = new Set<() => void>();
  readonly #closed: Promise<unknown>;
  #asked = 0;

  private constructor(port: number, runDir: string, anchor: ChildProcess) {
    this.port = port;
    this.anchor = anchor;
    this.#runDir = runDir;
    const { stdout } = anchor;
    if (stdout === null) throw new Error('the anchor has no output');
    this.#closed = once(stdout, 'close');
    readline.createInterface({ input: stdout }).on('line', (text) => {
      this.lines.push(JSON.parse(text) as Line);
      for (const look of this.#looks) look();
    });
  }

  static async start(pools: readonly PoolSpec[]): Promise<Rig> {
    const runDir = mkdtempSync(path.join(tmpdir(), 'glc-'));
    const port = await freePort();
    const task = JSON.stringify({ runDir, agentFile: AGENT_FILE, port, pools });
    const anchor = spawn(process.execPath, [...process.execArgv, path.join(import.meta.dirname, 'anchor.ts'), task], { stdio: ['pipe', 'pipe', 'inherit'] });
    const rig = new Rig(port, runDir, anchor);
    await rig.after(0, (line) => line.said === 'up' || line.said === 'failed');
    return rig;
  }

  /** The supervisor that is up now. */
  get supervisor(): number {
    const up = this.lines.findLast((line) => line.said === 'up');
    if (up === undefined) throw new Error('no supervisor was ever up');
    return up.supervisor;
  }

  /** Where the lines end now: what is waited for later shall come after it. */
  get mark(): number { return this.lines.length; }

  /** The first line from `mark` on that is wanted. */
  async after(mark: number, wanted: (line: Line) => boolean): Promise<Line> {
    for (;;) {
      const found = this.lines.slice(mark).find(wanted);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        const look = (): void => {
          this.#looks.delete(look);
          resolve();
        };
        this.#looks.add(look);
      });
    }
  }

  /** Sends a command and waits for its answer. A supervisor that dies over it never answers: then the next one is asked again. */
  async command(command: Command): Promise<Line> {
    this.#asked += 1;
    const id = this.#asked;
    for (;;) {
      const { mark } = this;
      this.anchor.stdin?.write(`${JSON.stringify({ id, ...command })}\n`);
      const line = await this.after(mark, (one) => one.said === 'up' || one.to === id);
      if (line.to === id) return line;
    }
  }

  async workers(version?: string): Promise<readonly SeenWorker[]> {
    const { workers = [] } = await this.command({ do: 'look' });
    return workers.filter((worker) => version === undefined || worker.version === version);
  }

  async end(): Promise<void> {
    if (this.anchor.exitCode === null && this.anchor.signalCode === null) this.anchor.kill('SIGTERM');
    await this.#closed;
    rmSync(this.#runDir, { recursive: true, force: true });
  }
}
