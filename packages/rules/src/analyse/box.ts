// Boxes: a set of classes per dimension, everything on the others. Regions of requests are unions of boxes.

import type { ClassSet } from './classset.ts';

/** Only the dimensions that it narrows; never an empty set. */
export type Box = ReadonlyMap<number, ClassSet>;

export const EVERYTHING: Box = new Map();

export function boxesMeet(a: Box, b: Box): boolean {
  const [small, large] = a.size <= b.size ? [a, b] : [b, a];
  for (const [dimension, set] of small) {
    const other = large.get(dimension);
    if (other !== undefined && !set.meets(other)) return false;
  }
  return true;
}

/** Null when they do not meet. */
export function intersectBoxes(a: Box, b: Box): Box | null {
  const both = new Map(a);
  for (const [dimension, set] of b) {
    const other = both.get(dimension);
    const common = other === undefined ? set : other.and(set);
    if (common.size === 0) return null;
    both.set(dimension, common);
  }
  return both;
}

/** `inner` narrowed on one dimension; null when nothing is left. */
export function narrow(box: Box, dimension: number, set: ClassSet): Box | null {
  return set.size === 0 ? null : new Map(box).set(dimension, set);
}

/** One class per dimension; dimensions not in it are free. */
export type Point = ReadonlyMap<number, number>;

/** `rest` gives the class of a dimension that the point leaves free. */
export function contains(box: Box, point: Point, rest: (dimension: number) => number): boolean {
  for (const [dimension, set] of box) if (!set.has(point.get(dimension) ?? rest(dimension))) return false;
  return true;
}
