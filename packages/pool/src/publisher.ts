// Strategies on their way to the workers: the newest for each service, on disk for those that start without a supervisor,
// and who has acknowledged which. Knows nothing of what a strategy says.

import { GENERATIONS_KEPT } from '@graylane/wire';
import type { StrategyMessage } from '@graylane/wire';

import { readIfThere, replaceFile } from './atomic-file.ts';
import { encode } from './control/link.ts';
import type { Encoded } from './control/link.ts';
import type { Hearer } from './hearer.ts';
import type { RunPaths } from './paths.ts';
import type { Standings } from './standing.ts';
import type { Waiters } from './until.ts';

export interface Published {
  /** Workers that route by it now. */
  readonly acked: string[];
  /** Workers that had not said so by the deadline; they get it when they connect again. */
  readonly stale: string[];
}

/**
 * In two phases everybody has a strategy before anybody begins requests with it, so that a chain of services agrees on each
 * request; `keep`: how many generations data planes keep for requests that carry them.
 */
export type Phases = 'one' | {
  readonly keep: number;
  /** A way back: it waits neither for the publication before nor for requests that carry an old generation. */
  readonly isUrgent?: boolean;
};

interface Current { readonly generation: number; readonly bytes: Encoded; readonly text: string }
interface Kept { readonly generation: number; readonly bytes: Encoded }

/**
 * A data plane keeps the last few generations. Before the oldest of them goes, requests that carry it have this long to end;
 * a stream that stays for hours must not hold up a rollback.
 */
const PACE_LIMIT_MS = 1_000;
/** Of the deadline of a publication: whoever has not even got the strategy by then will not begin with it in the rest. */
const STAGE_SHARE = 0.6;

export class Publisher {
  readonly #paths: RunPaths;
  readonly #current = new Map<string, Current>();
  /** What was published for all services; it holds for those that turn up later. */
  #forAll: Current | null = null;
  /** In two phases: all that requests may still carry, and what is about to begin, as staged messages. */
  #kept: readonly Kept[] = [];
  /** As many as the newest strategy wants kept. */
  #limit: number = GENERATIONS_KEPT;
  readonly #waiters: Waiters;
  readonly #standings: Standings;
  readonly #workers: () => readonly Hearer[];
  #turn: Promise<unknown> = Promise.resolve();

  constructor(paths: RunPaths, waiters: Waiters, standings: Standings, workers: () => readonly Hearer[]) {
    this.#paths = paths;
    this.#waiters = waiters;
    this.#standings = standings;
    this.#workers = workers;
  }

  /** Makes sure that the snapshot file of a service is there before its first worker starts. */
  prepare(service: string): void {
    if (this.#current.has(service)) return;
    if (this.#forAll !== null) this.#store(service, this.#forAll);
    else this.#load(service);
  }

  /** To a worker that has just connected: what its requests may be stamped with, and the newest strategy, unless it has it. */
  greet(worker: Hearer): void {
    const current = this.#current.get(worker.spec.service) ?? this.#forAll ?? undefined;
    for (const kept of this.#kept) if (kept.generation !== worker.ackedGeneration) worker.sendEncoded(kept.bytes);
    if (current !== undefined && worker.ackedGeneration < current.generation) worker.sendEncoded(current.bytes);
    if (current !== undefined && this.#kept.length > 0) worker.send({ kind: 'begin', generation: current.generation });
  }

  /** A worker has met a generation that it does not know. */
  fetch(worker: Hearer, generation: number): void {
    const kept = this.#kept.find((one) => one.generation === generation);
    if (kept !== undefined) worker.sendEncoded(kept.bytes);
  }

  /** `services`: all that are known, and with `forAll` all to come. In two phases one publication waits for the one before. */
  publish(services: readonly string[], forAll: boolean, message: StrategyMessage, deadlineMs: number, phases: Phases): Promise<Published> {
    if (phases === 'one') return this.#inOne(services, forAll, message, deadlineMs);
    if (phases.isUrgent === true) return this.#inTwo(services, forAll, message, deadlineMs, phases.keep);
    const turn = this.#turn.then(async () => {
      await this.#standings.collected(this.#workers, message.generation - phases.keep + 1, PACE_LIMIT_MS);
      return this.#inTwo(services, forAll, message, deadlineMs, phases.keep);
    });
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** Everybody has it and nobody begins with it: the first phase alone, where other machines take part. */
  async stage(message: StrategyMessage, deadlineMs: number): Promise<void> {
    const { generation } = message;
    const staged = encode({ ...message, staged: true });
    this.#keep(generation, staged);
    for (const worker of this.#workers()) worker.sendEncoded(staged);
    await this.#waiters.until(() => this.#workers().every((worker) => !worker.connected || worker.ackedGeneration >= generation), deadlineMs);
  }

  async #inOne(services: readonly string[], forAll: boolean, message: StrategyMessage, deadlineMs: number): Promise<Published> {
    const current = currentOf(message);
    this.#kept = [];
    this.#take(services, forAll, current);
    const workers = this.#of(services, forAll);
    for (const worker of workers) worker.sendEncoded(current.bytes);
    // Whoever connects meanwhile is greeted with it and counts like the others.
    await this.#waiters.until(() => workers.every((worker) => !worker.connected || worker.ackedGeneration >= message.generation), deadlineMs);
    return outcome(workers, (worker) => worker.ackedGeneration >= message.generation);
  }

  /** Both phases together take no longer than the deadline. */
  async #inTwo(services: readonly string[], forAll: boolean, message: StrategyMessage, deadlineMs: number, keep: number): Promise<Published> {
    const { generation } = message;
    const staged = encode({ ...message, staged: true });
    this.#limit = keep;
    this.#keep(generation, staged);
    for (const worker of this.#of(services, forAll)) worker.sendEncoded(staged);
    const has = (worker: Hearer): boolean => worker.ackedGeneration >= generation;
    const stageMs = deadlineMs * STAGE_SHARE;
    const leftMs = await this.#waiters.until(() => this.#of(services, forAll).every((worker) => !worker.connected || has(worker)), stageMs);
    // From here on a worker that starts begins with it; unless a way back has overtaken it.
    if (generation >= (this.#forAll?.generation ?? 0)) this.#take(services, forAll, currentOf(message));
    const workers = this.#of(services, forAll);
    const begin = encode({ kind: 'begin', generation });
    for (const worker of workers) worker.sendEncoded(begin);
    const begun = (worker: Hearer): boolean => this.#standings.hasBegun(worker, generation);
    // Who is late for the first phase is late; the others are not kept waiting for it once more.
    await this.#waiters.until(() => workers.every((worker) => !worker.connected || !has(worker) || begun(worker)), deadlineMs - stageMs + leftMs);
    return outcome(workers, begun);
  }

  #keep(generation: number, bytes: Encoded): void {
    this.#kept = [...this.#kept.filter((one) => one.generation > generation - this.#limit && one.generation !== generation), { generation, bytes }];
  }

  #of(services: readonly string[], forAll: boolean): readonly Hearer[] {
    return forAll ? this.#workers() : this.#workers().filter((worker) => services.includes(worker.spec.service));
  }

  #take(services: readonly string[], forAll: boolean, current: Current): void {
    if (forAll) this.#forAll = current;
    for (const service of services) this.#store(service, current);
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

function currentOf(message: StrategyMessage): Current {
  return { generation: message.generation, bytes: encode(message), text: JSON.stringify(message) };
}

function outcome(workers: readonly Hearer[], done: (worker: Hearer) => boolean): Published {
  const acked = workers.filter(done);
  const stale = workers.filter((worker) => !acked.includes(worker) && worker.state.name !== 'exited');
  return { acked: acked.map((worker) => worker.id), stale: stale.map((worker) => worker.id) };
}
