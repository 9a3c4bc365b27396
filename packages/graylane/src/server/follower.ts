// What a data plane is told by a server about strategies: taken in order, staged, begun, kept on disk; and what it counts in return.
// It must not know what runs on the machine.

import { randomUUID } from 'node:crypto';
import { NodeLink, systemClock, withDelta, type CountEntry, type NodeCredentials, type NodeMessage, type NodeReport, type ServerMessage } from '@graylane/control';
import type { Endpoint, ServerKeys } from '@graylane/control';
import type { Fleet, FleetEvent } from '@graylane/pool';
import type { Snapshot } from '@graylane/rules';
import { readOrders, writeOrders, type Orders } from './last-orders.ts';

/** Whom a machine follows, and as whom. */
export interface Following {
  readonly servers: readonly string[];
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly credentials: () => NodeCredentials;
}

export interface FollowerOptions extends Following {
  readonly fleet: Fleet;
  readonly ordersFile: string;
  /** Where other machines reach this one, or null. */
  readonly forward: Endpoint | null;
  readonly publish: (snapshot: Snapshot, generation: number) => Promise<unknown>;
  /** New requests are decided by a newer strategy. */
  readonly onBegun: () => void;
  /** What is not about strategies or keys. */
  readonly onOrder: (message: ServerMessage) => void;
  readonly say: (line: string) => void;
}

/** Counts go out so often; a server that is slow gets them later, and whole. */
const COUNTS_EVERY_MS = 2_000;
/** Generations that requests may still carry, as data planes keep them. */
const HELD = 8;
const KEYS_LIMIT_MS = 1_000;
const STAGE_LIMIT_MS = 100;
/** Clocks that differ by less are alike to seals. */
const CLOCK_STEP_MS = 5_000;

export class Follower {
  readonly #options: FollowerOptions;
  readonly #link: NodeLink;
  readonly #held = new Map<number, Snapshot>();
  #orders: Orders;
  #keys: ServerKeys | null = null;
  /** How far the fleet's clock is ahead of this machine's. */
  #aheadMs = 0;
  #counts: CountEntry[] = [];
  #cancelCounts: () => void = () => undefined;
  #turn: Promise<void> = Promise.resolve();

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#orders = readOrders(options.ordersFile);
    const { servers, name, labels, forward, credentials } = options;
    this.#link = new NodeLink({
      servers, name, labels, forward, credentials,
      boot: randomUUID(), clock: systemClock, random: Math.random, generation: () => this.#orders.generation,
      onMessage: (message) => this.#told(message), onState: (server, why) => this.#linkState(server, why), onTime: (at) => this.#hearTime(at),
    });
  }

  get generation(): number {
    return this.#orders.generation;
  }

  get orders(): Orders {
    return this.#orders;
  }

  /** Puts the last orders in force, before anybody is asked. */
  async resume(): Promise<void> {
    const { snapshot, generation } = this.#orders;
    if (snapshot === null) return;
    this.#hold(generation, snapshot);
    await this.#options.publish(snapshot, generation);
  }

  start(): void {
    this.#countLater();
    this.#link.start();
  }

  stop(): void {
    this.#cancelCounts();
    this.#sendCounts();
    this.#link.stop();
  }

  /** Keeps what was counted; true when the event was that. */
  counted(event: FleetEvent): boolean {
    if (event.kind !== 'agent' || event.message.kind !== 'counts') return false;
    // The process is part of who counts: a worker's number comes again when a machine is set up anew.
    this.#counts.push({ worker: `${event.worker.id}@${event.worker.pid}`, service: event.message.service ?? event.worker.service, message: event.message });
    return true;
  }

  report(report: NodeReport): void {
    this.#link.report(report);
  }

  send(message: NodeMessage): void {
    this.#link.send(message);
  }

  /** What a restart begins with. */
  keep(part: Partial<Orders>): void {
    this.#orders = { ...this.#orders, ...part };
    try {
      writeOrders(this.#options.ordersFile, this.#orders);
    } catch (error) {
      this.#options.say(`! the last orders cannot be kept for a restart: ${messageOf(error)}`);
    }
  }

  #told(message: ServerMessage): void {
    switch (message.kind) {
      case 'strategy':
        this.#stage(message.generation, message.snapshot);
        break;
      case 'delta': {
        const base = this.#held.get(message.from);
        const snapshot = base === undefined ? null : withDelta(base, message.delta);
        if (snapshot === null) this.#link.send({ kind: 'lost', generation: message.generation });
        else this.#stage(message.generation, snapshot);
        break;
      }
      case 'begin':
        this.#inTurn(() => this.#begin(message.generation));
        break;
      case 'keys':
        this.#keys = message;
        this.#handKeys(message);
        break;
      case 'pools': case 'endpoints': case 'welcome': case 'refused': case 'counted': case 'ping':
        this.#options.onOrder(message);
        break;
    }
  }

  #handKeys({ keys, digest }: ServerKeys): void {
    void this.#options.fleet.setKeys({ ...keys, ring: { ...keys.ring, aheadMs: this.#aheadMs } }, KEYS_LIMIT_MS).then((everybody) => {
      if (everybody) this.#link.send({ kind: 'keyed', digest });
    });
  }

  /** Seals end by the fleet's clock: one that was made on another machine holds here for as long as it says, whatever time it is here. */
  #hearTime(at: number): void {
    const ahead = at - Date.now();
    if (Math.abs(ahead - this.#aheadMs) < CLOCK_STEP_MS) return;
    this.#aheadMs = Math.abs(ahead) < CLOCK_STEP_MS ? 0 : ahead;
    const seconds = Math.round(Math.abs(ahead) / 1_000);
    this.#options.say(this.#aheadMs === 0 ? 'this machine\'s clock is the fleet\'s' : `! this machine's clock is ${seconds} s ${ahead > 0 ? 'behind' : 'ahead of'} the fleet's; lanes go by the fleet's`);
    if (this.#keys !== null) this.#handKeys(this.#keys);
  }

  /** Workers have it before the server hears that this machine does. */
  #stage(generation: number, snapshot: Snapshot): void {
    this.#hold(generation, snapshot);
    this.#inTurn(async () => {
      await this.#options.fleet.stage({ kind: 'strategy', generation, snapshot, staged: true }, STAGE_LIMIT_MS);
      this.#link.send({ kind: 'ack', generation });
    });
  }

  #hold(generation: number, snapshot: Snapshot): void {
    this.#held.set(generation, snapshot);
    for (const old of [...this.#held.keys()].sort((a, b) => a - b).slice(0, -HELD)) this.#held.delete(old);
  }

  async #begin(generation: number): Promise<void> {
    const snapshot = this.#held.get(generation);
    // A generation never goes back, whatever a server that was restored says.
    if (snapshot !== undefined && generation > this.#orders.generation) {
      await this.#options.publish(snapshot, generation);
      this.keep({ generation, snapshot });
      this.#options.onBegun();
    }
    if (generation <= this.#orders.generation) this.#link.send({ kind: 'begun', generation });
  }

  /** Strategies one after the other, in the order in which they came. */
  #inTurn(body: () => Promise<void>): void {
    this.#turn = this.#turn.then(body).catch((error: unknown) => this.#options.say(`! strategy: ${messageOf(error)}`));
  }

  #countLater(): void {
    this.#cancelCounts = systemClock.after(COUNTS_EVERY_MS, () => {
      this.#sendCounts();
      this.#countLater();
    });
  }

  #sendCounts(): void {
    const entries = this.#counts;
    this.#counts = [];
    this.#link.counts(entries);
  }

  #linkState(server: string, why: string | null): void {
    const { name, say } = this.#options;
    if (why === null) say(`joined ${server} as ${name}`);
    else say(`! ${server}: ${why}${this.#orders.generation > 0 ? `; going on under generation ${this.#orders.generation}` : ''}`);
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
