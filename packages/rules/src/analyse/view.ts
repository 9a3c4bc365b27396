// A strategy at given percentages: what each release takes, whether it ever wins, and who covers it.

import type { Box } from './box.ts';
import type { Budget, Coverage } from './cover.ts';
import { coverAll } from './cover.ts';
import type { Region } from './fewest.ts';
import { fewest } from './fewest.ts';
import type { Model, Percentages, ReleaseModel } from './model.ts';
import type { Neighbours } from './neighbours.ts';

export class View {
  readonly model: Model;
  readonly percentages: Percentages;
  readonly neighbours: Neighbours;
  readonly budget: Budget;
  readonly #taken = new Map<number, readonly Box[]>();
  readonly #wins = new Map<number, Coverage['kind']>();

  constructor(model: Model, neighbours: Neighbours, percentages: Percentages, budget: Budget) {
    this.model = model;
    this.neighbours = neighbours;
    this.percentages = percentages;
    this.budget = budget;
  }

  release(place: number): ReleaseModel {
    const found = this.model.releases[place];
    if (found === undefined) throw new RangeError(`no release at ${place}`);
    return found;
  }

  /** Percentages aside. */
  audience(place: number): readonly Box[] {
    return this.release(place).clauses.flatMap(({ audience }) => audience ?? []);
  }

  taken(place: number): readonly Box[] {
    let boxes = this.#taken.get(place);
    if (boxes === undefined) {
      const release = this.release(place);
      this.#taken.set(place, boxes = release.clauses.flatMap((clause) => this.model.taken(release, clause, this.percentages)));
    }
    return boxes;
  }

  takenByClause(place: number, clause: number): readonly Box[] {
    const release = this.release(place);
    const found = release.clauses[clause];
    return found === undefined ? [] : this.model.taken(release, found, this.percentages);
  }

  /** Neighbours with a smaller priority number. */
  above(place: number): readonly number[] {
    const { priority } = this.release(place).plan;
    return (this.neighbours.earlier[place] ?? []).filter((other) => this.release(other).plan.priority < priority);
  }

  /** What of `boxes` no release before `place` takes. */
  left(boxes: readonly Box[], place: number): Coverage {
    return this.cover(boxes, this.neighbours.earlier[place] ?? []);
  }

  cover(boxes: readonly Box[], by: readonly number[]): Coverage {
    return coverAll(boxes, by.flatMap((other) => this.taken(other)), this.model.full, this.budget);
  }

  coverBoxes(boxes: readonly Box[], by: readonly Box[]): Coverage {
    return coverAll(boxes, by, this.model.full, this.budget);
  }

  /** 'open': some request enters the release; 'covered': none does. */
  wins(place: number): Coverage['kind'] {
    let kind = this.#wins.get(place);
    if (kind === undefined) this.#wins.set(place, kind = this.left(this.taken(place), place).kind);
    return kind;
  }

  /** Taken by releases of smaller priority number altogether; false when it takes nobody in the first place. */
  shadowed(place: number): Coverage['kind'] | 'nobody' {
    const boxes = this.taken(place);
    return boxes.length === 0 ? 'nobody' : this.cover(boxes, this.above(place)).kind;
  }

  /** The fewest releases that win somewhere and together take all of `boxes`; of equals those of the smallest priorities. Null when not decided. */
  cause(boxes: readonly Box[], place: number): readonly ReleaseModel[] | null {
    const regions = this.above(place).filter((other) => this.wins(other) !== 'covered').map((other): Region<ReleaseModel> => ({ of: this.release(other), boxes: this.taken(other) }));
    return fewest(boxes, regions, this.model.full, this.model.pick, this.budget)?.map(({ of }) => of) ?? null;
  }
}
