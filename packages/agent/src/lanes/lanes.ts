// What only strategies of several services and overrides need, as one file that is loaded with the first of them: stamps,
// waiting for generations, override links. The agent's own file knows the types here and loads nothing else of it.

import type { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http2';
import type { Writable } from 'node:stream';
import { mac } from '@graylane/forward/mac';
import type { RequestFields } from '@graylane/rules';
import { Arrivals, GenerationsInFlight, openOverride, Stamps, type AgentMessage, type Generations, type KeyRing, type Note } from '@graylane/wire';
import type { Context } from '../context/context.ts';
import type { Counts } from '../counts.ts';
import type { Published } from '../strategy.ts';
import { leaveOnRequest, leaveOnStream } from './leave.ts';
import { answerOverrideLink } from './override-gate.ts';
import { StampEntry, type Several, type Stamped } from './stamp-entry.ts';

export type { Several, Stamped } from './stamp-entry.ts';

/** What lanes need of the agent. */
export interface LaneSurroundings {
  readonly counts: Pick<Counts, 'note'>;
  readonly generations: Generations<Published>;
  /** Of new requests. */
  readonly generation: () => number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly send: (message: AgentMessage) => void;
}

export class Lanes {
  readonly #surroundings: LaneSurroundings;
  readonly #stamps: Stamps;
  readonly #entry: StampEntry;
  readonly #arrivals: Arrivals;
  readonly #inFlight: GenerationsInFlight;

  constructor(surroundings: LaneSurroundings) {
    const { counts, generations, generation, now, send } = surroundings;
    this.#surroundings = surroundings;
    this.#stamps = new Stamps(mac, now);
    this.#entry = new StampEntry(this.#stamps, counts, generations);
    this.#arrivals = new Arrivals((missing) => send({ kind: 'fetch', generation: missing }), after);
    this.#inFlight = new GenerationsInFlight((left) => {
      if (left < generation()) this.sayInFlight();
    });
  }

  setKeys(ring: KeyRing): void {
    this.#stamps.setKeys(ring);
  }

  route(current: Published, several: Several, request: RequestFields, patient: boolean): Stamped {
    return this.#entry.route(current, several, request, patient);
  }

  /** The context of a request that another agent has routed. */
  forwarded(stamp: string, several: Several, rawHeaders: readonly string[]): Context | null {
    return this.#entry.forwarded(stamp, several, rawHeaders);
  }

  /** The context of a request that a gateway has handed on, by its stamp. */
  handed(several: Several, rawHeaders: readonly string[]): Context | null {
    return this.#entry.handed(several, rawHeaders);
  }

  /** The context behind a stamp that came in a message; null when it does not hold. */
  adopt(baggage: string): Context | null {
    return this.#entry.adopt(baggage);
  }

  /** Runs `next` when a generation is here, or after a short bound; not at all when `exchange` has ended meanwhile. */
  whenHere(generation: number, exchange: Writable, next: () => void): void {
    // Nobody else listens yet: an upgraded socket or a stream that fails now would end the process.
    exchange.on('error', ignore);
    void this.#arrivals.of(generation).then(() => {
      exchange.off('error', ignore);
      if (!exchange.destroyed) next();
    });
  }

  arrived(generation: number): void {
    this.#arrivals.arrived(generation);
  }

  /** `exchange` carries this generation until it closes. */
  carries(generation: number, exchange: EventEmitter): void {
    this.#inFlight.add(generation, exchange);
  }

  sayInFlight(): void {
    const current = this.#surroundings.generation();
    this.#surroundings.send({ kind: 'in-flight', current, oldest: this.#inFlight.oldest(current) });
  }

  /** What the app sees of the request's `baggage` from now on. */
  leaveOnRequest(request: IncomingMessage, value: string): void {
    leaveOnRequest(request, value);
  }

  leaveOnStream(headers: IncomingHttpHeaders, rawHeaders: string[], value: string): void {
    leaveOnStream(headers, rawHeaders, value);
  }

  /** The lane of a token that holds; others are counted. */
  openOverride(token: string): string | null {
    const opened = openOverride(this.#stamps.seals, token);
    if (opened.kind === 'valid') return opened.lane;
    this.#note(`override-${opened.reason}`);
    return null;
  }

  /** True when the request was an override link, and is answered. */
  answerOverrideLink(request: IncomingMessage, response: ServerResponse): boolean {
    return answerOverrideLink(request, response, this.#stamps.seals, (note) => this.#note(note));
  }

  #note(note: Note): void {
    this.#surroundings.counts.note(null, note, this.#surroundings.generation());
  }
}

export function createLanes(surroundings: LaneSurroundings): Lanes {
  return new Lanes(surroundings);
}

function ignore(): void {
  // Whoever gets the exchange hears of its end by itself.
}

function after(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
}
