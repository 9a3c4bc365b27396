// One graylane command as a process of its own: started, waited for, killed and started again. It knows nothing of what it does.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';

export interface Machine {
  /** Resolves with the JSON line that says that it is ready. */
  readonly ready: Promise<unknown>;
  readonly pid: number;
  /** What it said on stderr, the last part of it. */
  readonly said: () => string;
  end(signal: NodeJS.Signals): Promise<void>;
}

/** From source, or the build that GRAYLANE_COMMAND names. */
const main = process.env['GRAYLANE_COMMAND'] ?? join(import.meta.dirname, '../../packages/graylane/src/main.ts');
/** Sources run as they stand, and so do those of processes that they start: a supervisor is the same command again. */
export const fromSource: string = process.env['GRAYLANE_COMMAND'] === undefined ? '--conditions=graylane-source' : '';
const SAID_LIMIT = 20_000;
/** Longer than any start, drain and kill timeout of the tests together, on a very busy machine. */
const PATIENCE_MS = 120_000;
/** Where Node's own `enableCompileCache` has it: sources that were read once start in a third of the time. */
const compiled = join(tmpdir(), 'node-compile-cache');

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
  const late = patience(`graylane ${args[0] ?? ''} is not ready`, () => said);
  late.catch(() => undefined);
  const ready = Promise.race([firstLine(child, () => said), late]);
  // Whoever does not ask is not told.
  ready.catch(() => undefined);
  return {
    ready, pid: child.pid ?? 0, said: () => said,
    end: async (signal) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill(signal);
      // Whoever ends in time leaves nobody waiting.
      const late = patience(`process ${child.pid ?? '?'} has not ended after ${signal}`, () => said);
      late.catch(() => undefined);
      await Promise.race([ended, late]);
    },
  };
}

/** Runs a command to its end; its JSON, or what it said. */
export async function runGraylane(args: readonly string[], { folder, run, environment = {} }: Where): Promise<{ readonly status: number | null; readonly out: unknown; readonly said: string }> {
  const child = spawn(process.execPath, [main, '--json', ...args], { cwd: folder, env: environmentOf(run, environment), stdio: ['ignore', 'pipe', 'pipe'], timeout: PATIENCE_MS });
  const [out, said, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit') as Promise<[number | null]>]);
  return { status, out: out.trim() === '' ? null : JSON.parse(out) as unknown, said };
}

async function patience(what: string, said: () => string): Promise<never> {
  await delay(PATIENCE_MS, undefined, { ref: false });
  throw new Error(`${what} (${PATIENCE_MS} ms): ${said().slice(-2_000)}`);
}

function environmentOf(run: string, more: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const { PATH, HOME } = process.env;
  return { PATH, HOME, ...(process.env['GRAYLANE_COMMAND'] === undefined ? { NODE_OPTIONS: fromSource, NODE_COMPILE_CACHE: compiled } : {}), GRAYLANE_RUN_DIR: run, ...more };
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
