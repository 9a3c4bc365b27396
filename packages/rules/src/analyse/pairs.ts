// Findings about two releases that one request can match: who wins, and whether that is what was meant.

import type { Box } from './box.ts';
import { intersectBoxes } from './box.ts';
import type { Confirmer } from './confirm.ts';
import { pairOf, releaseAt } from './describe.ts';
import type { Finding, Witness } from './finding.ts';
import { makeFinding } from './finding.ts';
import type { ReleaseModel } from './model.ts';
import { winnerShare } from './share.ts';
import { notDecided } from './single.ts';
import type { View } from './view.ts';

/** `first` stands before `second`; `losing` says whether `second` counts as loser (it lives and is not shadowed). */
export function checkPair(view: View, confirmer: Confirmer, first: number, second: number, losing: boolean): readonly Finding[] {
  const [winner, loser] = [view.release(first), view.release(second)];
  if (winner.undecided || loser.undecided) return [];
  if (winner.plan.priority === loser.plan.priority) return [equalPriority(view, confirmer, winner, loser)];
  if (!losing) return [];
  const region = intersections(view.taken(first), view.audience(second));
  if (region.length === 0) return [];
  const won = view.left(region, first);
  if (won.kind === 'covered') return [];
  if (won.kind === 'undecided') return [notDecided(loser, `who wins between it and '${winner.plan.name}' was not found out within the bound`)];
  const witness = confirmer.witness(won.box, { lane: [winner.plan.name], matches: [first, second] });
  return [overlap(winner, loser, witness, winnerShare(view, first, won.box)), ...widerFirst(view, winner, loser, witness)];
}

function intersections(a: readonly Box[], b: readonly Box[]): readonly Box[] {
  return a.flatMap((left) => b.flatMap((right) => intersectBoxes(left, right) ?? []));
}

function equalPriority(view: View, confirmer: Confirmer, first: ReleaseModel, second: ReleaseModel): Finding {
  const [box] = intersections(view.audience(first.place), view.audience(second.place));
  return makeFinding({ kind: 'equal-priority', releases: pairOf(first, second) }, {
    places: [releaseAt(second), releaseAt(first)], message: `'${first.plan.name}' and '${second.plan.name}' both have priority ${first.plan.priority}, and one request can match both`,
    cause: 'which of them wins would hang on their order in the document', fix: `give them different numbers: the smaller one for the narrower audience`,
    witness: box === undefined ? null : confirmer.witness(box, { matches: [first.place, second.place] }),
  });
}

function overlap(winner: ReleaseModel, loser: ReleaseModel, witness: Witness | null, share: number): Finding {
  return makeFinding({ kind: 'overlap', releases: pairOf(winner, loser), winner: winner.plan.name }, {
    places: [releaseAt(winner), releaseAt(loser)], message: `'${winner.plan.name}' wins over '${loser.plan.name}' where a request matches both`,
    cause: `priority ${winner.plan.priority} goes before ${loser.plan.priority}`, fix: 'nothing, if that is meant; else swap the priorities', witness, share,
  });
}

function widerFirst(view: View, winner: ReleaseModel, loser: ReleaseModel, witness: Witness | null): readonly Finding[] {
  const wide = view.audience(winner.place);
  const narrow = view.audience(loser.place);
  const inside = view.coverBoxes(narrow, wide).kind;
  if (inside === 'open') return [];
  const proper = view.coverBoxes(wide, narrow).kind;
  if (proper === 'covered') return [];
  if (inside === 'undecided' || proper === 'undecided') return [notDecided(loser, `whether its audience is part of that of '${winner.plan.name}' was not found out within the bound`)];
  return [makeFinding({ kind: 'wider-first', releases: pairOf(winner, loser), winner: winner.plan.name }, {
    places: [releaseAt(winner), releaseAt(loser)], message: `'${winner.plan.name}' goes before '${loser.plan.name}', whose audience is only a part of its own`,
    cause: `priority ${winner.plan.priority} goes before ${loser.plan.priority}`, fix: goBefore(loser, winner), witness,
  })];
}

/** No number is below 0. */
function goBefore(release: ReleaseModel, other: ReleaseModel): string {
  const { priority } = other.plan;
  return priority > 0 ? `give '${release.plan.name}' a priority below ${priority}` : `give '${release.plan.name}' priority 0 and '${other.plan.name}' a larger number`;
}
