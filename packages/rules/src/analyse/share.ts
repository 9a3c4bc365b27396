// How many of the users behind one kind of request a release takes, by the measure of its buckets.

import type { Box } from './box.ts';
import type { ClassSet } from './classset.ts';
import type { View } from './view.ts';
import { bucketShare } from './witness.ts';

/** The share (0-1) that `winner` takes of requests like those in `box`, over all buckets; buckets of different salts are independent. */
export function winnerShare(view: View, winner: number, box: Box): number {
  const { model } = view;
  const isBucket = (dimension: number): boolean => model.dimensions[dimension]?.kind === 'bucket';
  const point = (dimension: number): number => model.pick(dimension, box.get(dimension) ?? model.full(dimension));
  const here = (boxes: readonly Box[]): readonly Box[] => boxes.filter((other) => [...other].every(([dimension, set]) => isBucket(dimension) || set.has(point(dimension))));
  const own = here(view.taken(winner));
  const before = (view.neighbours.earlier[winner] ?? []).flatMap((other) => here(view.taken(other)));
  const shares = own.map((mine) => {
    const dimensions = new Set([...mine.keys(), ...before.flatMap((other) => [...other.keys()])].filter(isBucket));
    let share = 1;
    for (const dimension of dimensions) {
      let set = mine.get(dimension) ?? model.full(dimension);
      for (const other of before) set = set.minus(other.get(dimension) ?? none(set));
      share *= measure(view, dimension, set);
    }
    return share;
  });
  return shares.reduce((most, share) => Math.max(most, share), 0);
}

function none(set: ClassSet): ClassSet {
  return set.minus(set);
}

function measure(view: View, place: number, set: ClassSet): number {
  const dimension = view.model.dimensions[place];
  if (dimension?.kind !== 'bucket') return 1;
  return bucketShare(dimension.cuts, set);
}
