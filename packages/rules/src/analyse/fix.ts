// `check --fix`: new priorities under which the narrower audience goes first, if that solves what is wrong.

import { program } from '../compile/compile.ts';
import type { Strategy } from '../document/strategy.ts';
import { parseStrategy } from '../document/strategy.ts';
import type { StrategyDocument } from '../document/types.ts';
import { analyse } from './analyse.ts';
import { Budget } from './cover.ts';
import type { Finding } from './finding.ts';
import { Model } from './model.ts';
import { Neighbours } from './neighbours.ts';
import { View } from './view.ts';

export interface Fix {
  /** Release to its new priority; only those that change. */
  readonly priorities: Readonly<Record<string, number>>;
  readonly document: StrategyDocument;
  /** What is left of the findings that an order can solve. */
  readonly left: readonly Finding[];
}

/** Room for a release between any two. */
const STEP = 10;
const BUDGET = 50_000_000;

const SOLVABLE: ReadonlySet<Finding['kind']> = new Set(['shadowed', 'shadowed-clause', 'equal-priority', 'wider-first']);

/** Null when there is nothing to solve, or when no order by audience solves more than the present one. */
export function fixPriorities(strategy: Strategy): Fix | null {
  const before = analyse(strategy).filter(({ kind }) => SOLVABLE.has(kind));
  if (before.length === 0) return null;
  const places = byAudience(strategy);
  const releases = strategy.document.releases ?? [];
  const priorities = new Map(places.map((index, place) => [index, (place + 1) * STEP]));
  const document: StrategyDocument = { ...strategy.document, releases: releases.map((release, index) => ({ ...release, priority: priorities.get(index) ?? release.priority ?? 0 })) };
  const parsed = parseStrategy(document);
  if (!parsed.ok) return null;
  const left = analyse(parsed.strategy).filter(({ kind }) => SOLVABLE.has(kind));
  if (left.length >= before.length) return null;
  const changed = releases.flatMap((release, index): [string, number][] => (priorities.get(index) === release.priority ? [] : [[release.name, priorities.get(index) ?? 0]]));
  return { priorities: Object.fromEntries(changed), document, left };
}

/** The document's indexes, each release before those whose audience holds its own; the rest in its present order. */
function byAudience(strategy: Strategy): readonly number[] {
  const model = new Model(program(strategy), strategy.document.releases ?? []);
  const neighbours = new Neighbours(model.releases);
  const view = new View(model, neighbours, new Map(), new Budget(BUDGET));
  const narrower = model.releases.map(({ place }) => [...neighbours.earlier[place] ?? [], ...neighbours.later[place] ?? []].filter((other) =>
    view.coverBoxes(view.audience(other), view.audience(place)).kind === 'covered' && view.coverBoxes(view.audience(place), view.audience(other)).kind === 'open'));
  const order: number[] = [];
  const placed = new Set<number>();
  const visit = (place: number): void => {
    if (placed.has(place)) return;
    placed.add(place);
    // Being a proper part has no cycles.
    for (const other of narrower[place] ?? []) visit(other);
    order.push(place);
  };
  for (const { place } of model.releases) visit(place);
  return order.map((place) => model.releases[place]?.plan.index ?? 0);
}
