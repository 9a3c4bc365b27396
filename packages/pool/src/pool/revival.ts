// What follows a crash: a restart after a back-off, and the point at which a seat is called failed.

import { afterCrash } from '../backoff.ts';
import type { Ending } from '../backoff.ts';
import { StartFailure } from '../failure.ts';
import { lastLines } from '../logs/tail.ts';
import type { FullSpec } from '../spec.ts';
import { describeExit } from '../worker/failures.ts';
import type { Ended, Worker } from '../worker/worker.ts';
import type { PoolHost } from './host.ts';
import type { Seat } from './seat.ts';
import type { Seats } from './seats.ts';

/** What a restart is to run, and whether there still is to be one. */
export interface Present { readonly id: string; readonly spec: FullSpec; readonly revision: number; readonly wanted: boolean }

export class Revival {
  readonly #host: PoolHost;
  readonly #seats: () => Seats;
  readonly #present: () => Present;
  readonly #reasons = { crash: 0, killed: 0 };

  constructor(host: PoolHost, seats: () => Seats, present: () => Present) {
    this.#host = host;
    this.#seats = seats;
    this.#present = present;
  }

  /** Crashes so far. */
  get count(): number { return this.#reasons.crash + this.#reasons.killed; }
  get reasons(): Readonly<Record<'crash' | 'killed', number>> { return this.#reasons; }

  crashed(seat: Seat, worker: Worker, ended: Ended): void {
    seat.leave();
    const lines = lastLines(worker.identity.logFile);
    const cause = describeExit(ended.exit);
    const killedFromOutside = ended.exit.signal === 'SIGKILL' || ended.exit.signal === 'SIGTERM';
    this.#reasons[killedFromOutside ? 'killed' : 'crash'] += 1;
    const delayMs = this.#setBack(seat, { readyForMs: ended.readyForMs, killedFromOutside }, cause, lines);
    this.#host.emit({ kind: 'crash', worker: this.#host.describe(worker), cause, crashes: seat.crashes, delayMs, failed: seat.failed !== null, lastLines: lines });
    this.#host.changed();
  }

  /** Fills an empty seat now. */
  fill(seat: Seat): void {
    seat.restart = null;
    void this.#tryFill(seat);
  }

  async #tryFill(seat: Seat): Promise<void> {
    if (!this.#isWanted(seat)) return;
    const { spec, revision } = this.#present();
    try {
      const worker = await this.#seats().hire(seat.slot, spec, revision);
      if (!this.#isWanted(seat)) {
        await this.#seats().retire(worker, 'no longer needed', spec.drainTimeoutMs);
        return;
      }
      const { crashes, failed } = seat;
      this.#seats().put(seat, worker);
      // Only time in service wipes the slate.
      seat.crashes = crashes;
      seat.failed = failed;
    } catch (error) {
      if (!this.#isWanted(seat)) return;
      const failure = StartFailure.from(error);
      const delayMs = this.#setBack(seat, { readyForMs: 0, killedFromOutside: false }, failure.message, failure.lastLines);
      const outlook = seat.restart === null ? 'given up' : `next try in ${Math.round(delayMs)} ms`;
      this.#host.emit({ kind: 'warning', subject: this.#present().id, text: `seat ${seat.slot}: ${failure.message} (${failure.code}); attempt ${seat.crashes} failed, ${outlook}` });
      this.#host.changed();
    }
  }

  #setBack(seat: Seat, ending: Ending, reason: string, lines: readonly string[]): number {
    const { spec, wanted } = this.#present();
    const step = afterCrash(spec.backoff, seat.crashes, ending, this.#host.clock.random());
    seat.crashes = step.crashes;
    seat.vacantMs = step.delayMs;
    seat.failed = step.failed ? { reason, lastLines: lines } : null;
    // A canary that keeps crashing is given up. Stable is flagged too, but goes on trying: nothing else serves its users.
    const givenUp = step.failed && spec.role === 'canary';
    if (seat.isUnmanned) this.#host.releaseSlots(spec.service);
    if (wanted && !givenUp) seat.restart = this.#host.clock.after(step.delayMs, () => this.fill(seat));
    return step.delayMs;
  }

  #isWanted(seat: Seat): boolean {
    return seat.worker === null && this.#seats().has(seat) && this.#present().wanted;
  }
}
