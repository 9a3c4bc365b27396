// The supervisor as its anchor sees it: a process that inherits sockets and says a few words. Decides nothing.

import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';

import { INHERITANCE_VARIABLE } from './notes.ts';
import type { SupervisorCommand } from './notes.ts';

/** As much of a child process as an anchor needs. */
export type SupervisorProcess = Pick<ChildProcess, 'connected' | 'kill' | 'on' | 'once' | 'removeAllListeners'>;

const FIRST_HANDLE_DESCRIPTOR = 4;

/** In a session of its own: Ctrl-C reaches the anchor, which passes it on once. */
export function startSupervisor({ command, args }: SupervisorCommand, env: NodeJS.ProcessEnv, held: ReadonlyMap<string, number>): SupervisorProcess {
  const handles = Object.fromEntries([...held.keys()].map((key, index) => [key, FIRST_HANDLE_DESCRIPTOR + index]));
  return spawn(command, args, {
    env: { ...env, [INHERITANCE_VARIABLE]: JSON.stringify({ handles }) },
    detached: true,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc', ...held.values()],
  });
}
