// What the store keeps about the strategy, and under which keys. It must not know how it is written.

import type { StrategyDocument } from '@graylane/rules';

export interface StrategyRecord {
  /** Rises by one with each change of the document; 1 is the seed. */
  readonly revision: number;
  /** Rises with each publication: a change of the document, or of a release's phase. */
  readonly generation: number;
  readonly document: StrategyDocument;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly who: string;
  readonly why: string;
  /** A way back: no server holds it back from anybody. */
  readonly isUrgent?: boolean;
}

/** Stable versions that are on their way to the public sockets, or away from them; in force already, and resumed after a restart. */
export interface Handover {
  readonly services: readonly { readonly service: string; /** Null: new. */ readonly from: string | null; /** Null: removed. */ readonly to: string | null }[];
  /** The release that this ends, or null for a change by document. */
  readonly release: string | null;
}

interface Keys {
  readonly strategy: string;
  /** The last document that came from a file or a client as a whole: what live changes are told against. */
  readonly applied: string;
  readonly handover: string;
  readonly freeze: string;
  readonly releases: string;
  release(name: string): string;
  readonly history: string;
  revision(revision: number): string;
  readonly events: string;
  event(seq: number): string;
}

export const keys: Keys = {
  strategy: 'strategy',
  applied: 'applied',
  handover: 'handover',
  freeze: 'freeze',
  releases: 'release/',
  release: (name) => `release/${name}`,
  history: 'history/',
  revision: (revision) => `history/${ordered(revision)}`,
  events: 'event/',
  event: (seq) => `event/${ordered(seq)}`,
};

/** Fixed width, so that byte order is the order of numbers. */
export function ordered(number: number): string {
  return String(number).padStart(16, '0');
}

/** Enough to look back at and to take again; older ones are dropped as new ones come. */
export const HISTORY_LIMIT = 100;
export const EVENTS_LIMIT = 10_000;
/** Releases that are over, kept for `rollback` and for people. */
export const OVER_LIMIT = 200;
