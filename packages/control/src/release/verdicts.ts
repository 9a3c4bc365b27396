// What the release machine asks of the statistics, as a port: an answer with its evidence. It must not know how it is found.

import type { Api } from '@graylane/wire';
import type { ReleaseState } from './state.ts';

export type VerdictView = Api<'Verdict'>;

export interface Verdicts {
  /** What is known of a live release now; `closing` when the time of its gate is up. Null when nothing watches it. */
  judge(release: ReleaseState, closing: boolean): VerdictView | null;
}

