// What a gateway process serves, as the worker sees it that speaks with the supervisor.

import type { Count, Exposures, ListenerPlan, Peer, StrategyMessage } from '@graylane/wire';

import type { Lanes } from './lanes.ts';
import type { Traffic } from './traffic.ts';

export interface ServiceCounts {
  readonly service: string;
  readonly counts: readonly Count[];
  readonly ended: Exposures;
}

export interface Plane {
  /** 0 before the first strategy. */
  readonly generation: number;
  readonly lanes: Lanes;
  /** Before the first place is opened. Throws what must not be started with. */
  prepare(): Promise<void>;
  /** Listens on a public place. Rejects when that cannot be had. */
  open(plan: ListenerPlan): Promise<void>;
  publish(message: StrategyMessage): void;
  /** Workers of the same supervisor that serve versions. */
  setPeers(peers: readonly Peer[]): void;
  /** Since the last time. */
  takeCounts(): readonly ServiceCounts[];
  traffic(): Traffic;
  drain(graceMs: number): Promise<void>;
  close(): void;
}
