// What others see of pools and workers: plain data, made on demand.

import type { AgentMessage, CountsMessage, Peer, Role, Vitals } from '@graylane/wire';

import type { StartFailure } from './failure.ts';
import type { WorkerState } from './worker/state.ts';
import type { Worker } from './worker/worker.ts';

export interface WorkerStatus {
  readonly id: string;
  readonly pool: string;
  readonly service: string;
  readonly version: string;
  readonly role: Role;
  readonly slot: number;
  readonly pid: number;
  readonly state: WorkerState['name'];
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly connected: boolean;
  readonly node: string | null;
  /** The newest strategy it has acknowledged. */
  readonly generation: number;
  readonly vitals: Vitals | null;
  /** Milliseconds since the epoch. */
  readonly vitalsAt: number;
  readonly logFile: string;
}

export type PoolPhase = 'starting' | 'running' | 'reloading' | 'stopping' | 'stopped';

export interface PoolStatus {
  readonly id: string;
  readonly service: string;
  readonly version: string;
  readonly role: Role;
  readonly phase: PoolPhase;
  readonly wanted: number;
  readonly ready: number;
  readonly revision: number;
  /** Seats that have crashed too often in a row, with the reason of the last crash. */
  readonly failed: readonly { readonly slot: number; readonly reason: string; readonly lastLines: readonly string[] }[];
  /** Crashes. */
  readonly restarts: number;
  /** Every worker that was followed by another unasked, by why. */
  readonly restartsBy: Readonly<Record<RestartReason, number>>;
}

/** Also metric labels, so the list is closed: it ended by itself, by a signal from outside, without a heartbeat, or for its memory, age or liveness. */
export type RestartReason = 'crash' | 'killed' | 'silent' | 'replaced';

export type FleetEvent =
  | { readonly kind: 'worker'; readonly worker: WorkerStatus; readonly from: WorkerState['name']; readonly cause: string }
  | { readonly kind: 'pool'; readonly pool: PoolStatus; readonly what: 'ready' | 'reloading' | 'reloaded' | 'reload-failed' | 'scaled' | 'stopped' | 'adopted'; readonly failure: StartFailure | null }
  /** A worker ended unasked and will be replaced after `delayMs`, or is given up (`failed`). */
  | { readonly kind: 'crash'; readonly worker: WorkerStatus; readonly cause: string; readonly crashes: number; readonly delayMs: number; readonly failed: boolean; readonly lastLines: readonly string[] }
  | { readonly kind: 'peers'; readonly service: string; readonly epoch: number; readonly peers: readonly Peer[] }
  /** Passed on as it came: counts, unroutable, fault … */
  | { readonly kind: 'agent'; readonly worker: WorkerStatus; readonly message: AgentMessage }
  /** What a sidecar has counted. */
  | { readonly kind: 'guest'; readonly id: string; readonly service: string; readonly message: CountsMessage }
  | { readonly kind: 'warning'; readonly subject: string; readonly text: string };

export function workerStatus(worker: Worker): WorkerStatus {
  const { id, slot, startedWall, logFile } = worker.identity;
  const { service, version, role } = worker.spec;
  return {
    id, slot, service, version, role, logFile,
    pool: `${service}.${version}.${role}`,
    pid: worker.process.pid,
    state: worker.state.name,
    startedAt: startedWall,
    connected: worker.connected,
    node: worker.hello?.node ?? null,
    generation: worker.ackedGeneration,
    vitals: worker.vitals,
    vitalsAt: worker.vitalsAt,
  };
}
