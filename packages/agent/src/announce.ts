// Which marks a response gets, from the decision of this process or from what another agent told. It writes none.

import { routeField, timingField, type Hop, type Marks, type WorkerBrief } from '@graylane/wire';
import type { Published, Route, Strategy } from './strategy.ts';

export class Announcer {
  readonly #service: string;
  readonly #version: string;
  readonly #strategy: Strategy;

  constructor(brief: Pick<WorkerBrief, 'service' | 'version'>, strategy: Strategy) {
    this.#service = brief.service;
    this.#version = brief.version;
    this.#strategy = strategy;
  }

  /** For a request that this process decided and serves. Null: nothing has to be said. */
  own({ published, decision }: Route, secure: boolean): Marks | null {
    return this.#marks(published, { lane: decision.lane, generation: published.router.generation, mint: decision.mint, secure });
  }

  /** For a request that another agent decided. */
  forwarded(hop: Hop): Marks | null {
    const published = this.#strategy.current;
    if (published === null) return null;
    return this.#marks(published, { lane: hop.lane === '' ? null : hop.lane, generation: hop.generation, mint: hop.mint === '' ? null : hop.mint, secure: hop.encrypted });
  }

  #marks({ router }: Published, said: { readonly lane: string | null; readonly generation: number; readonly mint: string | null; readonly secure: boolean }): Marks | null {
    const { lane, generation, mint, secure } = said;
    const facts = lane === null ? null : router.lane(lane);
    // A lane of an older generation that is unknown by now is still not for everybody.
    const cache = facts?.cache ?? (lane === null ? 'off' : 'private');
    if (!router.exposeRoute && !router.serverTiming && mint === null && cache === 'off') return null;
    return {
      route: router.exposeRoute ? routeField(this.#service, this.#version, lane, generation) : null,
      timing: router.serverTiming ? timingField(this.#service, this.#version, lane, generation) : null,
      mint,
      cache,
      vary: facts?.vary ?? [],
      secure,
    };
  }
}
