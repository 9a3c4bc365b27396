// How much of the CPU a process gets beside others, and when, as far as the system lets us say so. Knows no pool and no worker.

import { execFile } from 'node:child_process';
import { constants, setPriority } from 'node:os';

import { errno } from '../failure.ts';
import { listDirectory } from './processes.ts';

/**
 * Sets the nice value of all threads of `pid`. A process that has gone meanwhile is no error, nor is a system that refuses.
 * Where Linux groups by session (autogroup, sched(7)) this ranks a worker within its own session only: ranking the session
 * as well starved canaries beside other work, so that they started late and were taken for dead.
 */
export function renice(pid: number, nice: number): void {
  const value = Math.max(constants.priority.PRIORITY_HIGHEST, Math.min(nice, constants.priority.PRIORITY_LOW));
  reniceThreads(pid, value);
}

/** The same for a process that has started, once and for all: threads that came meanwhile have what it had when they came. */
export function rank(pid: number, nice: number): void {
  renice(pid, nice);
  if (nice > 0) waitForTurns(pid);
}

/** Linux keeps a priority per thread, and V8's threads may be there already. */
function reniceThreads(pid: number, nice: number): void {
  const threads = listDirectory(`/proc/${pid}/task`).map(Number);
  for (const thread of threads.length === 0 ? [pid] : threads) {
    try {
      setPriority(thread, nice);
    } catch (error) {
      if (errno(error) === 'EACCES') return;
    }
  }
}

/**
 * Makes a process one that interrupts nobody when it wakes up (SCHED_BATCH, sched(7)); its share of the CPU stays the same.
 * Where a canary shares a core with stable, each forwarded request would else push the stable worker off it, for one
 * request: with both caches cold, that costs more than the request (docs/decisions/0406-canaries-wait-for-their-turn.md).
 * Not for a process that starts: it rests and wakes up a hundred times. Node has no call for it; where util-linux is
 * missing, nothing changes.
 */
function waitForTurns(pid: number): void {
  if (process.platform !== 'linux') return;
  execFile('chrt', ['--all-tasks', '--batch', '--pid', '0', String(pid)], () => undefined);
}
