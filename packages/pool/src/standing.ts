// How far each data plane is, beside what it has acknowledged: with which generation it begins requests, the oldest that its
// requests in flight carry, and which keys it has. Knows nothing of what a strategy says.

import type { AgentMessage } from '@graylane/wire';

import type { Hearer } from './hearer.ts';
import type { Waiters } from './until.ts';

interface Standing {
  /** New requests are decided by this one. */
  current: number;
  /** No request in flight carries an older one. */
  oldest: number;
  keys: number;
}

export class Standings {
  readonly #waiters: Waiters;
  readonly #known = new WeakMap<Hearer, Standing>();

  constructor(waiters: Waiters) {
    this.#waiters = waiters;
  }

  hear(worker: Hearer, message: AgentMessage): void {
    const standing = this.#of(worker);
    if (message.kind === 'in-flight') {
      standing.current = message.current;
      standing.oldest = message.oldest;
    } else if (message.kind === 'keys-ack') {
      standing.keys = Math.max(standing.keys, message.epoch);
    } else {
      return;
    }
    this.#waiters.poke();
  }

  /** Whether it begins requests with this generation, or a newer one. */
  hasBegun(worker: Hearer, generation: number): boolean {
    return this.#of(worker).current >= generation;
  }

  /** Resolves when nobody has a request in flight that carries an older generation, or after the bound. */
  async collected(workers: () => readonly Hearer[], generation: number, limitMs: number): Promise<void> {
    await this.#waiters.until(() => workers().every((worker) => !isHeard(worker) || this.#of(worker).oldest >= generation), limitMs);
  }

  /** Resolves with those that have the keys when all have them, or after the bound. */
  async keyed(workers: () => readonly Hearer[], epoch: number, limitMs: number): Promise<boolean> {
    const done = (): boolean => workers().every((worker) => !isHeard(worker) || this.#of(worker).keys >= epoch);
    await this.#waiters.until(done, limitMs);
    return done();
  }

  #of(worker: Hearer): Standing {
    const known = this.#known.get(worker);
    if (known !== undefined) return known;
    // One that has said nothing has begun nothing, and so carries nothing.
    const fresh: Standing = { current: 0, oldest: Infinity, keys: 0 };
    this.#known.set(worker, fresh);
    return fresh;
  }
}

/** Who is gone, or has lost its way here, is judged by its heartbeat and holds nobody up. */
function isHeard(worker: Hearer): boolean {
  return worker.connected && worker.state.name !== 'exited';
}
