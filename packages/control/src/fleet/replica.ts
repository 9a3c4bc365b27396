// One server among several on one store: it follows what any of them writes, and leads when it is elected.
// It owns the order of things at start, at an election and at the end.

import { KEYS_KEY } from '../access/fleet-keys.ts';
import type { Cancel, Clock } from '../clock.ts';
import { ControlPlane } from '../plane/control-plane.ts';
import type { ControlPlaneOptions } from '../plane/control-plane.ts';
import { leaderOf } from '../store/election.ts';
import type { Store } from '../store/store.ts';
import { keys } from '../strategy/record.ts';
import { Counters } from './counters.ts';
import { FleetEffects } from './fleet-effects.ts';
import { Leader } from './leader.ts';
import type { LiveNode } from './live.ts';
import type { FirstStage } from './stages.ts';
import { Mirror } from './mirror.ts';

export interface ReplicaOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** Unique among the servers that run now. */
  readonly replica: string;
  /** The document that a store without a strategy begins with, or null. */
  readonly document: unknown;
  /** Whether versions need a script. */
  readonly runnable: boolean;
  readonly analyse?: NonNullable<ControlPlaneOptions['analyse']>;
  readonly compile?: NonNullable<ControlPlaneOptions['compile']>;
  readonly places?: NonNullable<ControlPlaneOptions['places']>;
  /** Who begins with a new strategy before the others. */
  readonly first?: FirstStage;
  /** How long the office of a dead leader stays taken. */
  readonly leaseMs?: number;
  readonly onFault: (what: string, error: unknown) => void;
  /** Told of a new control plane to serve: at the start, and with each change of the leader that concerns this server. */
  readonly onPlane: (plane: ControlPlane) => void;
}

/** Two renewals may fail in a row; another server leads about this long after a leader's sudden death. */
const LEASE_MS = 3_000;
const OFFICE = 'releases';
/** What a watch does not bring, a look a second does; it also tells whether the store is there. */
const LOOK_MS = 1_000;

export class Replica {
  readonly effects: FleetEffects;
  readonly #options: ReplicaOptions;
  readonly #counters: Counters;
  readonly #strategy: Mirror;
  readonly #keys: Mirror;
  #plane: ControlPlane | null = null;
  #leader: Leader | null = null;
  #leads = false;
  #refreshing: Promise<void> | null = null;
  #again = false;
  #stopped = false;
  #storeFault: string | null = null;
  #cancelLook: Cancel = () => undefined;

  constructor(options: ReplicaOptions) {
    const { store, clock, replica, onFault } = options;
    this.#options = options;
    this.#counters = new Counters({ store, clock, replica, onFault });
    this.effects = new FleetEffects({ store, clock, replica, onFault, counts: (node, message, counted) => this.#counters.gather(node, message, counted), ...(options.first === undefined ? {} : { first: options.first }) });
    this.#keys = new Mirror({ store, clock, onFault, prefix: KEYS_KEY, onChange: () => void this.#plane?.keys.refresh().catch((error: unknown) => onFault('hand out keys', error)) });
    this.#strategy = new Mirror({ store, clock, onFault, prefix: keys.strategy, onChange: () => void this.#strategyMoved() });
  }

  /** Rejects when the store cannot be read, or has no strategy and there is no document. */
  async start(): Promise<void> {
    await this.effects.start();
    await this.#turn(false);
    await this.#strategy.start();
    await this.#keys.start();
    const { store, clock, replica, leaseMs = LEASE_MS, onFault } = this.#options;
    this.#leader = new Leader({ store, clock, onFault, office: OFFICE, candidate: replica, ttlMs: leaseMs, lead: () => this.#lead() });
    this.#lookLater();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelLook();
    await this.#leader?.stop();
    this.#strategy.stop();
    this.#keys.stop();
    this.#counters.stop();
    await this.#plane?.stop();
    await this.effects.stop();
  }

  nodes(): readonly LiveNode[] {
    return this.effects.nodes();
  }

  get laggards(): readonly string[] {
    return this.effects.laggards;
  }

  /** The newest that was handed out here. */
  get generation(): number {
    return this.#plane?.generation ?? 0;
  }

  get leads(): boolean {
    return this.#leads;
  }

  /** Why the store does not answer, or null. */
  get storeFault(): string | null {
    return this.#storeFault;
  }

  leader(): Promise<string | null> {
    return leaderOf(this.#options.store, OFFICE);
  }

  async #lead(): Promise<() => Promise<void>> {
    await this.#turn(true);
    return async () => {
      if (!this.#stopped) await this.#turn(false);
    };
  }

  /** Another control plane takes the place of the present one: with the machine that does what is due, or without. */
  async #turn(leads: boolean): Promise<void> {
    const { store, clock, document, runnable, analyse, compile, places, onFault, onPlane } = this.#options;
    const former = this.#plane;
    this.#leads = leads;
    this.effects.time.lead(leads);
    const plane = new ControlPlane({
      store, clock, sealClock: this.effects.time, effects: this.effects, random: Math.random, runnable, onFault, deliverKeys: (keys) => this.effects.deliverKeys(keys), ...(analyse === undefined ? {} : { analyse }), ...(compile === undefined ? {} : { compile }), ...(places === undefined ? {} : { places }),
      replica: { leads, counts: { beside: () => this.#counters.beside(), notSaved: (writes) => this.#counters.notSaved(writes) } },
    });
    // The former one goes first: what it has saved is what the next one begins with.
    await former?.stop();
    this.#plane = plane;
    onPlane(plane);
    if (leads) {
      // Verdicts first: the counts that are in no save are counted on top of them.
      const started = plane.start(former === null ? document : null);
      await this.#counters.feed((worker, message) => plane.report(worker, message));
      await started.catch((error: unknown) => this.#faultOfStart(error));
    } else {
      await plane.start(former === null ? document : null);
      await this.#counters.feed((worker, message) => plane.report(worker, message));
    }
    this.#refresh();
  }

  /** A version that does not start on some machine is a matter of its release, not of the server. */
  #faultOfStart(error: unknown): void {
    this.#options.onFault('start the versions', error);
  }

  /** What this server has written itself it need not read again. */
  async #strategyMoved(): Promise<void> {
    const isOwn = await this.#plane?.handedOut(this.#strategy.revision);
    if (isOwn !== true && !this.#stopped) this.#refresh();
  }

  /** One at a time; calls meanwhile make it look once more. */
  #refresh(): void {
    this.#again = true;
    this.#refreshing ??= this.#refreshAll().finally(() => {
      this.#refreshing = null;
    });
  }

  async #refreshAll(): Promise<void> {
    while (this.#again && !this.#stopped) {
      this.#again = false;
      try {
        await this.#plane?.refresh(this.#floor());
      } catch (error) {
        this.#options.onFault('take over what was written', error);
      }
    }
  }

  /** The newest generation that a data plane has. */
  #floor(): number {
    return this.effects.hub.newestBegun;
  }

  #lookLater(): void {
    this.#cancelLook = this.#options.clock.after(LOOK_MS, () => {
      void this.#look().finally(() => {
        if (!this.#stopped) this.#lookLater();
      });
    });
  }

  async #look(): Promise<void> {
    try {
      const entry = await this.#options.store.get(keys.strategy);
      this.#storeFault = null;
      if (entry !== null && entry.value !== this.#strategy.values.get(keys.strategy)) this.#refresh();
      if (this.#floor() > (this.#plane?.generation ?? 0)) this.#refresh();
    } catch (error) {
      this.#storeFault = error instanceof Error ? error.message : String(error);
    }
  }
}
