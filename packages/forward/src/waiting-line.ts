// A bounded first-in first-out line with one deadline for all; removal from the middle is cheap. Pure but for the time it is given.

export class WaitingLine<T> {
  readonly #capacity: number;
  readonly #waitMs: number;
  /** In order of arrival; a Map keeps it and removes in constant time. Values are deadlines. */
  readonly #line = new Map<T, number>();

  constructor(capacity: number, waitMs: number) {
    this.#capacity = capacity;
    this.#waitMs = waitMs;
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
    if (this.#line.size >= this.#capacity) return false;
    this.#line.set(member, now + this.#waitMs);
    return true;
  }

  remove(member: T): void {
    this.#line.delete(member);
  }

  /** How long it has waited. */
  waitedMs(member: T, now: number): number {
    const deadline = this.#line.get(member);
    return deadline === undefined ? 0 : this.#waitMs - (deadline - now);
  }

  /** Removes and returns those whose time is over. */
  takeLate(now: number): T[] {
    const late: T[] = [];
    for (const [member, deadline] of this.#line) {
      if (deadline > now) break;
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
