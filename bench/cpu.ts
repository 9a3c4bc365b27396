// CPU time of a set of processes. Linux only; it starts and ends none.

import { statOf } from '../conformance/live/processes.ts';

/** USER_HZ, which Linux fixes at 100 for all that user space sees. */
const TICKS_PER_SECOND = 100;

/** User and system time of the processes in all their threads, in microseconds. A process that has left counts nothing. */
export function cpuMicros(pids: readonly number[]): number {
  const ticks = pids.reduce((sum, pid) => sum + (statOf(pid)?.ticks ?? 0), 0);
  return (ticks * 1_000_000) / TICKS_PER_SECOND;
}
