// What a pool needs from the fleet around it.

import type { Clock } from '../clock.ts';
import type { FullSpec } from '../spec.ts';
import type { FleetEvent, WorkerStatus } from '../status.ts';
import type { Worker } from '../worker/worker.ts';

export interface PoolHost {
  readonly clock: Clock;
  /** Starts a process; throws StartFailure when that is impossible. */
  spawn(slot: number, spec: FullSpec, revision: number): Worker;
  /** Slots for this many workers exist, or the promise rejects. */
  ensureSlots(spec: FullSpec, workers: number): Promise<void>;
  /** The slots of the service that others have to accept on. */
  spareSlots(service: string): readonly number[];
  /** Those that are nobody's own and that nobody can accept on. */
  abandonedSlots(service: string): readonly number[];
  /** The former get everybody who can accept on them, the latter are given up. */
  releaseSlots(service: string): void;
  /** The last look before a worker counts: throws when it listens where it must not. */
  inspect(worker: Worker): void;
  /** Something that the next supervisor must know has changed. */
  changed(): void;
  emit(event: FleetEvent): void;
  describe(worker: Worker): WorkerStatus;
}
