// How one request of a strategy with several services passes the gateway: by which strategy it is routed, in which lane, and
// with which stamp it goes on. It picks no version.

import type { Decision, RequestFields, Router } from '@graylane/rules';
import { mergeBaggage, parseBaggage, Passages, writeTags, type Generations, type Stamp, type Stamps, type Trust } from '@graylane/wire';
import { valuesOf } from '@graylane/forward';
import type { Tally } from './tally.ts';

/** One strategy as the gateway keeps it. */
export interface Kept {
  readonly router: Router;
  /** Releases whose arms are counted; null without any. */
  readonly drawn: ReadonlySet<string> | null;
  /** Null where the strategy has this service only. */
  readonly trust: Trust | null;
}

export type Passing =
  | { readonly kind: 'routed'; readonly kept: Kept; readonly decision: Decision; readonly stamp: Stamp | null }
  /** To be asked again when this generation is here. */
  | { readonly kind: 'missing'; readonly generation: number };

export class Passings {
  readonly #stamps: Stamps;
  readonly #tally: Tally;
  readonly #generations: Generations<Kept>;
  readonly #passages: Passages<Kept>;

  constructor(stamps: Stamps, tally: Tally, generations: Generations<Kept>) {
    this.#stamps = stamps;
    this.#tally = tally;
    this.#generations = generations;
    this.#passages = new Passages(stamps, generations, (lane, note, generation) => tally.add(lane, note, generation));
  }

  of(current: Kept, trust: Trust, request: RequestFields, patient: boolean): Passing {
    let passage = this.#passages.of(valuesOf(request.rawHeaders, 'baggage'), trust);
    if (passage.kind === 'unknown') {
      if (patient) return { kind: 'missing', generation: passage.generation };
      passage = this.#passages.without(passage.stamp);
    }
    if (passage.kind === 'hop') {
      const { kept, stamp } = passage;
      return { kind: 'routed', kept, decision: kept.router.follow(stamp.lane), stamp };
    }
    const decision = current.router.decide(request);
    return { kind: 'routed', kept: current, decision, stamp: this.#stampOf(current, decision, request) };
  }

  /**
   * The header line that the request goes on with, '' for none. The request's own lines move into it, behind the stamp: who
   * reads no more members than the standard asks for still finds it.
   */
  line(stamp: Stamp | null, rawHeaders: string[]): string {
    const text = stamp === null ? null : this.#stamps.write(stamp);
    if (text === null) return '';
    const given = valuesOf(rawHeaders, 'baggage');
    if (given === '') return `baggage: ${text}\r\n`;
    for (let i = rawHeaders.length - 2; i >= 0; i -= 2) if (rawHeaders[i]?.toLowerCase() === 'baggage') rawHeaders.splice(i, 2);
    return `baggage: ${mergeBaggage(text, parseBaggage(given).rest).value}\r\n`;
  }

  #stampOf({ router }: Kept, decision: Decision, request: RequestFields): Stamp {
    const tags = writeTags(router.tags(request));
    if (tags.dropped > 0) this.#tally.add(decision.lane, 'tags-dropped', this.#generations.newest);
    if (!this.#stamps.ready) this.#tally.add(decision.lane, 'no-key', this.#generations.newest);
    return { lane: decision.lane ?? '', generation: router.generation, tags: tags.text };
  }
}
