// Is a box covered by a union of boxes? Exact, by splitting the box along one cover at a time; the work is bounded.

import type { Box } from './box.ts';
import { boxesMeet } from './box.ts';
import type { ClassSet } from './classset.ts';

/** Steps that one analysis may spend; a step is one look at one box. */
export class Budget {
  #left: number;

  constructor(steps: number) {
    this.#left = steps;
  }

  /** False when there is nothing left. */
  spend(steps: number): boolean {
    this.#left -= steps;
    return this.#left >= 0;
  }

  get spent(): boolean {
    return this.#left < 0;
  }
}

/** `open` carries a part of the box that no cover touches. */
export type Coverage = { readonly kind: 'covered' } | { readonly kind: 'open'; readonly box: Box } | { readonly kind: 'undecided' };

const COVERED: Coverage = { kind: 'covered' };
const UNDECIDED: Coverage = { kind: 'undecided' };

/** Deeper than any strategy that people write; beyond it the answer is "not decided". */
const DEPTH_LIMIT = 400;

/** `full` gives all classes of a dimension. */
export function cover(box: Box, covers: readonly Box[], full: (dimension: number) => ClassSet, budget: Budget): Coverage {
  return search(box, covers, full, budget, 0);
}

/** The first region of `boxes` that `covers` leave open. */
export function coverAll(boxes: readonly Box[], covers: readonly Box[], full: (dimension: number) => ClassSet, budget: Budget): Coverage {
  let undecided = false;
  for (const box of boxes) {
    const found = cover(box, covers, full, budget);
    if (found.kind === 'open') return found;
    undecided ||= found.kind === 'undecided';
  }
  return undecided ? UNDECIDED : COVERED;
}

/** A cover, in how many dimensions it does not hold the box, and one of those. */
interface Candidate { readonly box: Box; readonly open: number; readonly dimension: number }

function search(start: Box, covers: readonly Box[], full: (dimension: number) => ClassSet, budget: Budget, depth: number): Coverage {
  if (depth > DEPTH_LIMIT) return UNDECIDED;
  let box = start;
  let left: readonly Box[] = covers;
  for (;;) {
    if (!budget.spend(left.length + 1)) return UNDECIDED;
    const candidates = touching(box, left, full);
    if (candidates === null) return COVERED;
    if (candidates.length === 0) return { kind: 'open', box };
    const single = candidates.filter(({ open }) => open === 1);
    if (single.length === 0) return split(box, candidates, full, budget, depth);
    // A cover that fits but for one dimension leaves only what it does not reach there.
    const rest = subtract(box, single, full);
    if (rest === null) return COVERED;
    box = rest;
    left = candidates.filter(({ open }) => open > 1).map((candidate) => candidate.box);
  }
}

/** The covers that meet the box; null when one holds it all. */
function touching(box: Box, covers: readonly Box[], full: (dimension: number) => ClassSet): readonly Candidate[] | null {
  const found: Candidate[] = [];
  for (const candidate of covers) {
    if (!boxesMeet(box, candidate)) continue;
    let open = 0;
    let last = -1;
    for (const [dimension, set] of candidate) {
      if ((box.get(dimension) ?? full(dimension)).isWithin(set)) continue;
      open += 1;
      last = dimension;
    }
    if (open === 0) return null;
    found.push({ box: candidate, open, dimension: last });
  }
  return found;
}

function subtract(box: Box, candidates: readonly Candidate[], full: (dimension: number) => ClassSet): Box | null {
  const taken = new Map<number, ClassSet[]>();
  for (const candidate of candidates) {
    const set = candidate.box.get(candidate.dimension);
    if (set === undefined) continue;
    const known = taken.get(candidate.dimension);
    if (known === undefined) taken.set(candidate.dimension, [set]);
    else known.push(set);
  }
  const rest = new Map(box);
  for (const [dimension, sets] of taken) {
    const remaining = (rest.get(dimension) ?? full(dimension)).minus(...sets);
    if (remaining.size === 0) return null;
    rest.set(dimension, remaining);
  }
  return rest;
}

/** Along the cover that leaves the fewest dimensions open: the pieces outside it, disjoint. */
function split(box: Box, candidates: readonly Candidate[], full: (dimension: number) => ClassSet, budget: Budget, depth: number): Coverage {
  const by = candidates.reduce((best, candidate) => (candidate.open < best.open ? candidate : best));
  const others = candidates.filter((candidate) => candidate !== by).map((candidate) => candidate.box);
  let inside = new Map(box);
  let undecided = false;
  for (const [dimension, set] of by.box) {
    const own = inside.get(dimension) ?? full(dimension);
    if (own.isWithin(set)) continue;
    const found = search(new Map(inside).set(dimension, own.minus(set)), others, full, budget, depth + 1);
    if (found.kind === 'open') return found;
    undecided ||= found.kind === 'undecided';
    inside = new Map(inside).set(dimension, own.and(set));
  }
  return undecided ? UNDECIDED : COVERED;
}
