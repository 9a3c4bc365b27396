// Which public place a listen() of the app means: by its port, else by the order of opening.
// Pure bookkeeping; it opens nothing and knows no server.

import type { ListenerPlan } from '@graylane/wire';

/** What an app asked for. Null: not a TCP port at all (a Unix path, a handle, an inherited descriptor). */
export interface Wish {
  readonly port: number;
  readonly host: string | null;
}

export type Place =
  /** A Unix path, a handle or port 0: the app's own affair. */
  | { readonly kind: 'own' }
  | { readonly kind: 'planned'; readonly index: number; readonly plan: ListenerPlan }
  /** A second server on a port that is open already, for another address (Fastify opens one for each address of localhost). */
  | { readonly kind: 'twin'; readonly of: number }
  /** A port that nobody declared; `index` is free. */
  | { readonly kind: 'undeclared'; readonly index: number; readonly wish: Wish }
  /** By its port this listen() means a place that the order gave to another one. */
  | { readonly kind: 'mismatch'; readonly index: number; readonly earlier: Wish; readonly wish: Wish };

interface Taken {
  readonly wish: Wish;
  readonly by: 'port' | 'order' | 'nobody';
}

/** A worker opens few servers; one that opens more than this leaks them, and the rest stay its own affair. */
const PLACES_LIMIT = 64;

export class Places {
  readonly #plans: readonly ListenerPlan[];
  readonly #taken = new Map<number, Taken>();

  constructor(plans: readonly ListenerPlan[]) {
    this.#plans = plans;
  }

  /** Claims a place for a listen(); {@link release} gives it back. */
  take(wish: Wish | null): Place {
    if (wish === null || wish.port === 0) return { kind: 'own' };
    const planned = this.#plans.find((plan) => plan.port === wish.port);
    if (planned !== undefined) return this.#takePlanned(planned, wish);
    for (const [index, taken] of this.#taken) {
      if (taken.wish.port === wish.port) return { kind: 'twin', of: index };
    }
    const next = this.#plans.find((plan) => !this.#taken.has(plan.index));
    if (next !== undefined) return this.#claim(next, wish, 'order');
    if (this.#taken.size >= PLACES_LIMIT) return { kind: 'own' };
    const index = this.#free();
    this.#taken.set(index, { wish, by: 'nobody' });
    return { kind: 'undeclared', index, wish };
  }

  release(index: number): void {
    this.#taken.delete(index);
  }

  /** True when a listen() for `port` would be one of the declared ones. */
  declares(port: number): boolean {
    return this.#plans.some((plan) => plan.port === port);
  }

  #takePlanned(plan: ListenerPlan, wish: Wish): Place {
    const taken = this.#taken.get(plan.index);
    if (taken === undefined) return this.#claim(plan, wish, 'port');
    // Taken by order, the port shown to the app was this one: a second address of it is a twin, anything else another place.
    const twin = taken.by === 'port' || (wish.host !== null && taken.wish.host !== null && wish.host !== taken.wish.host);
    return twin ? { kind: 'twin', of: plan.index } : { kind: 'mismatch', index: plan.index, earlier: taken.wish, wish };
  }

  #claim(plan: ListenerPlan, wish: Wish, by: 'port' | 'order'): Place {
    this.#taken.set(plan.index, { wish, by });
    return { kind: 'planned', index: plan.index, plan };
  }

  #free(): number {
    let index = 0;
    while (this.#taken.has(index) || this.#plans.some((plan) => plan.index === index)) index += 1;
    return index;
  }
}
