// Everything that looks at running workers from time to time, and what follows from it.

import type { Clock } from './clock.ts';
import { StartFailure } from './failure.ts';
import { Heartbeat } from './heartbeat.ts';
import { lastSnapshot } from './last-snapshot.ts';
import { LogKeeper } from './logs/keeper.ts';
import type { RotationPlan } from './logs/rotate.ts';
import { Overseer } from './overseer.ts';
import type { RunPaths } from './paths.ts';
import type { Pool } from './pool/pool.ts';
import type { Worker } from './worker/worker.ts';

export interface WatchOptions {
  readonly clock: Clock;
  readonly paths: RunPaths;
  readonly rotation: RotationPlan;
  readonly pools: () => readonly Pool[];
  readonly workers: () => readonly Worker[];
  readonly warn: (subject: string, text: string) => void;
}

export class Watch {
  readonly #options: WatchOptions;
  readonly #heartbeat: Heartbeat;
  readonly #overseer: Overseer;
  readonly #logs: LogKeeper;

  constructor(options: WatchOptions) {
    const { clock, paths, rotation, pools, workers, warn } = options;
    this.#options = options;
    this.#heartbeat = new Heartbeat(clock, workers, (worker, why) => this.#replace(worker, why));
    this.#overseer = new Overseer(clock, pools, {
      replace: (worker, why) => this.#replace(worker, why),
      replaceFat: (worker, why) => void this.#lookOnce(worker).then(() => this.#replace(worker, why)),
      scale: (pool, count) => this.#report(pool.id, `scaling to ${count} workers`, pool.scale(count)),
    });
    this.#logs = new LogKeeper(paths.logs, rotation, clock, (id) => workers().some((worker) => worker.id === id), (text) => warn('logs', text));
  }

  start(): void {
    for (const part of [this.#heartbeat, this.#overseer, this.#logs]) part.start();
  }

  stop(): void {
    for (const part of [this.#heartbeat, this.#overseer, this.#logs]) part.stop();
  }

  #replace(worker: Worker, why: string): void {
    const pool = this.#options.pools().find((one) => one.workers().includes(worker));
    if (pool !== undefined) this.#report(worker.id, `replacing it (${why})`, pool.replace(worker, why));
  }

  async #lookOnce(worker: Worker): Promise<void> {
    if (!worker.spec.memory.snapshot) return;
    try {
      const file = await lastSnapshot(this.#options.paths.heaps, { id: worker.id, pid: worker.process.pid, logFile: worker.identity.logFile });
      this.#options.warn(worker.id, `it is over its memory limit; its heap snapshot is ${file}`);
    } catch (error) {
      this.#options.warn(worker.id, `it is over its memory limit, and gave no heap snapshot: ${StartFailure.from(error).message}`);
    }
  }

  /** Work that nobody waits for; its failure is told. */
  #report(subject: string, what: string, work: Promise<unknown>): void {
    work.catch((error: unknown) => this.#options.warn(subject, `${what} failed: ${StartFailure.from(error).message}`));
  }
}
