// Watches a number that is reported for both arms once a block: each pair says which arm was worse, and how clearly.

import type { Plan, PlannedMetric } from './config.ts';
import { ratioOf } from './evidence.ts';
import type { Evidence } from './evidence.ts';
import { climb, evidenceAt, ladderInterval, newLadder } from './ladder.ts';
import { entryOf } from './observation.ts';
import type { Observation } from './observation.ts';
import type { MetricWatch } from './state.ts';

export function newMetricWatch(guardrail: PlannedMetric): MetricWatch {
  const ladder = newLadder(guardrail.limit);
  return { kind: 'metric', guardrail, blocks: 0, sumTreated: 0, sumControl: 0, ladder, scales: ladder.map(() => 0), crossed: null };
}

/**
 * Bets on the distance of each pair from each rung's ratio, clipped at the mean distance so far. Exact when that
 * distance is as likely up as down at the limit, given the past: no variance, no independence inside a block, no normal
 * distribution (as for symmetric variables in de la Peña 1999; bets on bounded numbers as in betting.ts).
 */
export function observeMetric(watch: MetricWatch, observation: Observation, look: number): MetricWatch {
  const { guardrail } = watch;
  const treated = entryOf(observation.treated.value, guardrail.name);
  const control = entryOf(observation.control.value, guardrail.name);
  if (treated === undefined || control === undefined) return watch;
  const blocks = watch.blocks + 1;
  const distances = watch.ladder.map((rung) => distance(guardrail.worse, rung.ratio, treated, control));
  const scales = watch.scales.map((scale, index) => scale + Math.abs(distances[index] ?? 0));
  const ladder = climb(watch.ladder, (_, index) => {
    const clip = (scales[index] ?? 0) / blocks;
    return clip === 0 ? null : { y: (1 + Math.max(-1, Math.min(1, (distances[index] ?? 0) / clip))) / 2, mean: 0.5 };
  });
  const next: MetricWatch = { ...watch, blocks, sumTreated: watch.sumTreated + treated, sumControl: watch.sumControl + control, ladder, scales };
  const harmful = evidenceAt(ladder, guardrail.limit).above >= -Math.log(guardrail.alpha);
  return harmful && watch.crossed === null ? { ...next, crossed: { at: observation.at, look, treated: { units: blocks, bad: 0 }, control: { units: blocks, bad: 0 } } } : next;
}

export function metricEvidence(watch: MetricWatch, plan: Plan): Evidence {
  const { guardrail, blocks } = watch;
  const at = evidenceAt(watch.ladder, guardrail.limit);
  const needed = -Math.log(guardrail.alpha);
  const treated = blocks === 0 ? null : watch.sumTreated / blocks;
  const control = blocks === 0 ? null : watch.sumControl / blocks;
  const [worse, reference] = guardrail.worse === 'higher' ? [treated, control] : [control, treated];
  return {
    guardrail: guardrail.name, kind: 'metric', unit: 'block', treated: { n: blocks, bad: null, estimate: treated }, control: { n: blocks, bad: null, estimate: control },
    ratio: { estimate: ratioOf(worse, reference), low: ladderInterval(watch.ladder, needed).low, high: ladderInterval(watch.ladder, -Math.log(plan.goAlpha)).high },
    limit: guardrail.limit, difference: null, differenceLimit: null, alpha: guardrail.alpha, logEvidence: at.above, needed,
    crossed: watch.crossed, bounded: at.below >= -Math.log(plan.goAlpha) ? 'ratio' : null,
  };
}

/** How far the worse-looking side is beyond `ratio` times the other; the margin counts by size, so that it also works below zero. */
function distance(worse: 'higher' | 'lower', ratio: number, treated: number, control: number): number {
  return worse === 'higher' ? treated - control - (ratio - 1) * Math.abs(control) : control - treated - (ratio - 1) * Math.abs(treated);
}
