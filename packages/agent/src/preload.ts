// What `node --import` loads: starts an agent where a supervisor asked for one, and otherwise leaves no trace.

import { isMainThread } from 'node:worker_threads';
import { BRIEF_VARIABLE, INSPECT_FLAG } from '@graylane/wire';
import { Agent } from './worker-agent.ts';
import { readSummons } from './brief.ts';

/** One agent per process, also when it is loaded twice or in two builds. */
const STARTED = Symbol.for('graylane.agent');

function start(): void {
  if (!isMainThread || Reflect.has(globalThis, STARTED)) return;
  const summons = readSummons(process.env);
  if (summons.kind === 'none') return;
  if (summons.kind === 'refused') {
    process.stderr.write(`graylane: ${summons.why}; this process runs without its agent\n`);
    return;
  }
  Reflect.defineProperty(globalThis, STARTED, { value: true });
  // The app's own children are none of ours.
  Reflect.deleteProperty(process.env, BRIEF_VARIABLE);
  process.execArgv = process.execArgv.filter((flag) => flag !== INSPECT_FLAG);
  new Agent(summons.brief, {
    pid: process.pid,
    node: process.version,
    random: Math.random,
    now: Date.now,
    monotonic: () => performance.now(),
    sendHandle: sendHandle(),
  }).start();
}

function sendHandle(): ((message: object, handle: object) => void) | null {
  const send: unknown = Reflect.get(process, 'send');
  return typeof send === 'function' ? (message, handle) => void Reflect.apply(send, process, [message, handle]) : null;
}

try {
  start();
} catch (fault) {
  process.stderr.write(`graylane: the agent did not start (${fault instanceof Error ? fault.message : String(fault)}); the app runs without it\n`);
}
