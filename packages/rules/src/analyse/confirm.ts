// The router has the last word on every witness: a request counts only if it goes where the finding says.

import { CLAUSE, HEAD, RELEASE } from '../compile/layout.ts';
import { pack } from '../compile/pack.ts';
import type { Snapshot } from '../compile/snapshot.ts';
import { CompiledRouter } from '../route/router.ts';
import type { Box } from './box.ts';
import type { Witness } from './finding.ts';
import type { Model, Percentages } from './model.ts';
import { drawing, sketch } from './witness.ts';

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
  #random: () => number = drawing(0.5);
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
      this.#random = drawing(draw);
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
    const last = router.release(place, RELEASE.last);
    for (let rank = router.release(place, RELEASE.first); rank <= last; rank++) if (router.clauses.matches(rank)) return true;
    return false;
  }

  #load(): CompiledRouter {
    if (this.#router !== null) return this.#router;
    const router = new CompiledRouter(this.#snapshot(), { generation: 0, random: () => this.#random(), now: () => this.#at });
    this.#router = router;
    return router;
  }

  /** The snapshot under other percentages: all but a few words are the same. */
  #snapshot(): Snapshot {
    const packed = packedOnce(this.#model);
    if (this.#percentages.size === 0) return packed;
    const words = Int32Array.from(packed.words);
    this.#model.program.clauses.forEach((plan, rank) => {
      if (!this.#percentages.has(plan.release)) return;
      const release = this.#model.releases[plan.release];
      const clause = release?.clauses[plan.clause];
      if (release !== undefined && clause !== undefined) words[(words[HEAD.clauses] ?? 0) + rank * CLAUSE.size + CLAUSE.threshold] = this.#model.thresholdOf(release, clause, this.#percentages);
    });
    return { ...packed, words };
  }
}

/** Each step of each plan asks again. */
const packs = new WeakMap<Model, Snapshot>();

function packedOnce(model: Model): Snapshot {
  let packed = packs.get(model);
  if (packed === undefined) {
    const fresh = pack(model.program);
    packs.set(model, packed = { ...fresh, words: Int32Array.from(fresh.words) });
  }
  return packed;
}
