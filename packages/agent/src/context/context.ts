// What a request carries through a process, and the two halves of carrying it: the small one in the agent's file, and the
// plane with all the hooks. Types only: it must not know how either works.

import type { EventEmitter } from 'node:events';

/** One request's lane, made by the gate and the same object for everything that the request causes. */
export interface Context {
  /** The release, or null for stable. */
  readonly lane: string | null;
  readonly generation: number;
  readonly tags: Readonly<Record<string, string>>;
  /** The members to add to `baggage`, signed and ready; '' adds none. */
  readonly baggage: string;
  /** Headers of `propagate.headers` with their values, carried raw. */
  readonly headers: readonly (readonly [name: string, value: string])[];
}

/** What the plane needs of the agent. */
export interface Equipment {
  /**
   * The context behind a `baggage` text that came another way than with a request: in a message, from another thread.
   * Null when it holds no stamp that can be believed.
   */
  readonly adopt: (baggage: string) => Context | null;
  /** Notes a fault of the plane; the app goes on without. */
  readonly fault: (place: string, fault: unknown) => void;
}

/** The hooks of one process. */
export interface Plane {
  /** Runs `next` in `context`; what `emitters` say later runs in it as well. */
  enter<Result>(context: Context, emitters: readonly EventEmitter[], next: () => Result): Result;
  /** From now on stamps go to these hosts ('name' or 'name:port'), and messages bring these headers along. */
  follow(hosts: readonly string[], carried: readonly string[]): void;
}
