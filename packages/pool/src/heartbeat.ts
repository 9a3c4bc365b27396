// The pulse of all workers: pings, and what silence means. Knows no reason for a silence.

import type { Clock, Timer } from './clock.ts';
import type { Worker } from './worker/worker.ts';

/** The smallest `liveness.everyMs`; each worker is asked at its own pace, in steps of this. */
const TICK_MS = 250;

export class Heartbeat {
  readonly #clock: Clock;
  readonly #workers: () => readonly Worker[];
  readonly #replace: (worker: Worker, why: string) => void;
  readonly #asked = new WeakMap<Worker, number>();
  readonly #condemned = new WeakSet<Worker>();
  #timer: Timer | null = null;
  #count = 0;

  constructor(clock: Clock, workers: () => readonly Worker[], replace: (worker: Worker, why: string) => void) {
    this.#clock = clock;
    this.#workers = workers;
    this.#replace = replace;
  }

  start(): void {
    this.#timer = this.#clock.after(TICK_MS, () => {
      this.beat();
      this.start();
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  /** One look at every worker. */
  beat(): void {
    const now = this.#clock.now();
    for (const worker of this.#workers()) {
      if (worker.state.name !== 'ready' && worker.state.name !== 'stalled') continue;
      this.#ask(worker, now);
      this.#judge(worker, now);
    }
  }

  #ask(worker: Worker, now: number): void {
    if (now - (this.#asked.get(worker) ?? -Infinity) < worker.spec.liveness.everyMs) return;
    this.#asked.set(worker, now);
    this.#count += 1;
    worker.send({ kind: 'ping', n: this.#count });
  }

  #judge(worker: Worker, now: number): void {
    const silentMs = now - worker.lastPongMs;
    const { ejectAfterMs, replaceAfterMs } = worker.spec.liveness;
    if (silentMs >= ejectAfterMs) worker.stalled();
    if (silentMs >= replaceAfterMs) this.#condemn(worker, `no heartbeat for ${Math.round(silentMs / 1000)} s`);
  }

  #condemn(worker: Worker, why: string): void {
    if (this.#condemned.has(worker)) return;
    this.#condemned.add(worker);
    this.#replace(worker, why);
  }
}
