// The processes of one contestant: started, waited for, counted with all their children, ended. It knows not what they are.

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { accepting } from '../conformance/bytes/bare.ts';
import { findProgram } from '../tools/system.ts';
import { processTree } from '../conformance/live/processes.ts';

export interface Server {
  readonly port: number;
  /** A second server that the client itself sends this share of the requests to. */
  readonly aside?: { readonly port: number; readonly share: number };
  /** All processes whose CPU its requests cost. */
  readonly pids: () => readonly number[];
  readonly stop: () => Promise<void>;
}

export interface Start {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The port, or the path of the Unix socket, that it opens. */
  readonly listens: number | string;
}

/** One after the other, each when the one before accepts. Throws with what a process wrote when one of them ends before. */
export async function startServer(port: number, starts: readonly Start[]): Promise<Server> {
  let failure: string | null = null;
  const children: ChildProcess[] = [];
  const spawned = (start: Start): ChildProcess => {
    const child = spawn(findProgram(start.command) ?? start.command, start.args, { env: { ...process.env, ...start.env }, stdio: ['ignore', 'ignore', 'pipe'] });
    let errors = '';
    child.stderr.on('data', (chunk) => (errors = `${errors}${String(chunk)}`.slice(-2_000)));
    child.on('error', (error) => (failure ??= `${start.command}: ${error.message}`));
    child.on('exit', (code, signal) => (failure ??= `${start.command} ${start.args.join(' ')} ended with ${code ?? signal ?? ''}: ${errors}`));
    return child;
  };
  const stop = async (): Promise<void> => {
    await Promise.all(children.map(end));
  };
  try {
    for (const start of starts) {
      children.push(spawned(start));
      await accepting(start.listens, () => failure);
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { port, pids: () => children.flatMap((child) => (child.pid === undefined ? [] : processTree(child.pid))), stop };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}
