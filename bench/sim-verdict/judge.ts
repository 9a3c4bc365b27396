// What every judge in the comparison is: traffic in, an outcome with its minute out.

import type { Traffic } from './traffic.ts';

export type Outcome =
  | { readonly kind: 'stopped'; readonly minute: number }
  | { readonly kind: 'passed'; readonly minute: number }
  /** Neither, until the end of the run. */
  | { readonly kind: 'undecided' };

export interface Judge {
  readonly name: string;
  judge(traffic: Traffic): Outcome;
}

export const UNDECIDED: Outcome = { kind: 'undecided' };
