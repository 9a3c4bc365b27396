// What the control plane may have done on many machines: wishes in the store, strategies in two phases over every server.
// It decides nothing; the same call on any server comes to the same.

import { createHash } from 'node:crypto';
import type { ServiceSpec, Snapshot, VersionSpec } from '@graylane/rules';
import type { DeliveredKeys } from '../access/fleet-keys.ts';
import type { Cancel, Clock } from '../clock.ts';
import type { Effects, Published, WorkerFacts } from '../effects.ts';
import type { Store } from '../store/store.ts';
import { FleetTime } from './fleet-time.ts';
import { Hub } from './hub.ts';
import type { ConnectedNode, HubEvents, NodeIdentity } from './hub.ts';
import { liveKeys } from './live.ts';
import type { LiveNode, LiveReplica, LiveTime } from './live.ts';
import { endpointsOf } from './endpoints.ts';
import { Lookout } from './lookout.ts';
import type { PoolWish } from './messages.ts';
import { Mirror } from './mirror.ts';
import { Presence } from './presence.ts';
import { Roster } from './roster.ts';
import { Stages } from './stages.ts';
import type { FirstStage } from './stages.ts';
import { Wishes } from './wishes.ts';

export interface FleetOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** Unique among the servers that run now. */
  readonly replica: string;
  /** Who begins with a new strategy before the others; absent: all at once. */
  readonly first?: FirstStage;
  readonly counts: HubEvents['counts'];
  readonly onFault: (what: string, error: unknown) => void;
}

/** Each phase of a publication waits for data planes so long, then names the laggards. */
const PHASE_LIMIT_MS = 250;
/** For the other servers; their own waits are part of it. */
const REPLICAS_LIMIT_MS = 500;
/** Both phases of another server with laggards of its own, and its word of it. */
const ELSEWHERE_LIMIT_MS: number = 2 * PHASE_LIMIT_MS + REPLICAS_LIMIT_MS;
/** A rotation that is not everywhere by then is tried again a minute later. */
const KEYS_LIMIT_MS = 2_000;
const PRESENCE_TTL_MS = 10_000;
/** Changes of one moment are told once. */
const GATHER_MS = 10;

export class FleetEffects implements Effects {
  readonly hub: Hub;
  /** By which seals end. */
  readonly time: FleetTime;
  readonly #options: FleetOptions;
  readonly #presence: Presence;
  readonly #live: Mirror;
  readonly #wished: Mirror;
  readonly #wishes: Wishes;
  readonly #roster: Roster;
  readonly #replicas = new Map<string, LiveReplica>();
  readonly #lookout: Lookout;
  readonly #stages: Stages;
  /** Staged at all, begun by all, and begun by the first: of those that are connected here, but for laggards. */
  #published = 0;
  #begun = 0;
  #first = 0;
  #laggards: readonly string[] = [];
  /** Whom the other servers take for laggards by the last word of this one. */
  #namedLate: ReadonlySet<string> = new Set();
  #keyed = '';
  #cancelTell: Cancel | null = null;

  constructor(options: FleetOptions) {
    const { store, clock, replica, onFault } = options;
    this.#options = options;
    this.#roster = new Roster(replica);
    this.time = new FleetTime(clock, (at) => this.#presence.set(liveKeys.time, at === null ? null : JSON.stringify({ replica, at } satisfies LiveTime)));
    this.#lookout = new Lookout(clock);
    this.#wishes = new Wishes({ store, lookout: this.#lookout, nodes: () => this.#roster.all(), workers: () => this.workers() });
    this.#stages = new Stages({ first: options.first ?? null, clock, nodes: () => this.nodes(), release: (generation) => void this.#begin(generation, null) });
    this.#presence = new Presence({ store, clock, ttlMs: PRESENCE_TTL_MS, onFault });
    this.hub = new Hub({ clock, replica, fleetNow: () => this.time.now(), events: { counts: options.counts, changed: (name) => this.#nodeChanged(name), moved: (name) => this.#nodeMoved(name) } });
    this.#live = new Mirror({ store, clock, onFault, prefix: liveKeys.all, onChange: (changes) => this.#liveChanged(changes) });
    this.#wished = new Mirror({ store, clock, onFault, prefix: liveKeys.wishes, onChange: () => this.#tellSoon() });
  }

  async start(): Promise<void> {
    await this.#live.start();
    await this.#wished.start();
    this.#sayReplica();
    this.#tell();
  }

  async stop(): Promise<void> {
    this.#cancelTell?.();
    this.time.stop();
    this.#lookout.stop();
    this.#live.stop();
    this.#wished.stop();
    this.#stages.stop();
    this.hub.close();
    await this.#presence.stop();
  }

  attach(socket: Parameters<Hub['attach']>[0], head: Uint8Array, identity: NodeIdentity): void {
    this.hub.attach(socket, head, identity);
  }

  /** All data planes, of every server. */
  nodes(): readonly LiveNode[] {
    return this.#roster.all().map((node) => ({ ...node, generation: this.#generationOf(node) }));
  }

  get laggards(): readonly string[] {
    return [...this.#stillLate(), ...[...this.#replicas.values()].flatMap(({ replica, laggards }) => (replica === this.#options.replica ? [] : laggards))];
  }

  async publish(snapshot: Snapshot, generation: number, isUrgent = false): Promise<Published> {
    this.hub.stage(snapshot, generation);
    this.#published = Math.max(this.#published, generation);
    await this.hub.untilAll(({ acked }) => acked >= generation, PHASE_LIMIT_MS);
    this.#sayReplica();
    await this.#lookout.until(() => this.#others().every(({ staged, nodes }) => nodes === 0 || staged >= generation), REPLICAS_LIMIT_MS);
    // Overtaken by a way back, which everybody has begun with.
    if (generation < this.#begun) return { acked: [], stale: [] };
    const which = this.#stages.hold(generation, isUrgent) ? ({ labels }: Pick<LiveNode, 'labels'>): boolean => this.#stages.isFirst(labels) : null;
    const here = await this.#begin(generation, which);
    const there = await this.#begunElsewhere(generation, which);
    return { acked: [...here.acked, ...there.acked], stale: [...here.stale, ...there.stale] };
  }

  /** Other servers begin at the same moment by themselves; whoever asked for it hears of their machines, too. */
  async #begunElsewhere(generation: number, which: ((node: LiveNode) => boolean) | null): Promise<Published> {
    const there = (): readonly LiveNode[] => this.nodes().filter((node) => node.replica !== this.#options.replica && (which === null || which(node)));
    const servers = new Set(there().map(({ replica }) => replica));
    await this.#lookout.until(() => this.#others().every(({ replica, begun = 0, first = begun }) => !servers.has(replica) || (which === null ? begun : first) >= generation), ELSEWHERE_LIMIT_MS);
    const meant = there();
    const name = (node: LiveNode): string => node.name;
    return { acked: meant.filter((node) => node.generation >= generation).map(name), stale: meant.filter((node) => node.generation < generation).map(name) };
  }

  /** `which`: who begins now; null for everybody. */
  async #begin(generation: number, which: ((hello: Pick<LiveNode, 'labels'>) => boolean) | null): Promise<Published> {
    this.hub.begin(generation, which);
    await this.hub.untilAll(({ begun }) => begun >= generation, PHASE_LIMIT_MS, which ?? undefined);
    if (which === null) this.#begun = Math.max(this.#begun, generation);
    this.#first = Math.max(this.#first, generation);
    const isMeant = which ?? ((): boolean => true);
    this.#laggards = this.hub.which(({ hello, begun }) => begun < generation && isMeant(hello));
    // Others send nothing to a laggard.
    this.#tellSoon();
    return { acked: this.hub.which(({ hello, begun }) => begun >= generation && isMeant(hello)), stale: this.#laggards };
  }

  /** Why the newest strategy is not everybody's yet, or null. */
  get held(): string | null {
    return this.#stages.held;
  }

  /** Whether it has not begun with the newest strategy because its turn has not come. */
  waits({ labels, generation }: LiveNode): boolean {
    return this.held !== null && !this.#stages.isFirst(labels) && generation >= this.#begun;
  }

  /** True when every data plane of every server has them. */
  async deliverKeys(keys: DeliveredKeys): Promise<boolean> {
    const digest = createHash('sha256').update(JSON.stringify(keys)).digest('hex').slice(0, 16);
    this.#keyed = '';
    this.hub.giveKeys(keys, digest);
    await this.hub.untilAll(({ keyed }) => keyed === digest, KEYS_LIMIT_MS);
    if (this.hub.which(({ keyed }) => keyed !== digest).length === 0) this.#keyed = digest;
    this.#sayReplica();
    return this.#keyed === digest && this.#lookout.until(() => this.#others().every(({ nodes, keyed }) => nodes === 0 || keyed === digest), KEYS_LIMIT_MS);
  }

  ensureVersion(service: string, version: string, spec: VersionSpec, listen: ServiceSpec['listen']): Promise<void> {
    return this.#wishes.wish({ service, version, role: 'canary', spec, ...(listen === undefined ? {} : { listen }) });
  }

  retireVersion(service: string, version: string): Promise<void> {
    return this.#wishes.unwish({ service, version, role: 'canary' });
  }

  prepareStable(service: string, version: string, spec: VersionSpec, listen: ServiceSpec['listen']): Promise<void> {
    return this.#wishes.wish({ service, version, role: 'stable', spec, ...(listen === undefined ? {} : { listen }) });
  }

  openStable(service: string, version: string): Promise<void> {
    return this.#wishes.open({ service, version, role: 'stable' });
  }

  retireStable(service: string, version: string): Promise<void> {
    return this.#wishes.unwish({ service, version, role: 'stable' });
  }

  workers(): readonly WorkerFacts[] {
    return this.#roster.all().flatMap((node) => {
      const generation = this.#generationOf(node);
      return node.workers.map((worker) => ({ ...worker, id: `${node.name}/${worker.id}`, generation }));
    });
  }

  #generationOf(node: LiveNode): number {
    const here = this.hub.node(node.name);
    if (here !== null) return here.begun;
    const there = this.#replicas.get(node.replica);
    if (there === undefined || there.laggards.includes(node.name)) return node.generation;
    const { staged, begun = staged, first = begun } = there;
    return Math.max(node.generation, this.#stages.isFirst(node.labels) ? first : begun);
  }

  /** A laggard that has caught up is none. */
  #stillLate(): readonly string[] {
    return this.#laggards.filter((name) => (this.hub.node(name)?.begun ?? Infinity) < this.#first);
  }

  #others(): readonly LiveReplica[] {
    return [...this.#replicas.values()].filter(({ replica }) => replica !== this.#options.replica);
  }

  #sayReplica(): void {
    const staged = this.#published;
    const late = this.hub.which(({ acked }) => acked < staged);
    this.#namedLate = new Set([...late, ...this.#stillLate()]);
    const value: LiveReplica = { replica: this.#options.replica, staged, begun: this.#begun, first: this.#first, nodes: this.hub.size, laggards: [...this.#namedLate], keyed: this.#keyed };
    this.#presence.set(liveKeys.replica(this.#options.replica), JSON.stringify(value));
  }

  #nodeChanged(name: string): void {
    const node = this.hub.node(name);
    const { replica } = this.#options;
    const value = node === null ? null : liveNode(node, replica);
    this.#presence.set(liveKeys.node(name, replica), value === null ? null : JSON.stringify(value));
    this.#roster.say(name, replica, value);
    this.#tellSoon();
    this.#lookout.lookSoon();
  }

  /** A thousand that keep up cost the store nothing; one that was named late is so no longer. */
  #nodeMoved(name: string): void {
    if (this.#namedLate.size > 0 && this.#namedLate.has(name)) this.#tellSoon();
  }

  #liveChanged(changes: ReadonlyMap<string, string | null>): void {
    for (const [key, value] of changes) {
      if (key.startsWith(liveKeys.nodes)) {
        if (this.#roster.hear(key, value, (name) => this.hub.node(name) !== null)) this.#tellSoon();
      } else if (key.startsWith(liveKeys.replicas)) {
        const id = key.slice(liveKeys.replicas.length);
        if (value === null) this.#replicas.delete(id);
        else this.#replicas.set(id, JSON.parse(value) as LiveReplica);
      } else if (key === liveKeys.time && value !== null) {
        const { replica, at } = JSON.parse(value) as LiveTime;
        // Its own word comes back a little late.
        if (replica !== this.#options.replica) this.time.hear(at);
      }
    }
    this.#lookout.lookSoon();
  }

  #tellSoon(): void {
    this.#cancelTell ??= this.#options.clock.after(GATHER_MS, () => this.#tell());
  }

  #tell(): void {
    this.#cancelTell = null;
    this.#sayReplica();
    this.hub.wish([...this.#wished.values.values()].map((value) => JSON.parse(value) as PoolWish));
    this.hub.tellEndpoints(endpointsOf(this.#roster.all(), new Set(this.laggards)));
  }
}

function liveNode({ hello, holder, since, begun, report }: ConnectedNode, replica: string): LiveNode {
  const { name, labels, forward } = hello;
  return { name, labels, replica, holder, since, generation: begun, forward, pools: report?.pools ?? [], workers: report?.workers ?? [], offers: report?.offers ?? [] };
}
