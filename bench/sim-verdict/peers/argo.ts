// The counting of Argo Rollouts' analysis in an own reading: measurements of one metric against an absolute condition.

import type { Judge } from '../judge.ts';
import { badInMinute } from '../traffic.ts';

export interface ArgoOptions {
  /** Success condition: a success rate of at least this share. */
  readonly minShare: number;
  /** One more failed measurement than this fails the analysis. */
  readonly failureLimit: number;
  /** Measurements, one a minute. */
  readonly count: number;
}

export function argo({ minShare, failureLimit, count }: ArgoOptions): Judge {
  return {
    name: `Argo, success ≥ ${minShare}, failureLimit ${failureLimit}`,
    judge: (traffic) => {
      let failed = 0;
      for (let measured = 0; measured < Math.min(count, traffic.minutes); measured += 1) {
        const requests = traffic.requests[1][measured] ?? 0;
        // A quotient of nothing is NaN, which is at least nothing: the condition does not hold.
        const holds = requests > 0 && 1 - badInMinute(traffic, 1, measured) / requests >= minShare;
        if (!holds) failed += 1;
        if (failed > failureLimit) return { kind: 'stopped', minute: measured + 1 };
      }
      // Reached as well when no measurement was due before the analysis was ended: nothing failed, so it was successful.
      return { kind: 'passed', minute: Math.min(count, traffic.minutes) };
    },
  };
}
