// Where things lie: in the run folder, with short names because a Unix socket's path ends at about 100 bytes, and in a folder for what grows.

import path from 'node:path';

import { StartFailure } from './failure.ts';

/** What fits into sockaddr_un on Linux (108) and macOS (104), with the closing NUL. */
const SOCKET_PATH_LIMIT = 103;

export interface RunPaths {
  readonly control: string;
  /** The folder of the workers' private sockets. */
  readonly sockets: string;
  readonly logs: string;
  readonly heaps: string;
  readonly state: string;
  snapshot(service: string): string;
}

/** `dataDir`: run folders are often kept in memory, which logs and heap snapshots must not fill. */
export function runPaths(runDir: string, dataDir: string = runDir): RunPaths {
  return {
    control: path.join(runDir, 'control.sock'),
    sockets: path.join(runDir, 's'),
    logs: path.join(dataDir, 'logs'),
    heaps: path.join(dataDir, 'heaps'),
    state: path.join(runDir, 'fleet.json'),
    snapshot: (service) => path.join(runDir, `strategy.${service}.json`),
  };
}

/** Throws `path-too-long` when a worker of this name could not open its private sockets there. */
export function checkSocketPath(paths: RunPaths, worker: string): void {
  const longest = path.join(paths.sockets, `${worker}.99.sock`);
  const bytes = Buffer.byteLength(longest);
  if (bytes <= SOCKET_PATH_LIMIT) return;
  throw new StartFailure({ reason: 'path-too-long', message: `the socket path ${longest} has ${bytes} bytes; the system takes ${SOCKET_PATH_LIMIT}`, cure: 'choose a shorter run folder, or shorter names of service and version' });
}
