// One graylane command as a process of its own: started, waited for, killed and started again. It knows nothing of what it does.

import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export interface Machine {
  /** Resolves with the JSON line that says that it is ready. */
  readonly ready: Promise<unknown>;
  readonly pid: number;
  /** What it said on stderr, the last part of it. */
  readonly said: () => string;
  end(signal: NodeJS.Signals): Promise<void>;
}

const main = join(import.meta.dirname, '../../packages/graylane/src/main.ts');
const SAID_LIMIT = 20_000;

export interface Where {
  readonly folder: string;
  /** Short: sockets are in it. */
  readonly run: string;
  readonly environment?: Readonly<Record<string, string>>;
}

export function startGraylane(args: readonly string[], { folder, run, environment = {} }: Where): Machine {
  const child = spawn(process.execPath, [main, '--json', ...args], { cwd: folder, env: environmentOf(run, environment), stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => { said = (said + text).slice(-SAID_LIMIT); });
  const ready = firstLine(child, () => said);
  // Whoever does not ask is not told.
  ready.catch(() => undefined);
  return {
    ready, pid: child.pid ?? 0, said: () => said,
    end: async (signal) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill(signal);
      await ended;
    },
  };
}

/** Runs a command to its end; its JSON, or what it said. */
export function runGraylane(args: readonly string[], { folder, run, environment = {} }: Where): { readonly status: number | null; readonly out: unknown; readonly said: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, '--json', ...args], { cwd: folder, env: environmentOf(run, environment), encoding: 'utf8', timeout: 60_000 });
  return { status, out: stdout.trim() === '' ? null : JSON.parse(stdout) as unknown, said: stderr };
}

function environmentOf(run: string, more: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const { PATH, HOME } = process.env;
  // From source, and so for the processes that it starts: a supervisor is the same command again.
  return { PATH, HOME, NODE_OPTIONS: '--conditions=graylane-source', GRAYLANE_RUN_DIR: run, ...more };
}

async function firstLine(child: ChildProcess, said: () => string): Promise<unknown> {
  let text = '';
  return new Promise((resolve, reject) => {
    child.stdout?.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      const end = text.indexOf('\n');
      if (end >= 0) resolve(JSON.parse(text.slice(0, end)) as unknown);
    });
    child.once('exit', (code, signal) => reject(new Error(`graylane ended (${code ?? signal ?? '?'}) before it was ready: ${said().slice(-2_000)}`)));
  });
}
