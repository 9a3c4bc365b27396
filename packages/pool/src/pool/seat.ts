// One seat of a pool: who sits in it, and how often it has crashed in a row. Holds state only; the pool decides.

import type { Timer } from '../clock.ts';
import type { Worker } from '../worker/worker.ts';

export class Seat {
  readonly slot: number;
  worker: Worker | null = null;
  crashes = 0;
  /** The pending restart after a crash. */
  restart: Timer | null = null;
  /** Given up: why, and the last output. */
  failed: { reason: string; lastLines: readonly string[] } | null = null;

  constructor(slot: number) {
    this.slot = slot;
  }

  /** `worker` is this seat's from now on, with a clean slate. */
  take(worker: Worker): void {
    this.restart?.cancel();
    this.restart = null;
    this.worker = worker;
    this.crashes = 0;
    this.failed = null;
  }

  /** Nobody sits here and nobody is on the way. */
  leave(): Worker | null {
    const worker = this.worker;
    this.restart?.cancel();
    this.restart = null;
    this.worker = null;
    return worker;
  }
}
