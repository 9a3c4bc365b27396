// CPU shares by cgroup v2, where a part of the tree is ours to divide (systemd: Delegate=yes). Elsewhere it does nothing:
// nice still holds. Knows folders of the kernel and nothing of pools.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export interface CpuShares {
  /** Puts a process into the group of this name with this weight (1-10000, 100 is the default). False when it could not. */
  assign(pid: number, group: string, weight: number): boolean;
}

const noShares: CpuShares = { assign: () => false };

/** `root` is /sys/fs/cgroup, `own` the text of /proc/self/cgroup; both can be others' for a test. */
export function cpuShares(root: string, own: string, pid: number): CpuShares {
  const ours = /^0::(.*)$/m.exec(own)?.[1];
  if (ours === undefined) return noShares;
  const base = path.join(root, ours);
  if (!divide(base, pid)) return noShares;
  return {
    assign: (worker, group, weight) => tryWrite([
      [path.join(base, group, 'cpu.weight'), String(weight)],
      [path.join(base, group, 'cgroup.procs'), String(worker)],
    ], path.join(base, group)),
  };
}

/** A group with members cannot have children with controllers, so the supervisor steps down into a group of its own. */
function divide(base: string, pid: number): boolean {
  const controllers = read(path.join(base, 'cgroup.controllers')).split(/\s+/);
  if (!controllers.includes('cpu')) return false;
  return tryWrite([
    [path.join(base, 'graylane.supervisor', 'cgroup.procs'), String(pid)],
    [path.join(base, 'cgroup.subtree_control'), '+cpu'],
  ], path.join(base, 'graylane.supervisor'));
}

function tryWrite(writes: readonly (readonly [file: string, text: string])[], folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true });
    for (const [file, text] of writes) writeFileSync(file, text);
    return true;
  } catch {
    // Not delegated, or no cgroup v2 at all.
    return false;
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
