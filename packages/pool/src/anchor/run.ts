// The two ways to be an anchor: as the parent that `graylane up` is, or as the successor of one that was killed.

import { closeSync } from 'node:fs';

import { systemClock } from '../clock.ts';
import { socketActivation } from '../service/listen-fds.ts';
import { Anchor } from './anchor.ts';
import type { AnchorOptions } from './anchor.ts';
import { ACTIVATED_VARIABLE, TASK_VARIABLE } from './notes.ts';
import type { SupervisorCommand, Task } from './notes.ts';
import { startSupervisor } from './supervisor-process.ts';

/** Passed on to the supervisor, which decides what they mean. A closed terminal means the same as SIGTERM. */
const SIGNALS: Readonly<Partial<Record<NodeJS.Signals, NodeJS.Signals>>> = { SIGTERM: 'SIGTERM', SIGINT: 'SIGINT', SIGHUP: 'SIGTERM', SIGUSR2: 'SIGUSR2' };

/**
 * Starts a supervisor and keeps its sockets; resolves with the exit code for this process when the supervisor has said goodbye
 * or could not come up at all. Takes sockets from systemd (LISTEN_FDS) when there are any.
 */
export async function runAnchor(supervisor: SupervisorCommand, onRestart: AnchorOptions['onRestart']): Promise<number> {
  const inherited = socketActivation(process.env, process.pid);
  const env = { ...process.env, ...(Object.keys(inherited).length === 0 ? {} : { [ACTIVATED_VARIABLE]: '1' }) };
  const anchor = new Anchor({ start: (held) => startSupervisor(supervisor, env, held), clock: systemClock, inherited, closeInherited: closeSync, onRestart }, false);
  passSignalsOn(anchor);
  anchor.raise();
  return anchor.ended;
}

/** The successor's whole life: watches a supervisor that is its parent until that is gone, then is an anchor like any other. */
export async function succeedAnchor(): Promise<number> {
  const task = JSON.parse(process.env[TASK_VARIABLE] ?? 'null') as Task | null;
  if (task === null) throw new Error(`${TASK_VARIABLE} is not set: this file is started by a supervisor only`);
  Reflect.deleteProperty(process.env, TASK_VARIABLE);
  const anchor = new Anchor({ start: (held) => startSupervisor(task, process.env, held), clock: systemClock, inherited: task.handles, closeInherited: closeSync, onRestart: () => undefined }, true);
  passSignalsOn(anchor);
  process.on('message', (message: unknown, handle: unknown) => anchor.hear(message, handle));
  process.once('disconnect', () => anchor.lost());
  const code = await anchor.ended;
  anchor.release();
  return code;
}

function passSignalsOn(anchor: Anchor): void {
  for (const [received, sent] of Object.entries(SIGNALS)) process.on(received, () => anchor.signal(sent));
}
