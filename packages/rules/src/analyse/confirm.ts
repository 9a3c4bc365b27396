// The router has the last word on every witness: a request counts only if it goes where the finding says.

import type { ClausePlan, Snapshot } from '../compile/snapshot.ts';
import { CompiledRouter } from '../route/router.ts';
import type { Box } from './box.ts';
import type { Witness } from './finding.ts';
import type { Model, Percentages } from './model.ts';
import { sketch } from './witness.ts';

export interface Claim {
  /** Where the request has to go; undefined leaves it open. */
  readonly lane?: readonly (string | null)[];
  /** Where it must not go. */
  readonly not?: string;
  /** Places of releases that the request has to match, percentages aside. */
  readonly matches?: readonly number[];
}

export class Confirmer {
  readonly #model: Model;
  readonly #percentages: Percentages;
  #router: CompiledRouter | null = null;
  #ranks: readonly (readonly number[])[] = [];
  #draw = 0.5;
  #at = 0;

  constructor(model: Model, percentages: Percentages) {
    this.#model = model;
    this.#percentages = percentages;
  }

  /** A request in `box` that the router confirms, or null. */
  witness(box: Box, claim: Claim): Witness | null {
    const drawn = sketch(this.#model, box);
    if (drawn === null) return null;
    const router = this.#load();
    this.#at = drawn.at ?? 0;
    for (const draw of drawn.draws) {
      this.#draw = draw;
      const { lane } = router.decide(drawn.request);
      if (claim.lane !== undefined && !claim.lane.includes(lane)) continue;
      if (claim.not !== undefined && lane === claim.not) continue;
      if (claim.matches?.every((place) => this.#matches(router, place)) === false) continue;
      const { method, target, rawHeaders } = drawn.request;
      const headers = rawHeaders.flatMap((name, i): [string, string][] => (i % 2 === 0 ? [[name, rawHeaders[i + 1] ?? '']] : []));
      return { method, target, headers, lane, ...(drawn.at === null ? {} : { at: new Date(drawn.at).toISOString() }) };
    }
    return null;
  }

  #matches(router: CompiledRouter, place: number): boolean {
    return this.#ranks[place]?.some((rank) => router.clauses.matches(rank)) === true;
  }

  #load(): CompiledRouter {
    if (this.#router !== null) return this.#router;
    const router = new CompiledRouter(this.#snapshot(), { generation: 0, random: () => this.#draw, now: () => this.#at });
    const ranks: number[][] = this.#model.releases.map(() => []);
    router.clauses.all.forEach(({ release }, rank) => ranks[release]?.push(rank));
    this.#ranks = ranks;
    this.#router = router;
    return router;
  }

  /** The snapshot under other percentages. */
  #snapshot(): Snapshot {
    if (this.#percentages.size === 0) return this.#model.snapshot;
    const clauses = this.#model.snapshot.clauses.map((plan): ClausePlan => {
      const release = this.#model.releases[plan.release];
      const clause = release?.clauses[plan.clause];
      return release === undefined || clause === undefined || !this.#percentages.has(plan.release) ? plan : { ...plan, threshold: this.#model.thresholdOf(release, clause, this.#percentages) };
    });
    return { ...this.#model.snapshot, clauses };
  }
}
