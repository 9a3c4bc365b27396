// The sentences in which a verdict explains itself; numbers rounded for people, exact ones are in the evidence.

import type { Evidence } from './evidence.ts';

export type ReasonCode =
  | 'harm' | 'within-margin' | 'not-bounded' | 'too-little-data' | 'no-data' | 'sample-ratio-mismatch' | 'too-many-shares' | 'not-randomised';

export interface Reason {
  readonly code: ReasonCode;
  /** The guardrail's name, or null when it is about all of them. */
  readonly guardrail: string | null;
  readonly text: string;
}

export function harmText(evidence: Evidence): string {
  const low = evidence.ratio.low ?? 0;
  const bound = low > evidence.limit ? `, ${low.toFixed(2)} at least` : '';
  return `${evidence.guardrail}: ${armsText(evidence)}; ${timesText(evidence)}${bound} (limit ${evidence.limit.toFixed(2)})`;
}

export function notBoundedText(evidence: Evidence): string {
  const { high } = evidence.ratio;
  const bound = high === null ? 'no upper bound yet' : `at most ${high.toFixed(2)}`;
  const difference = evidence.difference?.high ?? null;
  const more = difference === null || evidence.differenceLimit === null ? '' : `, at most ${percentText(difference)} more are bad (limit ${percentText(evidence.differenceLimit)})`;
  return `${evidence.guardrail}: ${armsText(evidence)}; ${timesText(evidence)}, ${bound} (limit ${evidence.limit.toFixed(2)})${more}`;
}

export function percentText(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}

function timesText(evidence: Evidence): string {
  const { estimate } = evidence.ratio;
  return estimate === null ? 'no ratio yet' : `${estimate.toFixed(2)} times control`;
}

function armsText(evidence: Evidence): string {
  const { treated, control } = evidence;
  if (treated.bad !== null && control.bad !== null) return `${treated.bad} of ${treated.n} bad against ${control.bad} of ${control.n} in control`;
  return `${numberText(treated.estimate)} against ${numberText(control.estimate)} in control (n ${treated.n} and ${control.n})`;
}

function numberText(value: number | null): string {
  return value === null ? 'unknown' : String(Number(value.toPrecision(4)));
}
