// A worker of an earlier supervisor, found by its record: the same process, under a new supervisor.

import type { HelloMessage } from '@graylane/wire';

import type { Clock } from '../clock.ts';
import { logPlace } from '../logs/place.ts';
import { isAlive } from '../os/processes.ts';
import type { RunPaths } from '../paths.ts';
import type { WorkerRecord } from '../record.ts';
import type { FullSpec } from '../spec.ts';
import { orphanProcess } from '../worker/process.ts';
import type { WorkerState } from '../worker/state.ts';
import { Worker } from '../worker/worker.ts';
import type { WorkerHost } from '../worker/worker.ts';

/** Null when it has ended meanwhile, or its number belongs to another process now. */
export function adoptWorker(record: WorkerRecord, clock: Clock, host: WorkerHost): Worker | null {
  if (!isAlive(record.pid, record.born)) return null;
  const { id, slot, others = [], revision, logFile, startedWall } = record;
  const identity = { id, slot, others, revision, logFile, startedWall, places: record.listeners.map((listener) => listener.index) };
  return new Worker(identity, record.spec, orphanProcess(record.pid, record.born, clock), { state: formerState(record, clock.now()), listeners: record.listeners }, host);
}

/**
 * A worker that no record names: its supervisor was killed between starting it and writing that down.
 * `spec` is that of its version's pool; enough to end it well.
 */
export function adoptStranger(hello: HelloMessage, spec: FullSpec, paths: RunPaths, clock: Clock, host: WorkerHost): Worker | null {
  const { file } = logPlace(paths.logs, spec.service, spec.version, Number(hello.worker.split('.').at(-1)));
  const record: WorkerRecord = { id: hello.worker, slot: -1, revision: 0, pid: hello.pid, born: null, state: 'starting', startedWall: clock.wall(), logFile: file, spec, listeners: hello.listeners };
  return adoptWorker(record, clock, host);
}

/** Whoever was not ready yet is not waited for: its place is filled anew. */
function formerState(record: WorkerRecord, nowMs: number): WorkerState {
  switch (record.state) {
    case 'ready':
    case 'stalled':
      return { name: 'ready', sinceMs: nowMs };
    case 'starting':
    case 'draining':
    case 'stopping':
    case 'exited':
      return { name: 'draining', sinceMs: nowMs, why: 'left by an earlier supervisor' };
  }
}
