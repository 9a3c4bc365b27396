// Boxes of many owners, found again by what meets them without comparing all with all. It knows owners by their places only.

import type { Box } from './box.ts';
import { boxesMeet } from './box.ts';

/** A set of so few classes is looked up class by class. */
const SMALL_SET = 8;

interface Entry { readonly box: Box; readonly place: number }

/** Files boxes under their narrowest dimension. */
export class BoxIndex {
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
