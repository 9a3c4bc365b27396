// Once a second a look at every worker and pool: who has grown too large or too old, and where more or fewer are needed.

import type { Vitals } from '@graylane/wire';

import type { Clock, Timer } from './clock.ts';
import { HttpLiveness } from './http-liveness.ts';
import { HEALTHY, judge, lifetimeOf } from './limits.ts';
import type { Health } from './limits.ts';
import type { Pool } from './pool/pool.ts';
import { scalingStep, STEADY } from './scaling.ts';
import type { ScalingState } from './scaling.ts';
import type { Worker } from './worker/worker.ts';

const LOOK_EVERY_MS = 1_000;

interface Watched { readonly lifetimeMs: number | null; health: Health; seen: Vitals | null; condemned: boolean }

export interface OverseerActions {
  replace(worker: Worker, why: string): void;
  /** Replaces it for its memory, after a last look into it where that is wanted. */
  replaceFat(worker: Worker, why: string): void;
  scale(pool: Pool, workers: number): void;
}

export class Overseer {
  readonly #clock: Clock;
  readonly #pools: () => readonly Pool[];
  readonly #actions: OverseerActions;
  readonly #http: HttpLiveness;
  readonly #watched = new WeakMap<Worker, Watched>();
  readonly #scaling = new WeakMap<Pool, ScalingState>();
  #timer: Timer | null = null;

  constructor(clock: Clock, pools: () => readonly Pool[], actions: OverseerActions) {
    this.#clock = clock;
    this.#pools = pools;
    this.#actions = actions;
    this.#http = new HttpLiveness(clock, (worker, why) => actions.replace(worker, why));
  }

  start(): void {
    this.#timer = this.#clock.after(LOOK_EVERY_MS, () => {
      this.look();
      this.start();
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  look(): void {
    for (const pool of this.#pools()) {
      if (pool.phase !== 'running') continue;
      for (const worker of pool.workers()) {
        this.#judge(worker);
        void this.#http.look(worker);
      }
      this.#fit(pool);
    }
  }

  #judge(worker: Worker): void {
    const { vitals } = worker;
    if (worker.state.name !== 'ready' || vitals === null) return;
    const watched = this.#watched.get(worker) ?? { lifetimeMs: lifetimeOf(worker.spec, this.#clock.random()), health: HEALTHY, seen: null, condemned: false };
    this.#watched.set(worker, watched);
    if (watched.seen === vitals || watched.condemned) return;
    watched.seen = vitals;
    watched.health = judge(worker.spec, vitals, this.#clock.wall() - worker.identity.startedWall, watched.lifetimeMs, watched.health);
    if (watched.health.verdict === null) return;
    watched.condemned = true;
    if (watched.health.over > 0) this.#actions.replaceFat(worker, watched.health.verdict);
    else this.#actions.replace(worker, watched.health.verdict);
  }

  #fit(pool: Pool): void {
    const { scaling, workers } = pool.spec;
    if (scaling === null) return;
    const vitals = pool.workers().flatMap((worker) => (worker.state.name === 'ready' && worker.vitals !== null ? [worker.vitals] : []));
    const step = scalingStep(scaling, workers, vitals, this.#scaling.get(pool) ?? STEADY);
    this.#scaling.set(pool, step.state);
    if (step.wanted !== workers) this.#actions.scale(pool, step.wanted);
  }
}
