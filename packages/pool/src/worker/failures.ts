// The ways in which a worker fails to become ready, each said in the user's words.

import type { UnroutableMessage } from '@graylane/wire';

import { StartFailure } from '../failure.ts';
import type { FullSpec } from '../spec.ts';
import type { Exit, Owed } from './state.ts';

interface Subject { readonly id: string; readonly spec: FullSpec }
interface ListenFailure { readonly port: number; readonly code: string }

export function exitFailure(worker: Subject, exit: Exit, listen: ListenFailure | null, lines: readonly string[]): StartFailure {
  if (listen !== null) return listenFailure(worker, listen, lines);
  return new StartFailure({
    reason: 'exited',
    message: `${worker.id} ended before it was ready (${describeExit(exit)})`,
    cure: exitCure(worker, exit, lines),
    lastLines: lines,
  });
}

/** What a worker that never listened does instead; null where that is not known. */
export type Instead = { readonly pid: number; readonly address: string; readonly port: number } | null;

export function lateFailure(worker: Subject, owed: Owed, listen: ListenFailure | null, instead: Instead, lines: readonly string[]): StartFailure {
  const seconds = worker.spec.ready.timeoutMs / 1000;
  if (listen !== null) return listenFailure(worker, listen, lines);
  if (owed.agent) {
    return new StartFailure({
      reason: 'agent-missing',
      message: `${worker.id} runs, but its agent did not report within ${seconds} s`,
      cure: 'the interpreter must be Node.js 20.19 or newer, and the script must not block its event loop while it loads',
      lastLines: lines,
    });
  }
  if ((owed.places === null || owed.places.length > 0) && instead !== null) {
    return new StartFailure({
      reason: 'never-listened',
      message: `${worker.id} did not listen itself: its child process ${instead.pid} listens on ${instead.address}:${instead.port}`,
      cure: 'name the script that listens as `script`; graylane starts as many of it as `workers` says',
      lastLines: lines,
    });
  }
  if (owed.places === null || owed.places.length > 0) {
    const missing = owed.places === null ? 'on any port' : `on ${owed.places.length} of its declared ports`;
    return new StartFailure({
      reason: 'never-listened',
      message: `${worker.id} did not listen ${missing} within ${seconds} s`,
      cure: 'the app must call listen() with a port, such as process.env.PORT; raise `ready.timeout` if it only needs longer',
      lastLines: lines,
    });
  }
  const waiting = owed.message ? "did not send process.send('ready')" : `did not answer ${worker.spec.ready.http ?? ''} with 2xx or 3xx`;
  return new StartFailure({ reason: 'never-ready', message: `${worker.id} listens, but ${waiting} within ${seconds} s`, cure: 'correct `ready` of this version, or raise `ready.timeout`', lastLines: lines });
}

export function unroutableFailure(worker: Subject, message: UnroutableMessage): StartFailure {
  return new StartFailure({ reason: 'unroutable', message: `${worker.id} cannot be routed (${message.reason}): ${message.detail}`, cure: message.cure });
}

/** `exit code 1`, `signal SIGSEGV`, or that nobody knows. */
export function describeExit(exit: Exit): string {
  if (exit.signal !== null) return `signal ${exit.signal}`;
  return exit.code === null ? 'exit code unknown' : `exit code ${exit.code}`;
}

/** Node's code for a main module that waits for something that can no longer happen. */
const UNSETTLED_AWAIT = 13;

function exitCure({ spec }: Subject, { code }: Exit, lines: readonly string[]): string {
  if (code === 0) return 'the script came to its end: it must open a server and keep it open';
  if (code === UNSETTLED_AWAIT) return 'a top-level `await` waits for something that nothing is left to bring about; see the last lines of its output';
  return lines.length === 0 ? `run \`node ${spec.script}\` by hand to see why` : 'see the last lines of its output';
}

function listenFailure(worker: Subject, listen: ListenFailure, lines: readonly string[]): StartFailure {
  const inUse = listen.code === 'EADDRINUSE';
  return new StartFailure({
    reason: inUse ? 'port-in-use' : 'port-forbidden',
    message: `${worker.id} could not listen on port ${listen.port}: ${listen.code}`,
    cure: inUse ? 'stop what holds that port, or declare it in `listen` so that graylane owns it' : 'choose another port, or grant the right to use it',
    lastLines: lines,
  });
}
