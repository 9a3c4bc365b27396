// What the next supervisor must know to take over: pools, seats and workers, as JSON in the run folder.

import type { ListenerReport } from '@graylane/wire';

import { readIfThere, replaceFile } from './atomic-file.ts';
import type { FullSpec, Place } from './spec.ts';
import type { PoolPhase } from './status.ts';
import type { WorkerState } from './worker/state.ts';
import type { Worker } from './worker/worker.ts';

export const RECORD_FORMAT = 1;

export interface WorkerRecord {
  readonly id: string;
  readonly slot: number;
  /** Absent from a record of an earlier graylane. */
  readonly others?: readonly number[];
  readonly revision: number;
  readonly pid: number;
  readonly born: string | null;
  readonly state: WorkerState['name'];
  readonly startedWall: number;
  readonly logFile: string;
  readonly spec: FullSpec;
  /** Kept so that forwarding goes on unchanged until its agent has connected again. */
  readonly listeners: readonly ListenerReport[];
}

export interface PoolRecord {
  readonly phase: PoolPhase;
  readonly spec: FullSpec;
  readonly revision: number;
  readonly workers: readonly WorkerRecord[];
}

export interface ServiceRecord { readonly name: string; readonly places: readonly Place[]; readonly slots: number }

export interface FleetRecord {
  readonly format: number;
  /** The number of the next worker; never used twice. */
  readonly next: number;
  readonly services: readonly ServiceRecord[];
  readonly pools: readonly PoolRecord[];
}

export function saveRecord(file: string, record: FleetRecord): void {
  // Environment values may be secrets.
  replaceFile(file, JSON.stringify(record), 0o600);
}

/** Null when there is none, or one that this version cannot read. */
export function loadRecord(file: string): FleetRecord | null {
  const text = readIfThere(file);
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Only graylane writes this file, atomically and into a folder of mode 0700, so the format number tells enough. */
function isRecord(value: unknown): value is FleetRecord {
  return typeof value === 'object' && value !== null && 'format' in value && value.format === RECORD_FORMAT && 'pools' in value && Array.isArray(value.pools);
}

export function workerRecord(worker: Worker): WorkerRecord {
  const { id, slot, others, revision, startedWall, logFile } = worker.identity;
  return { id, slot, others, revision, startedWall, logFile, pid: worker.process.pid, born: worker.process.born, state: worker.state.name, spec: worker.spec, listeners: worker.listeners };
}
