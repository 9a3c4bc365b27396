// Compiles what is in force and hands it to the data planes, in the order of generations. It must not know why it changed.

import { compile, loadRouter, parseStrategy } from '@graylane/rules';
import type { Router, Snapshot, Strategy, StrategyDocument } from '@graylane/rules';
import type { Clock } from '../clock.ts';
import type { Effects, Published } from '../effects.ts';
import { ControlError } from '../problem.ts';
import { strategyErrors } from '../strategy/check.ts';

export interface Publication extends Published {
  readonly generation: number;
  readonly tookMs: number;
}

/** Compiling, as a port: a large strategy must not hold up whoever answers requests. */
export type Compile = (strategy: Strategy) => Snapshot | Promise<Snapshot>;

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

/** The snapshot of a document that is in force or about to be. Throws GL3001. */
export function snapshotOf(effective: StrategyDocument): Snapshot {
  return compile(strategyOf(effective));
}

/** The same, where compiling may take place elsewhere. */
export async function snapshotBy(compileElsewhere: Compile, effective: StrategyDocument): Promise<Snapshot> {
  return compileElsewhere(strategyOf(effective));
}

function strategyOf(effective: StrategyDocument): Strategy {
  const parsed = parseStrategy(effective);
  if (!parsed.ok) throw new ControlError('GL3001', { detail: 'the strategy is not valid', errors: strategyErrors(parsed.errors) });
  return parsed.strategy;
}
