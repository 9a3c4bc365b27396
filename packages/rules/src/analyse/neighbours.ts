// Which releases can match one request, percentages aside: found by what their clauses spell out, not by comparing all with all.

import type { Box } from './box.ts';
import { boxesMeet } from './box.ts';
import type { ReleaseModel } from './model.ts';

/** A set of so few classes is looked up class by class. */
const SMALL_SET = 8;

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

interface Entry { readonly box: Box; readonly place: number }

/** Boxes filed under their narrowest dimension. */
class BoxIndex {
  readonly #broad: Entry[] = [];
  readonly #pivots = new Map<number, { readonly byClass: Map<number, Entry[]>; readonly all: Entry[] }>();

  add(box: Box, place: number): void {
    const entry: Entry = { box, place };
    const [pivot] = [...box].filter(([, set]) => set.size <= SMALL_SET).sort(([, a], [, b]) => a.size - b.size);
    if (pivot === undefined) {
      this.#broad.push(entry);
      return;
    }
    const [dimension, set] = pivot;
    let drawer = this.#pivots.get(dimension);
    if (drawer === undefined) this.#pivots.set(dimension, drawer = { byClass: new Map(), all: [] });
    drawer.all.push(entry);
    for (const member of set.members()) {
      const entries = drawer.byClass.get(member);
      if (entries === undefined) drawer.byClass.set(member, [entry]);
      else entries.push(entry);
    }
  }

  /** Adds the places of all boxes that meet `box`. */
  meeting(box: Box, found: Set<number>): void {
    const test = (entries: readonly Entry[]): void => {
      for (const entry of entries) if (!found.has(entry.place) && boxesMeet(box, entry.box)) found.add(entry.place);
    };
    test(this.#broad);
    for (const [dimension, drawer] of this.#pivots) {
      const set = box.get(dimension);
      if (set === undefined || set.size > SMALL_SET) test(drawer.all);
      else for (const member of set.members()) test(drawer.byClass.get(member) ?? []);
    }
  }
}
