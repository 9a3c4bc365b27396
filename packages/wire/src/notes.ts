// What data planes count beside decisions: things that happen to a request on its way and that people want to see. Each such
// request has a decision of its own as well, so that shares and totals are made of decisions only.

import type { StampRefusal } from './stamp.ts';
import type { SealRefusal } from './seal.ts';

/** Also metric labels, so the list is closed. */
export type Note =
  /** The lane's version had no worker. */
  | 'unavailable'
  /** A stamp at an edge, taken off. */
  | 'stamp-foreign'
  /** A stamp at an internal listener that does not hold, taken off. */
  | `stamp-${StampRefusal}`
  /** The stamp's generation is no longer kept: its lane's name in the newest one counts. */
  | 'generation-expired'
  /** The stamp's generation did not arrive in time: the same. */
  | 'generation-late'
  /** Tags that found no room on the stamp. */
  | 'tags-dropped'
  /** No key has arrived yet: the request goes on without a stamp. */
  | 'no-key'
  /** An override token that does not hold, or names a lane that there is not. */
  | `override-${SealRefusal}`;

/** All of them, for whoever adds up requests. */
export const NOTES: ReadonlySet<string> = new Set<Note>([
  'unavailable', 'stamp-foreign', 'stamp-malformed', 'stamp-unknown-key', 'stamp-expired', 'stamp-forged', 'stamp-repeated', 'stamp-incomplete', 'stamp-oversized',
  'generation-expired', 'generation-late', 'tags-dropped', 'no-key', 'override-malformed', 'override-unknown-key', 'override-expired', 'override-forged',
]);
