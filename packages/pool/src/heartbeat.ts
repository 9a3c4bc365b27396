// The pulse of all workers: pings, and what silence means. Knows no reason for a silence.

import type { Clock, Timer } from './clock.ts';
import { isServing } from './worker/state.ts';
import type { Worker } from './worker/worker.ts';

/** The smallest `liveness.everyMs`; each worker is asked at its own pace, in steps of this. */
const TICK_MS = 250;
/** A look that comes this late says that we were the ones who stood still (SIGSTOP, a sleeping laptop, no CPU). */
const OWN_STALL_MS = 1_000;

export class Heartbeat {
  readonly #clock: Clock;
  readonly #workers: () => readonly Worker[];
  readonly #replace: (worker: Worker, why: string) => void;
  readonly #asked = new WeakMap<Worker, number>();
  readonly #condemned = new WeakSet<Worker>();
  #timer: Timer | null = null;
  #count = 0;
  #lastBeatMs: number;
  /** Silence before this moment is nobody's fault but ours. */
  #listeningSinceMs: number;

  constructor(clock: Clock, workers: () => readonly Worker[], replace: (worker: Worker, why: string) => void) {
    this.#clock = clock;
    this.#workers = workers;
    this.#replace = replace;
    this.#lastBeatMs = clock.now();
    this.#listeningSinceMs = this.#lastBeatMs;
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
    if (now - this.#lastBeatMs > OWN_STALL_MS) this.#listeningSinceMs = now;
    this.#lastBeatMs = now;
    const serving = this.#workers().filter((worker) => isServing(worker.state));
    for (const worker of serving) {
      this.#ask(worker, now);
      this.#judge(worker, now, serving);
    }
  }

  #ask(worker: Worker, now: number): void {
    if (now - (this.#asked.get(worker) ?? -Infinity) < worker.spec.liveness.everyMs) return;
    this.#asked.set(worker, now);
    this.#count += 1;
    worker.send({ kind: 'ping', n: this.#count });
  }

  #judge(worker: Worker, now: number, serving: readonly Worker[]): void {
    const silentMs = now - Math.max(worker.lastPongMs, this.#listeningSinceMs);
    const { ejectAfterMs, replaceAfterMs } = worker.spec.liveness;
    if (silentMs >= ejectAfterMs && mayEject(worker, serving)) worker.stalled();
    if (silentMs >= replaceAfterMs) this.#condemn(worker, `no heartbeat for ${Math.round(silentMs / 1000)} s`);
  }

  #condemn(worker: Worker, why: string): void {
    if (this.#condemned.has(worker)) return;
    this.#condemned.add(worker);
    this.#replace(worker, why);
  }
}

/** Never more than half of a version: when all are slow, the machine is, and turning them away helps nobody. */
function mayEject(worker: Worker, serving: readonly Worker[]): boolean {
  const siblings = serving.filter((one) => one.spec.service === worker.spec.service && one.spec.version === worker.spec.version);
  const stalled = siblings.filter((one) => one.state.name === 'stalled').length;
  return siblings.length === 1 || stalled + 1 <= siblings.length / 2;
}
