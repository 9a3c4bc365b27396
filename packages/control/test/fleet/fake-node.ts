// A data plane without processes: speaks the real protocol over a pipe in memory, and does what a test says.

import { duplexPair } from 'node:stream';
import type { Clock } from '../../src/clock.ts';
import { withDelta } from '../../src/fleet/delta.ts';
import type { NodeIdentity } from '../../src/fleet/hub.ts';
import { FLEET_WIRE, poolId, wishDigest } from '../../src/fleet/messages.ts';
import type { CountEntry, NodeHello, PoolWish, ServerMessage } from '../../src/fleet/messages.ts';
import type { Replica } from '../../src/fleet/replica.ts';
import { WireEnd } from '../../src/fleet/wire-end.ts';
import type { Snapshot } from '@graylane/rules';

export const anybody: NodeIdentity = { holder: 'tests', name: null, stillHolds: () => Promise.resolve(true) };

export class FakeNode {
  readonly name: string;
  readonly heard: ServerMessage[] = [];
  /** Generations in the order in which new requests began with them. */
  readonly begun: number[] = [];
  readonly counted: number[] = [];
  /** Does not answer strategies. */
  mute = false;
  /** Pools that do not start here. */
  readonly broken = new Set<string>();
  /** Pools that take their time. */
  readonly slow = new Set<string>();
  generation = 0;
  boot = 'one';
  ended = false;
  wishes: readonly PoolWish[] = [];
  readonly #clock: Clock;
  readonly #held = new Map<number, Snapshot>();
  #end: WireEnd<ServerMessage> | null = null;
  #unheard: ServerMessage[] | null = null;

  constructor(name: string, clock: Clock) {
    this.name = name;
    this.#clock = clock;
  }

  join(replica: Replica, identity: NodeIdentity = anybody, hello: Partial<NodeHello> = {}): void {
    const [near, far] = duplexPair();
    replica.effects.attach(far, new Uint8Array(), identity);
    this.ended = false;
    const end = new WireEnd<ServerMessage>(near, this.#clock, {
      message: (message) => this.#told(message),
      closed: () => { if (this.#end === end) this.ended = true; },
    });
    this.#end = end;
    end.send({ kind: 'hello', wire: FLEET_WIRE, name: this.name, labels: {}, boot: this.boot, generation: this.generation, forward: null, ...hello });
    this.#report();
  }

  /** The one that it has now; it stays open when it joins elsewhere. */
  connection(): { close(): void } {
    const end = this.#end;
    return { close: () => end?.close() };
  }

  /** It hears nothing until it is let go, as one that got no processor for a while. */
  hold(): void {
    this.#unheard = [];
  }

  letGo(): void {
    const unheard = this.#unheard ?? [];
    this.#unheard = null;
    for (const message of unheard) this.#told(message);
  }

  leave(): void {
    this.#end?.close();
  }

  counts(seq: number, entries: readonly CountEntry[]): void {
    this.#end?.send({ kind: 'counts', seq, entries });
  }

  /** What was slow is ready now. */
  hurry(): void {
    this.slow.clear();
    this.#report();
  }

  #told(message: ServerMessage): void {
    if (this.#unheard !== null) {
      this.#unheard.push(message);
      return;
    }
    this.heard.push(message);
    switch (message.kind) {
      case 'strategy':
        this.#hold(message.generation, message.snapshot);
        break;
      case 'delta': {
        const base = this.#held.get(message.from);
        const snapshot = base === undefined ? null : withDelta(base, message.delta);
        if (snapshot === null) this.#end?.send({ kind: 'lost', generation: message.generation });
        else this.#hold(message.generation, snapshot);
        break;
      }
      case 'begin':
        if (this.mute || !this.#held.has(message.generation)) return;
        this.generation = Math.max(this.generation, message.generation);
        this.begun.push(message.generation);
        this.#end?.send({ kind: 'begun', generation: message.generation });
        break;
      case 'pools':
        this.wishes = message.wishes;
        this.#report();
        break;
      case 'keys':
        this.#end?.send({ kind: 'keyed', digest: message.digest });
        break;
      case 'ping':
        this.#end?.send({ kind: 'pong' });
        break;
      case 'counted':
        this.counted.push(message.seq);
        break;
      case 'welcome': case 'refused': case 'endpoints':
        break;
    }
  }

  #hold(generation: number, snapshot: Snapshot): void {
    if (this.mute) return;
    this.#held.set(generation, snapshot);
    this.#end?.send({ kind: 'ack', generation });
  }

  #report(): void {
    const pools = this.wishes.map((wish) => {
      if (this.slow.has(poolId(wish))) return { id: poolId(wish), digest: wishDigest(wish), open: false, state: 'starting' as const };
      const failed = this.broken.has(poolId(wish));
      return { id: poolId(wish), digest: wishDigest(wish), open: wish.open, ...(failed ? { state: 'failed' as const, failure: { code: 'GL2006', message: 'exited with code 1' } } : { state: 'ready' as const }) };
    });
    const workers = this.wishes.map(({ service, version, role }) => ({ id: `${service}.${version}.0`, service, version, role, pid: 1, state: 'ready', ready: true, generation: this.generation, startedAt: 0, restarts: 0, rss: null, inFlight: null, waiting: null }));
    this.#end?.send({ kind: 'report', pools, workers, offers: [] });
  }
}
