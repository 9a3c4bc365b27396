// How much of the CPU a process gets beside others, as far as the system lets us say so. Knows no pool and no worker.

import { writeFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';

import { errno } from '../failure.ts';
import { listDirectory } from './processes.ts';

/**
 * Sets the nice value of all threads of `pid`, and of its session: with autogrouping (sched(7)) Linux weighs sessions
 * against each other and a thread's own value counts within its session only. `pid` must lead a session of its own.
 * A process that has gone meanwhile is no error, nor is a system that refuses.
 */
export function renice(pid: number, nice: number): void {
  const value = Math.max(constants.priority.PRIORITY_HIGHEST, Math.min(nice, constants.priority.PRIORITY_LOW));
  reniceThreads(pid, value);
  reniceSession(pid, value);
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

function reniceSession(pid: number, nice: number): void {
  try {
    writeFileSync(`/proc/${pid}/autogroup`, String(nice), { flag: 'r+' });
  } catch {
    // No autogrouping in this kernel, no /proc at all, or the process has gone.
  }
}
