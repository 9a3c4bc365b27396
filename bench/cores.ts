// Keeps servers and load generator on cores of their own, so that neither is counted for the other's cold caches. It measures nothing.

import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { findProgram } from '../tools/system.ts';

export interface Cores {
  /** For people: how the cores are shared out. */
  readonly text: string;
  /** What stands before the load generator's command line. */
  readonly loadPrefix: readonly string[];
}

/** Pins this process, and with it every server that it starts, to the first half of the cores; the load gets the other half. */
export function shareCores(): Cores {
  const cores = availableParallelism();
  const taskset = findProgram('taskset');
  if (cores < 2 || taskset === null || process.platform !== 'linux') return { text: 'servers and load on the same cores', loadPrefix: [] };
  const servers = cores >> 1;
  const own = range(0, servers - 1);
  const load = range(servers, cores - 1);
  const { status } = spawnSync(taskset, ['-acp', own, String(process.pid)], { stdio: 'ignore' });
  // A machine whose cores are not numbered from 0, or that forbids it.
  if (status !== 0) return { text: 'servers and load on the same cores', loadPrefix: [] };
  return { text: `servers on core ${own}, load on core ${load}`, loadPrefix: [taskset, '-c', load] };
}

function range(first: number, last: number): string {
  return first === last ? String(first) : `${first}-${last}`;
}
