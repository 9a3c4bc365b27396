// Which machines begin with a new strategy first, and when the others follow: one zone first, the rest if that is well after it.
// It must not know how machines are told.

import type { Cancel, Clock } from '../clock.ts';
import type { LiveNode } from './live.ts';

export interface FirstStage {
  /** `zone=a`: machines with this label begin first. */
  readonly label: readonly [name: string, value: string];
  readonly forMs: number;
}

export interface StagesOptions {
  readonly first: FirstStage | null;
  readonly clock: Clock;
  readonly nodes: () => readonly LiveNode[];
  /** Everybody may begin with it now. */
  readonly release: (generation: number) => void;
}

/** A first stage that is not well holds the others; a look a second finds out when it is. */
const LOOK_MS = 1_000;

export class Stages {
  readonly #options: StagesOptions;
  #pending: { readonly generation: number; cancel: Cancel; why: string } | null = null;

  constructor(options: StagesOptions) {
    this.#options = options;
  }

  isFirst(labels: Readonly<Record<string, string>>): boolean {
    const { first } = this.#options;
    return first !== null && Object.hasOwn(labels, first.label[0]) && labels[first.label[0]] === first.label[1];
  }

  /** Why the newest strategy is not everybody's yet, or null. */
  get held(): string | null {
    return this.#pending?.why ?? null;
  }

  /** True when only the first stage begins with it now. A newer one takes the place of one that is held; a way back is never held. */
  hold(generation: number, isUrgent: boolean): boolean {
    const { first, nodes, clock } = this.#options;
    this.stop();
    if (first === null || isUrgent || !nodes().some(({ labels }) => this.isFirst(labels))) return false;
    this.#pending = { generation, why: `${first.label.join('=')} goes first, for ${first.forMs / 1_000} s`, cancel: clock.after(first.forMs, () => this.#look()) };
    return true;
  }

  stop(): void {
    this.#pending?.cancel();
    this.#pending = null;
  }

  #look(): void {
    const { clock, release } = this.#options;
    if (this.#pending === null) return;
    const { generation } = this.#pending;
    const trouble = this.#trouble(generation);
    if (trouble !== null) {
      this.#pending = { generation, why: trouble, cancel: clock.after(LOOK_MS, () => this.#look()) };
      return;
    }
    this.#pending = null;
    release(generation);
  }

  /** A machine that has gone is judged by nobody; one that is there must have it and serve. */
  #trouble(generation: number): string | null {
    for (const node of this.#options.nodes()) {
      if (!this.isFirst(node.labels)) continue;
      const failed = node.pools.find(({ state }) => state === 'failed');
      if (failed !== undefined) return `held: ${failed.id} fails on ${node.name}`;
      if (node.workers.length > 0 && !node.workers.some(({ ready }) => ready)) return `held: no worker is ready on ${node.name}`;
      if (node.generation < generation) return `held: ${node.name} has not begun with it`;
    }
    return null;
  }
}
