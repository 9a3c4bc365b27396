// The process of a worker behind one interface, whether this supervisor started it or found it running.

import type { ChildProcess } from 'node:child_process';

import type { Clock } from '../clock.ts';
import { errno } from '../failure.ts';
import { isAlive, processEntry } from '../os/processes.ts';
import type { Exit } from './state.ts';

export interface WorkerProcess {
  readonly pid: number;
  /** See ProcessEntry.born; null where the system does not tell. */
  readonly born: string | null;
  onExit(run: (exit: Exit) => void): void;
  /** Signals the worker alone. */
  signal(name: NodeJS.Signals): void;
  /** Kills the worker and everything left of its session's process group. */
  killAll(): void;
}

/** A child of this supervisor. Precondition: it has a pid. */
export function childProcess(child: ChildProcess, pid: number): WorkerProcess {
  return {
    pid,
    born: processEntry(pid)?.born ?? null,
    onExit: (run) => {
      child.once('exit', (code, signal) => run({ code, signal }));
    },
    signal: (name) => void child.kill(name),
    killAll: () => killGroup(pid),
  };
}

/** How often an adopted process is looked at; its parent is gone, so nobody reports its end. */
const WATCH_MS = 100;

/** A process that an earlier supervisor started. Its exit code is nobody's to know. */
export function orphanProcess(pid: number, born: string | null, clock: Clock): WorkerProcess {
  return {
    pid,
    born,
    onExit: (run) => {
      const look = (): void => {
        if (isAlive(pid, born)) clock.after(WATCH_MS, look);
        else run({ code: null, signal: null });
      };
      look();
    },
    signal: (name) => {
      if (isAlive(pid, born)) send(pid, name);
    },
    killAll: () => {
      if (isAlive(pid, born)) killGroup(pid);
    },
  };
}

function killGroup(pid: number): void {
  send(pid, 'SIGKILL');
  send(-pid, 'SIGKILL');
}

function send(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // Gone already, which is what was wanted.
    if (errno(error) !== 'ESRCH' && errno(error) !== 'EPERM') throw error;
  }
}
