// The supervisor as its anchor sees it: a process that inherits sockets and says a few words. Decides nothing.

import { spawn } from 'node:child_process';

import { INHERITANCE_VARIABLE } from './notes.ts';
import type { SupervisorCommand } from './notes.ts';

/** As much of a child process as an anchor needs. */
export interface SupervisorProcess {
  /** Whether it can still be heard. */
  readonly connected: boolean;
  kill(signal: NodeJS.Signals): boolean;
  on(event: 'message', listener: (message: unknown, handle: unknown) => void): unknown;
  once(event: 'exit', listener: (code: number | null, signal: NodeJS.Signals | null) => void): unknown;
  once(event: 'error', listener: (error: Error) => void): unknown;
  once(event: 'disconnect', listener: () => void): unknown;
  removeAllListeners(): unknown;
}

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
