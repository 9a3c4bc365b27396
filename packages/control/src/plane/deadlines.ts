// How long something has lasted, in time that cannot jump, also over a restart. It must not know what is waited for.

import type { Clock } from '../clock.ts';
import type { ReleaseState } from '../release/state.ts';

export class Deadlines {
  readonly #clock: Clock;
  /** By release and turn, or by any other name: when it began, in monotonic time. */
  readonly #begun = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Milliseconds left of `durationMs` since the turn of `state` began, and not before `notBefore` (its window opens). Seen for the first time (a restart), the wall clock
   * says how much has passed; when that went back meanwhile, nothing has: waiting too long is the safe side.
   */
  left(state: ReleaseState, durationMs: number, notBefore = 0): number {
    const key = keyOf(state);
    let begun = this.#begun.get(key);
    if (begun === undefined) {
      begun = this.#clock.monotonic() - Math.max(0, this.#clock.now() - Math.max(state.since, notBefore));
      this.#begun.set(key, begun);
    }
    return begun + durationMs - this.#clock.monotonic();
  }

  /** Milliseconds left of `durationMs` since `name` was first asked for. */
  since(name: string, durationMs: number): number {
    const begun = this.#begun.get(`since ${name}`) ?? this.#clock.monotonic();
    this.#begun.set(`since ${name}`, begun);
    return begun + durationMs - this.#clock.monotonic();
  }

  forget(name: string): void {
    this.#begun.delete(`since ${name}`);
  }

  /** Drops what is about turns that are over, so that the map stays as large as the releases. */
  keepOnly(releases: ReadonlyMap<string, ReleaseState>): void {
    const live = new Set([...releases.values()].map(keyOf));
    for (const key of this.#begun.keys()) if (key.startsWith('turn ') && !live.has(key)) this.#begun.delete(key);
  }
}

function keyOf({ name, turn }: ReleaseState): string {
  return `turn ${turn} ${name}`;
}
