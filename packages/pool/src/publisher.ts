// Strategies on their way to the workers: the newest for each service, on disk for those that start without a supervisor,
// and who has acknowledged which. Knows nothing of what a strategy says.

import type { StrategyMessage } from '@graylane/wire';

import { readIfThere, replaceFile } from './atomic-file.ts';
import { encode } from './control/link.ts';
import type { Encoded } from './control/link.ts';
import type { RunPaths } from './paths.ts';
import type { Waiters } from './until.ts';
import type { Worker } from './worker/worker.ts';

export interface Published {
  /** Workers that route by it now. */
  readonly acked: string[];
  /** Workers that had not said so by the deadline; they get it when they connect again. */
  readonly stale: string[];
}

interface Current { readonly generation: number; readonly bytes: Encoded; readonly text: string }

export class Publisher {
  readonly #paths: RunPaths;
  readonly #current = new Map<string, Current>();
  /** What was published for all services; it holds for those that turn up later. */
  #forAll: Current | null = null;
  readonly #waiters: Waiters;

  constructor(paths: RunPaths, waiters: Waiters) {
    this.#paths = paths;
    this.#waiters = waiters;
  }

  /** Makes sure that the snapshot file of a service is there before its first worker starts. */
  prepare(service: string): void {
    if (this.#current.has(service)) return;
    if (this.#forAll !== null) this.#store(service, this.#forAll);
    else this.#load(service);
  }

  /** The newest strategy to a worker that has just connected, unless it has it. */
  greet(worker: Worker): void {
    const current = this.#current.get(worker.spec.service);
    if (current !== undefined && worker.ackedGeneration < current.generation) worker.sendEncoded(current.bytes);
  }

  /** `services` null: all that are known, and all to come. */
  async publish(services: readonly string[], forAll: boolean, message: StrategyMessage, workers: readonly Worker[], deadlineMs: number): Promise<Published> {
    const current: Current = { generation: message.generation, bytes: encode(message), text: JSON.stringify(message) };
    if (forAll) this.#forAll = current;
    for (const service of services) this.#store(service, current);
    for (const worker of workers) worker.sendEncoded(current.bytes);
    // Whoever connects meanwhile is greeted with it and counts like the others.
    await this.#waiters.until(() => workers.every((worker) => !worker.connected || worker.ackedGeneration >= message.generation), deadlineMs);
    const acked = workers.filter((worker) => worker.ackedGeneration >= message.generation);
    const stale = workers.filter((worker) => !acked.includes(worker) && worker.state.name !== 'exited');
    return { acked: acked.map((worker) => worker.id), stale: stale.map((worker) => worker.id) };
  }

  #store(service: string, current: Current): void {
    this.#current.set(service, current);
    replaceFile(this.#paths.snapshot(service), current.text, 0o644);
  }

  /** After a restart of the supervisor: what was published last goes on until something newer is. */
  #load(service: string): void {
    const text = readIfThere(this.#paths.snapshot(service));
    if (text === null) return;
    const message: unknown = JSON.parse(text);
    if (typeof message !== 'object' || message === null || !('generation' in message) || typeof message.generation !== 'number') return;
    this.#current.set(service, { generation: message.generation, bytes: encode(message as StrategyMessage), text });
  }
}
