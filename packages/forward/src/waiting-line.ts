// A bounded first-in first-out line with one longest wait for all; removal from the middle is cheap. Pure but for the time it is given.

/** Asked each time: they may change while somebody waits. */
export interface WaitBounds {
  readonly waitingPerGroup: number;
  readonly waitMs: number;
}

export class WaitingLine<T> {
  readonly #bounds: WaitBounds;
  /** In order of arrival, and when that was; a Map keeps it and removes in constant time. */
  readonly #line = new Map<T, number>();

  constructor(bounds: WaitBounds) {
    this.#bounds = bounds;
  }

  get length(): number {
    return this.#line.size;
  }

  get first(): T | undefined {
    for (const member of this.#line.keys()) return member;
    return undefined;
  }

  /** False when the line is full. */
  push(member: T, now: number): boolean {
    if (this.#line.size >= this.#bounds.waitingPerGroup) return false;
    this.#line.set(member, now);
    return true;
  }

  remove(member: T): void {
    this.#line.delete(member);
  }

  /** How long it has waited. */
  waitedMs(member: T, now: number): number {
    return now - (this.#line.get(member) ?? now);
  }

  /** Removes and returns those whose time is over. */
  takeLate(now: number): T[] {
    const late: T[] = [];
    for (const [member, since] of this.#line) {
      if (now - since < this.#bounds.waitMs) break;
      late.push(member);
    }
    for (const member of late) this.#line.delete(member);
    return late;
  }

  takeAll(): T[] {
    const all = [...this.#line.keys()];
    this.#line.clear();
    return all;
  }
}
