// Liveness by a path of the app's own (`liveness.http`): three failures in a row say that it is alive in name only.

import type { Clock } from './clock.ts';
import { probe } from './worker/probe.ts';
import type { Worker } from './worker/worker.ts';

const ASK_EVERY_MS = 5_000;
const FAILURES = 3;

interface Watched { askedMs: number; failures: number; asking: boolean }

export class HttpLiveness {
  readonly #clock: Clock;
  readonly #condemn: (worker: Worker, why: string) => void;
  readonly #probe: typeof probe;
  readonly #watched = new WeakMap<Worker, Watched>();

  constructor(clock: Clock, condemn: (worker: Worker, why: string) => void, ask: typeof probe = probe) {
    this.#clock = clock;
    this.#condemn = condemn;
    this.#probe = ask;
  }

  /** Asks if it is time; resolves when the answer has been judged. */
  async look(worker: Worker): Promise<void> {
    const path = worker.spec.liveness.http;
    const [listener] = worker.listeners;
    if (path === null || listener === undefined || worker.state.name !== 'ready') return;
    const now = this.#clock.now();
    // The first question comes one interval after the start.
    const watched = this.#watched.get(worker) ?? { askedMs: now, failures: 0, asking: false };
    this.#watched.set(worker, watched);
    if (watched.asking || now - watched.askedMs < ASK_EVERY_MS) return;
    watched.asking = true;
    watched.askedMs = now;
    const healthy = await this.#probe(listener, path);
    watched.asking = false;
    watched.failures = healthy ? 0 : watched.failures + 1;
    if (watched.failures === FAILURES) this.#condemn(worker, `${path} failed ${FAILURES} times in a row`);
  }
}
