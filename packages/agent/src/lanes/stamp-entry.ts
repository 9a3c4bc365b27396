// Requests of a strategy with several services: told apart into those that enter here and those that were selected before,
// and given what they carry on. It routes nothing, and a strategy of one service never comes here.

import type { Decision, RequestFields, Router } from '@graylane/rules';
import { BAGGAGE_HEADER, MESSAGE_GRACE_S, Passages, parseBaggage, writeTags, type Generations, type Note, type Stamp, type Stamps, type Trust } from '@graylane/wire';
import { Carried, carriedHeaders } from './carried.ts';
import type { Context } from '../context/context.ts';
import type { Counts } from '../counts.ts';
import type { Published } from '../strategy.ts';

/** What the strategy says about this service's place among several. */
export interface Several {
  readonly trust: Trust;
  /** Lower case. */
  readonly headers: readonly string[];
}

/** How one request is to be routed. */
export interface Stamped {
  readonly published: Published;
  readonly decision: Decision;
  readonly context: Context | null;
  /** What is left of its `baggage` for the app, or null when the header stays as it came. */
  readonly left: string | null;
  /** Another generation has to arrive first; nothing else here counts then. 0 for none. */
  readonly missing: number;
}

export class StampEntry {
  readonly #stamps: Stamps;
  readonly #counts: Pick<Counts, 'note'>;
  readonly #generations: Generations<Published>;
  readonly #passages: Passages<Published>;

  constructor(stamps: Stamps, counts: Pick<Counts, 'note'>, generations: Generations<Published>) {
    this.#stamps = stamps;
    this.#counts = counts;
    this.#generations = generations;
    this.#passages = new Passages(stamps, generations, (lane, note, generation) => counts.note(lane, note, generation));
  }

  /** `patient`: whoever asks can wait for a generation, and asks again then. `request` is kept until its tags are read. */
  route(current: Published, { trust, headers }: Several, request: RequestFields, patient: boolean): Stamped {
    let passage = this.#passages.of(linesOf(BAGGAGE_HEADER, request.rawHeaders), trust);
    if (passage.kind === 'unknown') {
      if (patient) return { published: current, decision: current.router.follow(null), context: null, left: null, missing: passage.generation };
      passage = this.#passages.without(passage.stamp);
    }
    const raw = carriedHeaders(headers, request.rawHeaders);
    if (passage.kind === 'hop') {
      const { kept, stamp } = passage;
      return { published: kept, decision: kept.router.follow(stamp.lane), context: new Carried(stamp, this.#stamps, raw), left: null, missing: 0 };
    }
    const decision = current.router.decide(request);
    if (!this.#stamps.ready) this.#note('no-key', decision.lane);
    const { router } = current;
    const context = new Carried({ lane: decision.lane ?? '', generation: router.generation, tags: () => this.#tagsOf(router, decision, request) }, this.#stamps, raw);
    return { published: current, decision, context, left: passage.kind === 'entry' ? passage.baggage : null, missing: 0 };
  }

  /** The context behind a stamp that came another way than with a request; null when it does not hold. */
  adopt(baggage: string): Context | null {
    const opened = this.#stamps.open(parseBaggage(baggage), MESSAGE_GRACE_S);
    if (opened.kind === 'refused') this.#note(`stamp-${opened.reason}`, null);
    return opened.kind === 'valid' ? new Carried(this.#passages.consumed(opened.stamp), this.#stamps, []) : null;
  }

  /** For an exchange that another agent of this service has routed: what it said is believed. */
  forwarded(stamp: string, { headers }: Several, rawHeaders: readonly string[]): Context | null {
    const { own } = parseBaggage(stamp);
    if (own.size === 0) return null;
    const said: Stamp = { lane: own.get('lane') ?? '', generation: Number(own.get('gen')), tags: own.get('tags') ?? '' };
    return new Carried(said, this.#stamps, carriedHeaders(headers, rawHeaders));
  }

  /** Whoever could reach this process's private socket is one of ours; the stamp is checked all the same. */
  handed({ headers }: Several, rawHeaders: readonly string[]): Context | null {
    const opened = this.#stamps.open(parseBaggage(linesOf(BAGGAGE_HEADER, rawHeaders)));
    return opened.kind === 'valid' ? new Carried(opened.stamp, this.#stamps, carriedHeaders(headers, rawHeaders)) : null;
  }

  #tagsOf(router: Router, { lane }: Decision, request: RequestFields): string {
    const { text, dropped } = writeTags(router.tags(request));
    if (dropped > 0) this.#note('tags-dropped', lane);
    return text;
  }

  #note(note: Note, lane: string | null): void {
    this.#counts.note(lane, note, this.#generations.newest);
  }
}

/** All lines of a header joined with `,`; '' for none. `name` in lower case. */
function linesOf(name: string, rawHeaders: readonly string[]): string {
  let value = '';
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const line = rawHeaders[i] ?? '';
    if (line.length === name.length && line.toLowerCase() === name) value = value === '' ? rawHeaders[i + 1] ?? '' : `${value},${rawHeaders[i + 1] ?? ''}`;
  }
  return value;
}
