// What data planes have counted, added up by what status and metrics ask for. It must not know who sends it or how.

import { NOTES, type Count } from '@graylane/wire';

/** Generations that a request can still carry, and a few more for a look back. */
const GENERATIONS_LIMIT = 16;

/** The lane's version could not serve, and stable did. */
export const UNAVAILABLE = 'unavailable';
/** Lanes times reasons times services: far above what a strategy has, far below what memory minds. */
const CELLS_LIMIT = 20_000;

export interface Cell {
  readonly service: string;
  readonly generation: number;
  /** Null is stable. */
  readonly lane: string | null;
  readonly reason: string;
  requests: number;
}

export class Tally {
  readonly #cells = new Map<string, Cell>();
  /** Requests since the start by service, lane and reason, whatever the generation: a counter that never falls. */
  readonly #totals = new Map<string, Cell>();
  #newest = 0;
  #dropped = 0;

  /** Counts since the last message of one worker; each message is added once. */
  add(service: string, counts: readonly Count[]): void {
    for (const { generation, lane, reason, requests } of counts) {
      this.#bump(this.#cells, { service, generation, lane, reason, requests });
      this.#bump(this.#totals, { service, generation: 0, lane, reason, requests });
      if (generation > this.#newest) this.#forgetBefore(generation);
    }
  }

  /**
   * Requests of `service` that were decided by a generation of at least `from`. What was noted beside decisions is none,
   * but for `unavailable`: it says of requests that are here already that stable served them.
   */
  since(service: string, from: number): readonly Cell[] {
    return [...this.#cells.values()].filter((cell) => cell.service === service && cell.generation >= from && (cell.reason === UNAVAILABLE || !NOTES.has(cell.reason)));
  }

  totals(): readonly Readonly<Cell>[] {
    return [...this.#totals.values()];
  }

  /** Requests that were counted in no cell, because there were too many kinds. */
  get dropped(): number {
    return this.#dropped;
  }

  #bump(cells: Map<string, Cell>, cell: Cell): void {
    const key = `${cell.generation}\0${cell.service}\0${cell.lane ?? ''}\0${cell.reason}`;
    const known = cells.get(key);
    if (known !== undefined) known.requests += cell.requests;
    else if (cells.size < CELLS_LIMIT) cells.set(key, cell);
    else this.#dropped += cell.requests;
  }

  #forgetBefore(newest: number): void {
    this.#newest = newest;
    for (const [key, cell] of this.#cells) if (cell.generation <= newest - GENERATIONS_LIMIT) this.#cells.delete(key);
  }
}
