// What an incoming request's stamp means here: whether this is its entry or a later hop, by which generation it is routed,
// and what is said on its way further. Pure; shared by agents and gateways.

import { isForeign, parseBaggage } from './baggage.ts';
import type { Generations } from './generations.ts';
import type { Note } from './notes.ts';
import { type Stamp, type Stamps } from './stamp.ts';

/** Who may have put a stamp on: an edge believes nobody. */
export type Trust = 'edge' | 'internal';

export type Passage<Kept> =
  /** Select here. `baggage` is what is left of the header for whoever reads it next, or null when it stays as it came. */
  | { readonly kind: 'entry'; readonly baggage: string | null }
  /** Selected before: `kept` is what it is routed by. `stamp` goes on with the request. */
  | { readonly kind: 'hop'; readonly kept: Kept; readonly stamp: Stamp }
  /** Selected before, by a generation that has not arrived here. */
  | { readonly kind: 'unknown'; readonly generation: number; readonly stamp: Stamp };

/** One note about a request; null lane is stable or not known. */
export type Remark = (lane: string | null, note: Note, generation: number) => void;

const UNSTAMPED: Passage<never> = { kind: 'entry', baggage: null };

export class Passages<Kept> {
  readonly #stamps: Stamps;
  readonly #generations: Generations<Kept>;
  readonly #remark: Remark;

  constructor(stamps: Stamps, generations: Generations<Kept>, remark: Remark) {
    this.#stamps = stamps;
    this.#generations = generations;
    this.#remark = remark;
  }

  /** `baggage` is all lines of that header joined with `,`; '' for none. */
  of(baggage: string, trust: Trust): Passage<Kept> {
    if (baggage === '' || isForeign(baggage)) return UNSTAMPED;
    const parsed = parseBaggage(baggage);
    const rest = (): Passage<Kept> => ({ kind: 'entry', baggage: parsed.rest.join(',') });
    if (parsed.own.size === 0 && !parsed.cut) return UNSTAMPED;
    if (trust === 'edge') return this.#noted('stamp-foreign', rest());
    const opened = this.#stamps.open(parsed);
    switch (opened.kind) {
      case 'none': return parsed.cut ? rest() : UNSTAMPED;
      case 'refused': return this.#noted(`stamp-${opened.reason}`, rest());
      case 'valid': return this.#hop(opened.stamp);
    }
  }

  /** For a hop that has waited for its generation in vain, or has no time to wait. */
  without(stamp: Stamp): Passage<Kept> {
    return this.#fallBack(stamp, 'generation-late');
  }

  /**
   * What a message goes on with: the strategy that it was published under is often no longer kept when it is taken out. It is
   * settled here, once, so that all that it causes agrees.
   */
  consumed(stamp: Stamp): Stamp {
    const passage = this.#hop(stamp);
    return passage.kind === 'entry' ? stamp : passage.stamp;
  }

  #hop(stamp: Stamp): Passage<Kept> {
    const kept = this.#generations.get(stamp.generation);
    if (kept !== undefined) return { kind: 'hop', kept, stamp };
    if (stamp.generation > this.#generations.newest) return { kind: 'unknown', generation: stamp.generation, stamp };
    return this.#fallBack(stamp, 'generation-expired');
  }

  /** The lane's name in the newest generation, and from here on the request carries that one: what follows agrees at least with this hop. */
  #fallBack(stamp: Stamp, note: 'generation-expired' | 'generation-late'): Passage<Kept> {
    const { newest } = this.#generations;
    const kept = this.#generations.get(newest);
    if (kept === undefined) return UNSTAMPED;
    this.#remark(stamp.lane === '' ? null : stamp.lane, note, newest);
    return { kind: 'hop', kept, stamp: { ...stamp, generation: newest } };
  }

  #noted(note: Note, passage: Passage<Kept>): Passage<Kept> {
    this.#remark(null, note, this.#generations.newest);
    return passage;
  }
}
