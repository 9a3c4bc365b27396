// A router as the guest of a supervisor: gets its strategies like a gateway process and sends what it has counted. It serves nothing.

import { join } from 'node:path';
import { GatewayWorker, Lanes, sumOf, type Plane, type ServiceCounts } from '@graylane/gateway';
import { WIRE_VERSION, type StrategyMessage } from '@graylane/wire';
import type { ModuleCounts } from './counts.ts';

export interface GuestOptions {
  readonly service: string;
  /** Of the project: sockets and last strategies. */
  readonly runFolder: string;
  readonly counts: ModuleCounts;
  /** Newer than all before. */
  readonly publish: (message: StrategyMessage) => void;
  /** What is in force. */
  readonly generation: () => number;
}

let guests = 0;

/** Tries for ever to be heard; returns what ends that. */
export async function becomeGuest(options: GuestOptions): Promise<() => void> {
  const { service, runFolder } = options;
  guests += 1;
  const worker = new GatewayWorker({
    wire: WIRE_VERSION, worker: `modules.${service}.${process.pid}.${guests}`, service, version: '', role: 'gateway',
    control: join(runFolder, 'control.sock'), sockets: runFolder, snapshot: join(runFolder, `strategy.${service}.json`),
    hold: false, listeners: [], undeclared: 'private',
  }, { pid: process.pid, node: process.version, random: Math.random, isGuest: true }, new ModulesPlane(options));
  await worker.start();
  return () => worker.close();
}

class ModulesPlane implements Plane {
  readonly lanes: Lanes = new Lanes(Date.now);
  readonly #options: GuestOptions;

  constructor(options: GuestOptions) {
    this.#options = options;
  }

  get generation(): number {
    return this.#options.generation();
  }

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  open(): Promise<void> {
    return Promise.resolve();
  }

  publish(message: StrategyMessage): void {
    if (message.staged !== true && message.generation > this.generation) this.#options.publish(message);
  }

  setPeers(): void {
    // The versions are in this process.
  }

  takeCounts(): readonly ServiceCounts[] {
    return [{ service: this.#options.service, ...this.#options.counts.take() }];
  }

  /** Handlers of this process are not waited for. */
  traffic(): ReturnType<Plane['traffic']> {
    return sumOf([]);
  }

  /** The app's own server ends its requests. */
  drain(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    // The app goes on under its last strategy.
  }
}
