// CPU time of a set of processes from /proc, and the processes below one. Linux only; it starts and ends none.

import { readFileSync, readdirSync } from 'node:fs';

/** USER_HZ, which Linux fixes at 100 for all that user space sees. */
const TICKS_PER_SECOND = 100;

interface Stat { readonly parent: number; readonly ticks: number }

/** User and system time of the processes in all their threads, in microseconds. A process that has left counts nothing. */
export function cpuMicros(pids: readonly number[]): number {
  const ticks = pids.reduce((sum, pid) => sum + (statOf(pid)?.ticks ?? 0), 0);
  return (ticks * 1_000_000) / TICKS_PER_SECOND;
}

/** `root` and everything below it. */
export function processTree(root: number): readonly number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    const stat = Number.isInteger(pid) ? statOf(pid) : null;
    if (stat !== null) parents.set(pid, stat.parent);
  }
  const tree = [root];
  for (const pid of tree) for (const [child, parent] of parents) if (parent === pid) tree.push(child);
  return tree;
}

function statOf(pid: number): Stat | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold blanks; the fields behind it are numbers: state ppid … utime (14th of all) stime.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) };
  } catch {
    return null;
  }
}
