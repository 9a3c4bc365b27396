// Reads the answer off a state: stop, go on, or neither. It changes nothing and can be asked at any time.

import type { Plan } from './config.ts';
import type { Evidence } from './evidence.ts';
import { metricEvidence } from './metric-watch.ts';
import { quantileEvidence } from './quantile-watch.ts';
import { harmText, notBoundedText, percentText } from './reasons.ts';
import type { Reason } from './reasons.ts';
import { shareEvidence } from './share-watch.ts';
import type { State, Watch } from './state.ts';

/**
 * - `harm`: at least one guardrail is exceeded; stop and roll back.
 * - `go`: every guardrail's harm is bounded by its margin.
 * - `inconclusive`: the data cannot tell, and waiting will not help (the split is broken, or time is up). Never a pass.
 * - `waiting`: not yet known.
 */
export type Answer = 'harm' | 'go' | 'inconclusive' | 'waiting';

export interface Verdict {
  readonly answer: Answer;
  /** Why, the deciding ones first; each with a text for people. */
  readonly reasons: readonly Reason[];
  /** One a guardrail, in the order of the config. */
  readonly evidence: readonly Evidence[];
}

export interface JudgeOptions {
  /** The time for this verdict is up: what would be `waiting` is `inconclusive`. */
  readonly closing?: boolean;
}

export function judge(state: State, options: JudgeOptions = {}): Verdict {
  const evidence = state.watches.map((watch) => evidenceOf(watch, state.plan));
  const notes: Reason[] = state.plan.control === 'stable' ? [{ code: 'not-randomised', guardrail: null, text: 'control is stable as a whole, not the same audience: a difference may be one of audience' }] : [];
  const decided = broken(state) ?? harm(state, evidence) ?? unusable(state);
  if (decided !== null) return { answer: decided.answer, reasons: [...decided.reasons, ...notes], evidence };
  const missing = missingFor(state, evidence);
  if (missing.length === 0) return { answer: 'go', reasons: [...evidence.map(within), ...notes], evidence };
  return { answer: options.closing === true ? 'inconclusive' : 'waiting', reasons: [...missing, ...notes], evidence };
}

function evidenceOf(watch: Watch, plan: Plan): Evidence {
  switch (watch.kind) {
    case 'share':
      return shareEvidence(watch, plan);
    case 'quantile':
      return quantileEvidence(watch, plan);
    case 'metric':
      return metricEvidence(watch, plan);
  }
}

interface Decided {
  readonly answer: 'harm' | 'inconclusive';
  readonly reasons: readonly Reason[];
}

/** A broken split comes before everything that it may have faked, but not before harm that was found while it held. */
function broken(state: State): Decided | null {
  const { splitCrossed, watches } = state;
  if (splitCrossed === null) return null;
  if (watches.some((watch) => watch.crossed !== null && watch.crossed.look < splitCrossed.look)) return null;
  const treated = state.split.reduce((sum, stratum) => sum + stratum.treated, 0);
  const all = state.split.reduce((sum, stratum) => sum + stratum.treated + stratum.control, 0);
  const expected = state.split.reduce((sum, stratum) => sum + stratum.share * (stratum.treated + stratum.control), 0);
  const text = `${treated} of ${all} units were treated (${percentText(treated / all)}), ${percentText(expected / all)} were drawn: counts are lost or users leave one arm, so nothing can be compared`;
  return { answer: 'inconclusive', reasons: [{ code: 'sample-ratio-mismatch', guardrail: null, text }] };
}

function harm(state: State, evidence: readonly Evidence[]): Decided | null {
  const harmful = evidence.filter((one) => one.crossed !== null);
  if (harmful.length === 0) return null;
  return { answer: 'harm', reasons: harmful.map((one) => ({ code: 'harm', guardrail: one.guardrail, text: harmText(one) })) };
}

function unusable(state: State): Decided | null {
  if (state.dropped === 0) return null;
  const text = `counts came under more different shares than are kept apart, ${state.dropped} observations were dropped: start a new verdict`;
  return { answer: 'inconclusive', reasons: [{ code: 'too-many-shares', guardrail: null, text }] };
}

function missingFor(state: State, evidence: readonly Evidence[]): readonly Reason[] {
  const { treated, control } = state.units;
  if (treated === 0 || control === 0) {
    const arms = treated === 0 && control === 0 ? 'either arm' : treated === 0 ? 'the treated arm' : 'control';
    return [{ code: 'no-data', guardrail: null, text: `no units were seen in ${arms}` }];
  }
  const missing: Reason[] = [];
  if (Math.min(treated, control) < state.plan.minUnits) {
    missing.push({ code: 'too-little-data', guardrail: null, text: `${treated} treated and ${control} control units were seen, ${state.plan.minUnits} are needed in each` });
  }
  for (const one of evidence) {
    if (one.bounded !== null) continue;
    const empty = one.treated.n === 0 || one.control.n === 0;
    if (empty) missing.push({ code: 'no-data', guardrail: one.guardrail, text: `${one.guardrail}: nothing was seen in ${one.treated.n === 0 ? 'the treated arm' : 'control'}` });
    else missing.push({ code: 'not-bounded', guardrail: one.guardrail, text: notBoundedText(one) });
  }
  return missing;
}

function within(one: Evidence): Reason {
  const bound = one.bounded === 'difference'
    ? `at most ${percentText(one.difference?.high ?? 0)} more are bad than in control, ${percentText(one.differenceLimit ?? 0)} are allowed`
    : `at most ${(one.ratio.high ?? one.limit).toFixed(2)} times control, ${one.limit.toFixed(2)} times is allowed`;
  return { code: 'within-margin', guardrail: one.guardrail, text: `${one.guardrail}: ${bound}` };
}
