// The analysis of a strategy as the control plane asks for it before anything is applied.

import type { Finding as ApiFinding } from '@graylane/control';
import { analyse, type Finding, type Strategy } from '@graylane/rules';

/** About a second of search on the supervisor's thread; a release that needs more is reported as not decided, never as fine. */
const BUDGET = 5_000_000;

export function findingsOf(strategy: Strategy): readonly ApiFinding[] {
  return analyse(strategy, { budget: BUDGET }).map(apiFinding);
}

function apiFinding({ code, level, message, places, fix, witness }: Finding): ApiFinding {
  return { code, level, message, pointer: places[0] ?? '', fix, ...(witness === null ? {} : { witness }) };
}
