// One seat of a pool: who sits in it, and how often it has crashed in a row. Holds state only; the pool decides.

import type { Timer } from '../clock.ts';
import type { Worker } from '../worker/worker.ts';

/** An empty slot keeps its connections for the successor; only if that is further away than this others take them, for good. */
const SLOT_PATIENCE_MS = 250;

export class Seat {
  readonly slot: number;
  worker: Worker | null = null;
  crashes = 0;
  /** How long it will be empty, at least. */
  vacantMs = 0;
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
    this.vacantMs = 0;
    this.failed = null;
  }

  /** Whether clients that come to its slot would wait for longer than they need to. */
  get isUnmanned(): boolean {
    return this.worker === null ? this.vacantMs > SLOT_PATIENCE_MS : this.worker.state.name === 'stalled';
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
