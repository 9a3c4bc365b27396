// Which releases can match one request, percentages aside: found by what their clauses spell out, not by comparing all with all.

import { BoxIndex } from './box-index.ts';
import type { ReleaseModel } from './model.ts';

export class Neighbours {
  /** Per place the places before it whose audience meets its own, ascending. */
  readonly earlier: readonly (readonly number[])[];
  readonly later: readonly (readonly number[])[];

  constructor(releases: readonly ReleaseModel[]) {
    const index = new BoxIndex();
    const later: number[][] = releases.map(() => []);
    this.earlier = releases.map(({ place, clauses }) => {
      const found = new Set<number>();
      const boxes = clauses.flatMap(({ audience }) => audience ?? []);
      for (const box of boxes) index.meeting(box, found);
      for (const box of boxes) index.add(box, place);
      const places = [...found].sort((a, b) => a - b);
      for (const other of places) later[other]?.push(place);
      return places;
    });
    this.later = later;
  }
}
