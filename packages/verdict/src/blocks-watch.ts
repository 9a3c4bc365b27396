// Watches a share of bad requests where users are not known: a block of time is what counts once.

import type { Plan, PlannedShare } from './config.ts';
import { ratioOf } from './evidence.ts';
import type { Evidence } from './evidence.ts';
import { climb, evidenceAt, ladderInterval, newLadder } from './ladder.ts';
import { entryOf } from './observation.ts';
import type { Observation } from './observation.ts';
import type { Tally } from './share.ts';
import type { ArmTallies, BlocksWatch, OpenBlock } from './state.ts';

const NOTHING: Tally = { units: 0, bad: 0 };

export function newBlocksWatch(guardrail: PlannedShare): BlocksWatch {
  return { kind: 'blocks', guardrail, tallies: { treated: NOTHING, control: NOTHING }, open: null, blocks: 0, ladder: newLadder(guardrail.limit), crossed: null };
}

/**
 * Adds to the open block, or closes it and opens the next when the time or the share has moved on. A clock that jumps
 * back goes on with the open block: time only separates blocks, it never orders counts.
 */
export function observeBlocks(watch: BlocksWatch, observation: Observation): BlocksWatch {
  const { blockMs } = watch.guardrail;
  const start = Math.floor(observation.at / blockMs) * blockMs;
  const moved = watch.open !== null && (start > watch.open.start || observation.share !== watch.open.share);
  const settled = moved ? close(watch, observation.at) : watch;
  const open = settled.open ?? { start, share: observation.share, treated: NOTHING, control: NOTHING };
  return { ...settled, open: { ...open, ...add(open, observation, watch.guardrail.name) }, tallies: add(settled.tallies, observation, watch.guardrail.name) };
}

export function blocksEvidence(watch: BlocksWatch, plan: Plan): Evidence {
  const { guardrail, tallies } = watch;
  const at = evidenceAt(watch.ladder, guardrail.limit);
  const treated = rate(tallies.treated);
  const control = rate(tallies.control);
  const needed = -Math.log(guardrail.alpha);
  const bounded = at.below >= -Math.log(plan.goAlpha);
  return {
    guardrail: guardrail.name, kind: 'share',
    treated: { n: tallies.treated.units, bad: tallies.treated.bad, estimate: treated },
    control: { n: tallies.control.units, bad: tallies.control.bad, estimate: control },
    ratio: { estimate: ratioOf(treated, control), low: ladderInterval(watch.ladder, needed).low, high: ladderInterval(watch.ladder, -Math.log(plan.goAlpha)).high },
    limit: guardrail.limit,
    // Requests of one user hang together, so that counts of them bound no difference of rates.
    difference: null, differenceLimit: null,
    alpha: guardrail.alpha, logEvidence: at.above, needed, crossed: watch.crossed, bounded: bounded ? 'ratio' : null,
  };
}

function close(watch: BlocksWatch, at: number): BlocksWatch {
  const { open, guardrail } = watch;
  if (open === null) return watch;
  const bad = open.treated.bad + open.control.bad;
  const share = shareOf(open);
  if (bad === 0 || share <= 0 || share >= 1) return { ...watch, open: null };
  // Whatever clusters the bad requests of a block come in: if each cluster's arm is drawn with the same odds, this has
  // the mean on the right. With the observed share of requests it is the mean of a hypergeometric draw.
  const y = open.treated.bad / bad;
  const ladder = climb(watch.ladder, (ratio) => ({ y, mean: (share * ratio) / (share * ratio + 1 - share) }));
  const harmful = evidenceAt(ladder, guardrail.limit).above >= -Math.log(guardrail.alpha);
  return { ...watch, open: null, blocks: watch.blocks + 1, ladder, crossed: watch.crossed ?? (harmful ? { at, ...watch.tallies } : null) };
}

function shareOf(block: OpenBlock): number {
  return block.share ?? block.treated.units / Math.max(1, block.treated.units + block.control.units);
}

function add(tallies: ArmTallies, observation: Observation, name: string): ArmTallies {
  const one = (arm: 'treated' | 'control'): Tally => ({
    units: tallies[arm].units + (observation[arm].requests ?? observation[arm].units),
    bad: tallies[arm].bad + (entryOf(observation[arm].bad, name) ?? 0),
  });
  return { treated: one('treated'), control: one('control') };
}

function rate(tally: Tally): number | null {
  return tally.units === 0 ? null : Math.min(1, tally.bad / tally.units);
}
