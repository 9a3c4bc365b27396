// Gives the server processors of its own, and all others (machines, etcd, whoever measures) the rest: on a host of its own nobody
// would take its processor away either. It measures nothing.

import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { findProgram } from '../../tools/system.ts';

export interface Apart {
  /** For people: who has which processors. */
  readonly text: string;
  server(pid: number): void;
}

/** To be called first: what this process starts inherits its processors. */
export function keepApart(): Apart {
  const cores = availableParallelism();
  const taskset = findProgram('taskset');
  const servers = cores >> 1;
  const pinned = (cpus: string, pid: number): boolean => taskset !== null && spawnSync(taskset, ['-acp', cpus, String(pid)], { stdio: 'ignore' }).status === 0;
  if (servers < 1 || !pinned(range(servers, cores - 1), process.pid)) return { text: 'all on the same processors', server: () => undefined };
  return { text: `the server on ${named(0, servers - 1)}, etcd and the machines on ${named(servers, cores - 1)}`, server: (pid) => { pinned(range(0, servers - 1), pid); } };
}

function range(first: number, last: number): string {
  return first === last ? String(first) : `${first}-${last}`;
}

function named(first: number, last: number): string {
  return first === last ? `processor ${first}` : `processors ${first} to ${last}`;
}
