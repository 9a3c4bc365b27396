// Which data plane is connected where, from what every server says. Each server says it under keys of its own, so that the
// belated goodbye of one does not wipe the word of another to which the data plane has moved. It must not know the store.

import { liveKeys } from './live.ts';
import type { LiveNode } from './live.ts';

export class Roster {
  readonly #replica: string;
  /** By data plane, then by the server that says it. */
  readonly #said = new Map<string, Map<string, LiveNode>>();
  readonly #nodes = new Map<string, LiveNode>();

  /** `replica`: the server that this is, which knows more of those that are connected here than anybody's words. */
  constructor(replica: string) {
    this.#replica = replica;
  }

  all(): readonly LiveNode[] {
    return [...this.#nodes.values()];
  }

  /** A word of the store has changed; null when it was taken back. True when offers have changed by it. */
  hear(key: string, value: string | null, isHere: (name: string) => boolean): boolean {
    const { name, replica } = liveKeys.nodeOf(key);
    // The echo of an own word may be older than what is known here.
    return replica === this.#replica && isHere(name) ? false : this.say(name, replica, value === null ? null : (JSON.parse(value) as LiveNode));
  }

  /** True when what it offers has changed by it. */
  say(name: string, replica: string, node: LiveNode | null): boolean {
    const said = this.#said.get(name) ?? new Map<string, LiveNode>();
    if (node === null) said.delete(replica);
    else said.set(replica, node);
    if (said.size === 0) this.#said.delete(name);
    else this.#said.set(name, said);
    // The connection here is known first-hand; otherwise the latest one counts: an older one is dead, and soon taken back.
    const best = said.get(this.#replica) ?? [...said.values()].reduce<LiveNode | null>((latest, one) => (latest === null || one.since > latest.since ? one : latest), null);
    const before = this.#nodes.get(name);
    if (best === null) this.#nodes.delete(name);
    else this.#nodes.set(name, best);
    return before?.offers !== best?.offers;
  }
}
