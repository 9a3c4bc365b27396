// What a hook gets from the plane. A hook watches one way out of the process and knows neither hosts nor keys.

import type { Context } from './context.ts';
import type { Draft } from './outgoing.ts';

export interface Hook {
  /** Makes `draft` carry what a request of `context` has to carry to that host, and nothing else of ours. */
  readonly stamp: (draft: Draft, context: Context | null) => void;
  /** Runs the hook's own work; the app must not feel a fault in it. */
  readonly guard: (place: string, work: () => void) => void;
}
