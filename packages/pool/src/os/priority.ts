// How much of the CPU a process gets beside others, as far as the system lets us say so. Knows no pool and no worker.

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
