// The analyzer of `rules` in the words of the API. It must not decide what a finding is worth (check.ts).

import { analyse } from '@graylane/rules';
import type { Analyse } from './check.ts';

/** About a second of search: an apply waits for it. `graylane check` takes its time. */
const SEARCH_BUDGET = 5_000_000;
/** An answer is read by people; the first ones are the worst. */
const FINDINGS_LIMIT = 200;

export const analyseByRules: Analyse = (strategy) =>
  analyse(strategy, { budget: SEARCH_BUDGET }).slice(0, FINDINGS_LIMIT).map(({ kind, code, level, message, cause, fix, places, witness, step }) => ({
    kind, code, level, message, cause, fix, pointer: places[0] ?? '',
    ...(witness === null ? {} : { witness }),
    ...(step === undefined ? {} : { step: `${step.release} at ${step.percent} %` }),
  }));
