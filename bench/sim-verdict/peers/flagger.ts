// Flagger's loop in an own reading: each interval the canary's success rate against an absolute minimum.
// It looks at no control. Weights do not move here, so that all judges see the same traffic.

import { UNDECIDED } from '../judge.ts';
import type { Judge } from '../judge.ts';
import { badInMinute } from '../traffic.ts';

export interface FlaggerOptions {
  /** Lowest success rate, in percent. */
  readonly minPercent: number;
  /** Failed checks that roll back; they are never forgiven. */
  readonly threshold: number;
  /** Successful checks until promotion (maxWeight / stepWeight). */
  readonly steps: number;
}

export function flagger({ minPercent, threshold, steps }: FlaggerOptions): Judge {
  return {
    name: `Flagger, min ${minPercent} %, threshold ${threshold}`,
    judge: (traffic) => {
      let failed = 0;
      let advanced = 0;
      for (let minute = 0; minute < traffic.minutes; minute += 1) {
        const requests = traffic.requests[1][minute] ?? 0;
        const success = requests === 0 ? null : 100 * (1 - badInMinute(traffic, 1, minute) / requests);
        // No value is a failed check, too: advancement halts and the count goes up.
        if (success !== null && success >= minPercent) advanced += 1;
        else failed += 1;
        if (failed >= threshold) return { kind: 'stopped', minute: minute + 1 };
        if (advanced >= steps) return { kind: 'passed', minute: minute + 1 };
      }
      return UNDECIDED;
    },
  };
}
