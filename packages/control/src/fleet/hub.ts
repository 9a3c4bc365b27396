// The data planes that are connected to this server: who they are, what they have, and what they are told.
// It must not know the store, nor other servers.

import type { Duplex } from 'node:stream';
import type { Snapshot } from '@graylane/rules';
import type { DeliveredKeys } from '../access/fleet-keys.ts';
import type { Cancel, Clock } from '../clock.ts';
import { Awaited } from './awaited.ts';
import { checked } from './checked.ts';
import type { ConnectedNode, NodeIdentity, Standing } from './connected-node.ts';
import { deltaOf } from './delta.ts';
import { FLEET_WIRE, PING_EVERY_MS } from './messages.ts';
import type { NodeCounts, NodeHello, NodeMessage, NodeReport, PoolWish, ServerEndpoints } from './messages.ts';
import { Echo, encode, encodeText, WireEnd } from './wire-end.ts';
import type { Encoded } from './wire-end.ts';

export type { ConnectedNode, NodeIdentity, Standing } from './connected-node.ts';

export interface HubEvents {
  /** Joined, left, or reported something new. */
  changed(name: string): void;
  /** Has a strategy, or began with it. */
  moved(name: string): void;
  counts(node: ConnectedNode, message: NodeCounts, counted: () => void): void;
}

export interface HubOptions {
  readonly clock: Clock;
  readonly replica: string;
  readonly events: HubEvents;
  /** What time it is for the fleet, in milliseconds since 1970. */
  readonly fleetNow: () => number;
}

interface Member {
  hello: NodeHello;
  readonly identity: NodeIdentity;
  readonly end: WireEnd<NodeMessage>;
  readonly since: number;
  /** Of a round of pings. */
  readonly turn: number;
  acked: number;
  begun: number;
  keyed: string;
  report: NodeReport | null;
}

/** Ten times the fleet that we plan for. */
export const NODES_LIMIT = 10_000;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
/** A token that was revoked is out after at most so long. */
const RECHECK_MS = 5_000;
/** A round is so many turns: a thousand pings and their answers at once would hold up a publication. */
const PING_TURNS = 20;
const TURN_MS: number = PING_EVERY_MS / PING_TURNS;
/** Who has connected and does not say who it is. */
const HELLO_LIMIT_MS = 5_000;

export class Hub {
  readonly #options: HubOptions;
  readonly #members = new Map<string, Member>();
  readonly #awaited: Awaited<Member>;
  readonly #echo = new Echo<NodeMessage>();
  /** The last message that made sense, for it may come again as it is. */
  #sensible: NodeMessage | null = null;
  #strategy: { readonly generation: number; readonly snapshot: Snapshot; readonly whole: Encoded } | null = null;
  #delta: { readonly from: number; readonly bytes: Encoded } | null = null;
  /** What everybody begins with, and what some may begin with before the others. */
  #begin = 0;
  #first: { readonly generation: number; readonly which: (hello: NodeHello) => boolean } | null = null;
  #wishes: Encoded | null = null;
  #endpoints: Encoded | null = null;
  #keys: Encoded | null = null;
  #joined = 0;
  #cancelTimers: Cancel = () => undefined;

  constructor(options: HubOptions) {
    this.#options = options;
    this.#awaited = new Awaited(options.clock);
    this.#tick(0);
  }

  nodes(): readonly ConnectedNode[] {
    return [...this.#members.values()].map(nodeOf);
  }

  get size(): number {
    return this.#members.size;
  }

  /** Names of those of whom it holds; a look at each, and nothing made of it. */
  which(holds: (node: Standing & Pick<ConnectedNode, 'hello'>) => boolean): readonly string[] {
    const names: string[] = [];
    for (const member of this.#members.values()) if (holds(member)) names.push(member.hello.name);
    return names;
  }

  /** The newest strategy that any of them has begun with. */
  get newestBegun(): number {
    let newest = 0;
    for (const { begun } of this.#members.values()) newest = Math.max(newest, begun);
    return newest;
  }

  node(name: string): ConnectedNode | null {
    const member = this.#members.get(name);
    return member === undefined ? null : nodeOf(member);
  }

  /** A connection of somebody whose credential holds; its first message says who it is. */
  attach(socket: Duplex, head: Uint8Array, identity: NodeIdentity): void {
    let member: Member | null = null;
    const end = new WireEnd<NodeMessage>(socket, this.#options.clock, {
      message: (message) => {
        if (message !== this.#sensible) {
          const sense = checked(message);
          if (sense === 'wrong') end.close();
          if (sense !== 'right') return;
          this.#sensible = message;
        }
        if (member !== null) this.#said(member, message);
        else if (message.kind === 'hello') member = this.#join(message, identity, end);
      },
      closed: () => {
        if (member !== null) this.#left(member);
      },
    }, this.#echo);
    this.#options.clock.after(HELLO_LIMIT_MS, () => {
      if (member === null) end.close();
    });
    end.read(head);
  }

  /** First phase: every data plane gets the strategy and keeps it. */
  stage(snapshot: Snapshot, generation: number): void {
    const before = this.#strategy;
    if (before !== null && generation <= before.generation) return;
    const text = JSON.stringify(snapshot);
    const delta = before === null ? null : encode({ kind: 'delta', from: before.generation, generation, delta: deltaOf(before.snapshot, snapshot, text) });
    this.#strategy = { generation, snapshot, whole: encodeText(`{"kind":"strategy","generation":${generation},"snapshot":${text}}`) };
    this.#delta = before === null || delta === null || delta.length > this.#strategy.whole.length / 2 ? null : { from: before.generation, bytes: delta };
    for (const member of this.#members.values()) this.#sendStrategy(member);
  }

  /** Second phase: new requests are decided by it, at those data planes that `which` means. */
  begin(generation: number, which: ((hello: NodeHello) => boolean) | null = null): void {
    this.#first = which === null ? null : { generation, which };
    if (which === null) this.#begin = Math.max(this.#begin, generation);
    const bytes = encode({ kind: 'begin', generation });
    for (const { hello, begun, end } of this.#members.values()) if (which === null || which(hello) || begun === 0) end.sendEncoded(bytes);
  }

  wish(wishes: readonly PoolWish[]): void {
    const bytes = encode({ kind: 'pools', wishes });
    if (this.#wishes !== null && Buffer.compare(this.#wishes, bytes) === 0) return;
    this.#wishes = bytes;
    for (const { end } of this.#members.values()) end.sendEncoded(bytes);
  }

  giveKeys(keys: DeliveredKeys, digest: string): void {
    this.#keys = encode({ kind: 'keys', digest, keys });
    for (const { end } of this.#members.values()) end.sendEncoded(this.#keys);
  }

  tellEndpoints(endpoints: ServerEndpoints['endpoints']): void {
    const bytes = encode({ kind: 'endpoints', endpoints });
    if (this.#endpoints !== null && Buffer.compare(this.#endpoints, bytes) === 0) return;
    this.#endpoints = bytes;
    for (const { end } of this.#members.values()) end.sendEncoded(bytes);
  }

  /** Resolves when `holds` is true of everybody who is connected now, or has left meanwhile, or after `limitMs`. */
  untilAll(holds: (node: Standing) => boolean, limitMs: number, which: (hello: NodeHello) => boolean = () => true): Promise<void> {
    const missing = new Set([...this.#members.values()].filter((member) => which(member.hello) && !holds(member)));
    return this.#awaited.until(missing, (member) => holds(member) || this.#members.get(member.hello.name) !== member, limitMs);
  }

  close(): void {
    this.#cancelTimers();
    for (const { end } of this.#members.values()) end.close();
  }

  #join(hello: NodeHello, identity: NodeIdentity, end: WireEnd<NodeMessage>): Member | null {
    const why = this.#refusal(hello, identity);
    if (why !== null) {
      end.end({ kind: 'refused', why });
      return null;
    }
    // The same machine again, faster than the end of its old connection was heard.
    this.#members.get(hello.name)?.end.close();
    const member: Member = { hello, identity, end, since: this.#options.clock.now(), turn: (this.#joined += 1) % PING_TURNS, acked: hello.generation, begun: hello.generation, keyed: '', report: null };
    this.#members.set(hello.name, member);
    end.send({ kind: 'welcome', wire: FLEET_WIRE, replica: this.#options.replica, at: Math.round(this.#options.fleetNow()) });
    // Before any request of it can be stamped.
    if (this.#keys !== null) end.sendEncoded(this.#keys);
    if (this.#wishes !== null) end.sendEncoded(this.#wishes);
    if (this.#endpoints !== null) end.sendEncoded(this.#endpoints);
    this.#sendStrategy(member);
    // Who has nothing waits for nobody.
    const due = this.#first !== null && (hello.generation === 0 || this.#first.which(hello)) ? this.#first.generation : this.#begin;
    if (due > hello.generation) end.send({ kind: 'begin', generation: due });
    this.#options.events.changed(hello.name);
    return member;
  }

  #refusal({ name, wire }: NodeHello, identity: NodeIdentity): string | null {
    if (wire !== FLEET_WIRE) return `it speaks version ${wire} of the protocol, this server ${FLEET_WIRE}; update the older one`;
    if (!NAME.test(name)) return `'${name.slice(0, 80).replaceAll(/[^\x20-\x7e]/g, '?')}' is no name of a node: letters, digits, '.', '_' and '-', at most 63`;
    if (identity.name !== null && identity.name !== name) return `the credential is for the node '${identity.name}', not '${name}'`;
    const known = this.#members.get(name);
    if (known !== undefined && known.identity.holder !== identity.holder) return `a node '${name}' is connected with another credential`;
    if (known === undefined && this.#members.size >= NODES_LIMIT) return `there are ${NODES_LIMIT} nodes on this server already`;
    return null;
  }

  #said(member: Member, message: NodeMessage): void {
    switch (message.kind) {
      case 'ack':
        member.acked = Math.max(member.acked, message.generation);
        this.#options.events.moved(member.hello.name);
        break;
      case 'begun':
        member.begun = Math.max(member.begun, message.generation);
        this.#options.events.moved(member.hello.name);
        break;
      case 'keyed':
        member.keyed = message.digest;
        break;
      case 'lost':
        if (this.#strategy !== null) member.end.sendEncoded(this.#strategy.whole);
        break;
      case 'report':
        member.report = message;
        this.#options.events.changed(member.hello.name);
        break;
      case 'counts':
        this.#options.events.counts(nodeOf(member), message, () => member.end.send({ kind: 'counted', seq: message.seq }));
        return;
      case 'goodbye':
        member.end.close();
        break;
      case 'hello': case 'pong':
        return;
    }
    this.#awaited.heard(member);
  }

  #left(member: Member): void {
    if (this.#members.get(member.hello.name) !== member) return;
    this.#members.delete(member.hello.name);
    this.#options.events.changed(member.hello.name);
    this.#awaited.heard(member);
  }

  #sendStrategy({ end, acked }: Member): void {
    if (this.#strategy === null || acked >= this.#strategy.generation) return;
    end.sendEncoded(this.#delta?.from === acked ? this.#delta.bytes : this.#strategy.whole);
  }

  #tick(count: number): void {
    this.#cancelTimers = this.#options.clock.after(TURN_MS, () => {
      const ping = encode({ kind: 'ping', at: Math.round(this.#options.fleetNow()) });
      for (const { turn, end } of this.#members.values()) if (turn === count % PING_TURNS) end.sendEncoded(ping);
      if ((count * TURN_MS) % RECHECK_MS < TURN_MS) void this.#recheck();
      this.#tick(count + 1);
    });
  }

  /** A store that does not answer says nothing about a credential: who is in stays. */
  async #recheck(): Promise<void> {
    const holds = new Map<string, Promise<boolean>>();
    for (const { identity, end } of [...this.#members.values()]) {
      const asked = holds.get(identity.holder) ?? identity.stillHolds().catch(() => true);
      holds.set(identity.holder, asked);
      if (!(await asked)) end.end({ kind: 'refused', why: 'its credential was revoked, or is over' });
    }
  }
}

function nodeOf({ hello, identity, since, acked, begun, keyed, report }: Member): ConnectedNode {
  return { hello, holder: identity.holder, since, acked, begun, keyed, report };
}
