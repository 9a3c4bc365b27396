// The fewest of many regions that together cover a target: the minimal cause of a shadow.
// Implicit hitting set: uncovered parts are collected as points until the smallest choice that hits them all also covers all.

import type { Box } from './box.ts';
import { contains } from './box.ts';
import type { ClassSet } from './classset.ts';
import type { Budget } from './cover.ts';
import { coverAll } from './cover.ts';

export interface Region<T> { readonly of: T; readonly boxes: readonly Box[] }

/** Choices tried per round; beyond it the cover found is small, not proven the smallest. */
const CHOICES_LIMIT = 200_000;

/** In the order of `regions`, of which the earlier ones are preferred. All of them must cover the target. Null when not decided. */
export function fewest<T>(target: readonly Box[], regions: readonly Region<T>[], full: (dimension: number) => ClassSet, pick: (dimension: number, set: ClassSet) => number, budget: Budget): readonly Region<T>[] | null {
  const points: (readonly number[])[] = [];
  const rest = (dimension: number): number => pick(dimension, full(dimension));
  for (;;) {
    const choice = smallestHitting(points, regions.length);
    const chosen = choice.flatMap((i) => regions[i] ?? []);
    const coverage = coverAll(target, chosen.flatMap(({ boxes }) => boxes), full, budget);
    if (coverage.kind === 'covered') return chosen;
    if (coverage.kind === 'undecided') return null;
    const point = new Map([...coverage.box].map(([dimension, set]) => [dimension, pick(dimension, set)]));
    const hit = regions.flatMap(({ boxes }, i) => (boxes.some((box) => contains(box, point, rest)) ? [i] : []));
    if (hit.length === 0 || !budget.spend(regions.length)) return null;
    points.push(hit);
  }
}

/** The smallest set with a member in each of `sets`; of equals the first in order. */
function smallestHitting(sets: readonly (readonly number[])[], count: number): readonly number[] {
  const work = { left: CHOICES_LIMIT };
  for (let size = 0; size <= count; size++) {
    const found = choose(sets, [], size, work);
    if (found !== null) return [...found].sort((a, b) => a - b);
  }
  return [...new Set(sets.flatMap((set) => set[0] ?? []))].sort((a, b) => a - b);
}

function choose(sets: readonly (readonly number[])[], chosen: readonly number[], left: number, work: { left: number }): readonly number[] | null {
  const missed = sets.find((set) => !set.some((member) => chosen.includes(member)));
  if (missed === undefined) return chosen;
  if (left === 0 || work.left-- <= 0) return null;
  let best: readonly number[] | null = null;
  for (const member of missed) {
    const found = choose(sets, [...chosen, member], left - 1, work);
    if (found !== null && (best === null || earlier(found, best))) best = found;
  }
  return best;
}

function earlier(a: readonly number[], b: readonly number[]): boolean {
  const [left, right] = [[...a].sort((x, y) => x - y), [...b].sort((x, y) => x - y)];
  for (const [i, member] of left.entries()) if (member !== right[i]) return member < (right[i] ?? 0);
  return false;
}
