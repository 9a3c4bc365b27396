// What a person does with a dashboard: a test for two proportions, made for one look, looked at each minute.

import { UNDECIDED } from '../judge.ts';
import type { Judge } from '../judge.ts';
import { badInMinute } from '../traffic.ts';

/** One-sided 5 %. */
const Z_95 = 1.644_853_627;

export function zTest(): Judge {
  return {
    name: 'z-test at 5 %, each minute',
    judge: (traffic) => {
      const bad = [0, 0];
      const all = [0, 0];
      for (let minute = 0; minute < traffic.minutes; minute += 1) {
        for (const arm of [0, 1] as const) {
          bad[arm] = (bad[arm] ?? 0) + badInMinute(traffic, arm, minute);
          all[arm] = (all[arm] ?? 0) + (traffic.requests[arm][minute] ?? 0);
        }
        const [controlBad = 0, treatedBad = 0] = bad;
        const [control = 0, treated = 0] = all;
        const pooled = (controlBad + treatedBad) / (control + treated);
        const deviation = Math.sqrt(pooled * (1 - pooled) * (1 / control + 1 / treated));
        if (deviation > 0 && (treatedBad / treated - controlBad / control) / deviation > Z_95) return { kind: 'stopped', minute: minute + 1 };
      }
      return UNDECIDED;
    },
  };
}
