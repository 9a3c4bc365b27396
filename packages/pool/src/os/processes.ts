// What the operating system knows of a process: alive, born when, whose child. Linux reads /proc; elsewhere less is known.

import { readFileSync, readdirSync, statSync } from 'node:fs';

export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly session: number;
  /** Kernel ticks since boot; with the pid it names a process for good. */
  readonly born: string;
  /** One letter: R running, S sleeping, T stopped, Z dead but not reaped … */
  readonly state: string;
}

/** Null when there is no such process or no /proc. */
export function processEntry(pid: number): ProcessEntry | null {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return null;
  }
}

/** The fields after the command, which may itself hold spaces and brackets. */
export function parseStat(text: string): ProcessEntry | null {
  const end = text.lastIndexOf(')');
  const fields = text.slice(end + 2).split(' ');
  const [state, parent, , session] = fields;
  const born = fields[19];
  if (end < 0 || state === undefined || parent === undefined || session === undefined || born === undefined) return null;
  return { pid: Number.parseInt(text, 10), parent: Number(parent), session: Number(session), born, state };
}

/** Whether `pid` runs and, where birth is known, is still the same process. */
export function isAlive(pid: number, born: string | null): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  const entry = processEntry(pid);
  if (entry === null) return process.platform !== 'linux';
  return entry.state !== 'Z' && (born === null || entry.born === born);
}

/** `root`, all its descendants, and all of its session: also what has forked twice to get away. */
export function processTree(root: number): readonly number[] {
  const entries = allProcesses();
  const inTree = new Set<number>([root]);
  for (const entry of entries) if (entry.session === root) inTree.add(entry.pid);
  // Parents may be listed after their children, so go on until nothing new turns up.
  for (let before = 0; before !== inTree.size;) {
    before = inTree.size;
    for (const entry of entries) if (inTree.has(entry.parent)) inTree.add(entry.pid);
  }
  return [...inTree];
}

export function allProcesses(): readonly ProcessEntry[] {
  const entries: ProcessEntry[] = [];
  for (const name of listDirectory('/proc')) {
    const entry = /^\d+$/.test(name) ? processEntry(Number(name)) : null;
    if (entry !== null) entries.push(entry);
  }
  return entries;
}

/** The command line as one text, '' when unknown. */
export function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim();
  } catch {
    return '';
  }
}

/** Names in a folder, none when it cannot be read. */
export function listDirectory(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

/** The user that a process runs as; null where the system does not tell. */
export function ownerOf(pid: number): number | null {
  try {
    return statSync(`/proc/${pid}`).uid;
  } catch {
    return null;
  }
}
