// The sentences in which a verdict explains itself; numbers rounded for people, exact ones are in the evidence.

import { ratioOf } from './evidence.ts';
import type { ArmEvidence, Evidence } from './evidence.ts';
import type { Tally } from './share.ts';

export type ReasonCode =
  | 'harm' | 'within-margin' | 'not-bounded' | 'too-little-data' | 'no-data' | 'sample-ratio-mismatch' | 'too-many-shares' | 'not-randomised';

export interface Reason {
  readonly code: ReasonCode;
  /** The guardrail's name, or null when it is about all of them. */
  readonly guardrail: string | null;
  readonly text: string;
}

/** What was known when harm was found; later counts may look better, but the answer stands on these. */
export function harmText(evidence: Evidence): string {
  const { crossed } = evidence;
  const found = evidence.kind === 'share' && crossed !== null
    ? { ...evidence, treated: atCrossing(crossed.treated), control: atCrossing(crossed.control) }
    : evidence;
  const estimate = found === evidence ? evidence.ratio.estimate : ratioOf(found.treated.estimate, found.control.estimate);
  return `${evidence.guardrail}: ${armsText(found)}; ${timesText(estimate)} (at most ${evidence.limit.toFixed(2)} is allowed)`;
}

export function notBoundedText(evidence: Evidence): string {
  const { estimate, high } = evidence.ratio;
  const bound = high === null ? 'no upper bound yet' : `at most ${high.toFixed(2)}`;
  const difference = evidence.difference?.high ?? null;
  const more = difference === null || evidence.differenceLimit === null ? '' : `, or ${percentText(difference)} more (${percentText(evidence.differenceLimit)} is allowed)`;
  return `${evidence.guardrail}: ${armsText(evidence)}; ${timesText(estimate)}, ${bound} (${evidence.limit.toFixed(2)} is allowed)${more}`;
}

export function percentText(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}

function timesText(ratio: number | null): string {
  return ratio === null ? 'no ratio yet' : `${ratio.toFixed(2)} times control`;
}

function armsText({ treated, control, unit }: Evidence): string {
  if (treated.bad !== null && control.bad !== null) return `${treated.bad} of ${treated.n} ${unit}s bad against ${control.bad} of ${control.n} in control`;
  return `${numberText(treated.estimate)} against ${numberText(control.estimate)} in control (${treated.n} and ${control.n} ${unit}s)`;
}

function atCrossing(tally: Tally): ArmEvidence {
  return { n: tally.units, bad: tally.bad, estimate: tally.units === 0 ? null : Math.min(1, tally.bad / tally.units) };
}

function numberText(value: number | null): string {
  return value === null ? 'unknown' : String(Number(value.toPrecision(4)));
}
