// Findings about one release: that it never matches, never wins, or has clauses that do nothing.

import type { Box } from './box.ts';
import { intersectBoxes } from './box.ts';
import type { Confirmer } from './confirm.ts';
import { clauseAt, contradiction, listOf, names, releaseAt } from './describe.ts';
import type { Finding, Witness } from './finding.ts';
import { makeFinding } from './finding.ts';
import type { ClauseModel, ReleaseModel } from './model.ts';
import type { View } from './view.ts';

export interface Standing {
  readonly findings: readonly Finding[];
  /** Matches nothing at all. */
  readonly dead: boolean;
  readonly shadowed: boolean;
}

export function checkRelease(view: View, confirmer: Confirmer, place: number): Standing {
  const release = view.release(place);
  if (release.undecided) return { findings: [notDecided(release, 'a field that it reads has too many kinds of values to tell apart')], dead: false, shadowed: false };
  if (view.audience(place).length === 0) return { findings: [deadRelease(view, release)], dead: true, shadowed: false };
  if (view.taken(place).length === 0) return { findings: [...deadClauses(view, release), nobodyIn(view, release)], dead: false, shadowed: false };
  const state = view.shadowed(place);
  const clauses = [...deadClauses(view, release), ...idleClauses(view, release), ...redundantClauses(view, confirmer, release)];
  if (state === 'undecided') return { findings: [...clauses, notDecided(release, 'whether releases of smaller priority number take everything was not found out within the bound')], dead: false, shadowed: false };
  if (state === 'covered') return { findings: [...clauses, shadowedRelease(view, confirmer, release)], dead: false, shadowed: true };
  return { findings: [...clauses, ...shadowedClauses(view, confirmer, release)], dead: false, shadowed: false };
}

export function notDecided(release: ReleaseModel, why: string): Finding {
  return makeFinding({ kind: 'not-decided', release: release.plan.name }, {
    places: [releaseAt(release)], message: `'${release.plan.name}' was not decided`, cause: why, fix: 'make the conditions simpler, or split the strategy',
  });
}

function deadRelease(view: View, release: ReleaseModel): Finding {
  const [first] = release.clauses;
  const cause = first === undefined ? 'it has no clause' : release.clauses.length === 1 ? contradiction(view.model, first) : `in each of its ${release.clauses.length} clauses conditions exclude each other; in the first, ${contradiction(view.model, first)}`;
  return makeFinding({ kind: 'never-matches', release: release.plan.name }, {
    places: [releaseAt(release)], message: `no request can match '${release.plan.name}'`, cause, fix: 'remove one of the conditions, or write them as two clauses',
  });
}

function deadClauses(view: View, release: ReleaseModel): readonly Finding[] {
  return release.clauses.filter(({ audience }) => audience === null).map((clause) => makeFinding({ kind: 'never-matches', release: release.plan.name, clause: clause.plan.clause }, {
    places: [clauseAt(release, clause)], message: `no request can match clause ${clause.plan.clause + 1} of '${release.plan.name}'`, cause: contradiction(view.model, clause), fix: 'remove one of the conditions, or the clause',
  }));
}

/** Either no bucket is below, or the only keys that match fall elsewhere. */
function whyNobody(view: View, release: ReleaseModel, clauses: readonly ClauseModel[]): string {
  return clauses.some((clause) => view.model.thresholdOf(release, clause, view.percentages) > 0) ? 'the keys that it spells out fall into buckets that are out' : 'its percentage is 0';
}

function nobodyIn(view: View, release: ReleaseModel): Finding {
  return makeFinding({ kind: 'nobody-in', release: release.plan.name }, {
    places: [releaseAt(release)], message: `nobody is in '${release.plan.name}' now`, cause: whyNobody(view, release, release.clauses), fix: 'raise `percent`, or leave it for a start without users',
  });
}

/** Clauses with a percentage of 0 in a release that takes somebody. */
function idleClauses(view: View, release: ReleaseModel): readonly Finding[] {
  return release.clauses.filter((clause) => clause.audience !== null && view.model.taken(release, clause, view.percentages).length === 0).map((clause) => makeFinding({ kind: 'nobody-in', release: release.plan.name, clause: clause.plan.clause }, {
    places: [clauseAt(release, clause)], message: `nobody is in by clause ${clause.plan.clause + 1} of '${release.plan.name}' now`, cause: whyNobody(view, release, [clause]), fix: 'raise `percent`, or leave it for a start without users',
  }));
}

function shadowedRelease(view: View, confirmer: Confirmer, release: ReleaseModel): Finding {
  const { place, plan } = release;
  const boxes = view.taken(place);
  const cause = view.cause(boxes, place);
  if (cause === null) return notDecided(release, 'it is never selected, but which releases take its requests was not found out within the bound');
  const by = names(cause);
  const smallest = Math.min(...cause.map((other) => other.plan.priority));
  return makeFinding({ kind: 'shadowed', release: plan.name, by }, {
    places: [releaseAt(release), ...cause.map(releaseAt)], message: `'${plan.name}' is never selected: ${listOf(by)} ${by.length === 1 ? 'takes' : 'take together'} every request that it matches`,
    cause: `priority ${cause.map((other) => String(other.plan.priority)).join(', ')} wins over ${plan.priority}: the smaller number goes first`,
    fix: smallest > 0 ? `give '${plan.name}' a priority below ${smallest}` : `give '${plan.name}' a smaller priority number than ${listOf(by)}`,
    witness: loss(view, confirmer, release, boxes, cause),
  });
}

/** A request of `boxes` that goes elsewhere: to one of the causes if it can be, for somebody before them may win there. */
function loss(view: View, confirmer: Confirmer, release: ReleaseModel, boxes: readonly Box[], causes: readonly ReleaseModel[]): Witness | null {
  for (const cause of causes) {
    const common = boxes.flatMap((box) => view.taken(cause.place).flatMap((other) => intersectBoxes(box, other) ?? []));
    const won = view.left(common, cause.place);
    const found = won.kind === 'open' ? confirmer.witness(won.box, { lane: [cause.plan.name], matches: [release.place] }) : null;
    if (found !== null) return found;
  }
  const [box] = boxes;
  return box === undefined ? null : confirmer.witness(box, { not: release.plan.name, matches: [release.place] });
}

function shadowedClauses(view: View, confirmer: Confirmer, release: ReleaseModel): readonly Finding[] {
  if (release.clauses.length < 2) return [];
  return release.clauses.flatMap((clause) => {
    const boxes = view.model.taken(release, clause, view.percentages);
    if (boxes.length === 0) return [];
    const { kind } = view.cover(boxes, view.above(release.place));
    if (kind === 'open') return [];
    const cause = kind === 'covered' ? view.cause(boxes, release.place) : null;
    if (cause === null) return [notDecided(release, `whether clause ${clause.plan.clause + 1} ever serves was not found out within the bound`)];
    const by = names(cause);
    return [makeFinding({ kind: 'shadowed-clause', release: release.plan.name, clause: clause.plan.clause, by }, {
      places: [clauseAt(release, clause), ...cause.map(releaseAt)], message: `clause ${clause.plan.clause + 1} of '${release.plan.name}' never serves: ${listOf(by)} ${by.length === 1 ? 'takes' : 'take together'} every request that it matches`,
      cause: 'they have smaller priority numbers', fix: 'remove the clause, or give the release a smaller priority number',
      witness: loss(view, confirmer, release, boxes, cause),
    })];
  });
}

function redundantClauses(view: View, confirmer: Confirmer, release: ReleaseModel): readonly Finding[] {
  const live = release.clauses.map((clause) => ({ clause, boxes: view.model.taken(release, clause, view.percentages) })).filter(({ boxes }) => boxes.length > 0);
  if (live.length < 2) return [];
  return live.flatMap(({ clause, boxes }, i) => {
    const others = live.filter((_, j) => j !== i && !(j > i && same(view, boxes, live[j]?.boxes ?? [])));
    const { kind } = view.coverBoxes(boxes, others.flatMap((other) => other.boxes));
    if (kind === 'open') return [];
    if (kind === 'undecided') return [notDecided(release, `whether clause ${clause.plan.clause + 1} is needed was not found out within the bound`)];
    const alone = others.find((other) => view.coverBoxes(boxes, other.boxes).kind === 'covered');
    return [redundant(release, clause, alone?.clause ?? null, boxes[0] === undefined ? null : confirmer.witness(boxes[0], { matches: [release.place] }))];
  });
}

function same(view: View, a: readonly Box[], b: readonly Box[]): boolean {
  return view.coverBoxes(a, b).kind === 'covered' && view.coverBoxes(b, a).kind === 'covered';
}

function redundant(release: ReleaseModel, clause: ClauseModel, by: ClauseModel | null, witness: Witness | null): Finding {
  return makeFinding({ kind: 'redundant', release: release.plan.name, clause: clause.plan.clause }, {
    places: [clauseAt(release, clause), ...(by === null ? [] : [clauseAt(release, by)])], message: `clause ${clause.plan.clause + 1} of '${release.plan.name}' adds nobody`,
    cause: by === null ? 'the other clauses together take everyone that it matches' : `clause ${by.plan.clause + 1} takes everyone that it matches`, fix: 'remove it', witness,
  });
}
