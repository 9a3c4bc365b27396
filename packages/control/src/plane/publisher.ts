// Compiles what is in force and hands it to the data planes, in the order of generations. It must not know why it changed.

import { compile, loadRouter, parseStrategy } from '@graylane/rules';
import type { Router, Snapshot, StrategyDocument } from '@graylane/rules';
import type { Clock } from '../clock.ts';
import type { Effects, Published } from '../effects.ts';
import { notValid } from '../strategy/check.ts';

export interface Publication extends Published {
  readonly generation: number;
  readonly tookMs: number;
}

/** Checking and compiling what is in force, as a port: a large strategy must not hold up whoever answers requests. */
export type Compile = (effective: StrategyDocument) => Snapshot | Promise<Snapshot>;

export class Publisher {
  readonly #effects: Effects;
  readonly #clock: Clock;
  #generation = 0;
  #last: Publication = { generation: 0, acked: [], stale: [], tookMs: 0 };
  #snapshot: Snapshot | null = null;
  #router: Router | null = null;

  constructor(effects: Effects, clock: Clock) {
    this.#effects = effects;
    this.#clock = clock;
  }

  /** The newest publication, for status. */
  get last(): Publication {
    return this.#last;
  }

  /** The newest that was handed out. */
  get generation(): number {
    return this.#generation;
  }

  /** The router's own view of what is in force; null before the first publication. */
  router(random: () => number): Router | null {
    if (this.#snapshot !== null) this.#router ??= loadRouter(this.#snapshot, { generation: this.#generation, random, now: () => this.#clock.now() });
    return this.#router;
  }

  /** An older generation than the newest handed out is not sent any more. */
  async publish(snapshot: Snapshot, generation: number, isUrgent = false): Promise<Publication> {
    if (generation < this.#generation) return this.#last;
    this.#generation = generation;
    this.#snapshot = snapshot;
    this.#router = null;
    const begun = this.#clock.monotonic();
    const { acked, stale } = await this.#effects.publish(snapshot, generation, isUrgent);
    const publication: Publication = { generation, acked, stale, tookMs: this.#clock.monotonic() - begun };
    if (generation >= this.#last.generation) this.#last = publication;
    return publication;
  }
}

/** The snapshot of a document that is in force or about to be, at once. Throws GL3001. */
export function snapshotOf(effective: StrategyDocument): Snapshot {
  const parsed = parseStrategy(effective);
  if (!parsed.ok) throw notValid(parsed.errors);
  return compile(parsed.strategy);
}
