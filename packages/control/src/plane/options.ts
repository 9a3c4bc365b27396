// What a control plane is made of and asked for, as its callers write it.

import type { DeliveredKeys } from '../access/fleet-keys.ts';
import type { Clock } from '../clock.ts';
import type { Effects } from '../effects.ts';
import type { SharedKeeping } from '../exposure/keeper.ts';
import type { GetJson } from '../exposure/prometheus.ts';
import type { Send } from '../notify/delivery.ts';
import type { Verdicts } from '../release/verdicts.ts';
import type { Store } from '../store/store.ts';
import type { Analyse } from '../strategy/check.ts';
import type { Places } from '../strategy/places.ts';
import type { Origin } from './boot.ts';
import type { FailedPool } from './pools.ts';
import type { Compile } from './publisher.ts';
import type { Keeping } from './unstored.ts';

export interface ControlPlaneOptions {
  readonly store: Store;
  readonly effects: Effects;
  readonly clock: Clock;
  /** By which seals end, where hosts share keys; `clock` unless given. */
  readonly sealClock?: Clock;
  /** Uniform in [0, 1); only `explain` draws. */
  readonly random: () => number;
  /** Instead of the analyzer of `rules`. */
  readonly analyse?: Analyse;
  /** Instead of compiling at once. */
  readonly compile?: Compile;
  /** Where a strategy may not send anybody; clouds' metadata services unless given. */
  readonly places?: Places;
  /** Instead of the verdicts that are kept here from what data planes count. */
  readonly verdicts?: Verdicts;
  /** Where rollbacks that the store cannot take down outlive this process; nowhere unless given. */
  readonly keeping?: Keeping;
  /** One server among several on one store. */
  readonly replica?: SharedPlane;
  /** Whether versions need a script; default true. */
  readonly runnable?: boolean;
  readonly retireAfterMs?: number;
  /** How the Prometheus server of the strategy is asked; by fetch unless given. */
  readonly get?: GetJson;
  /** How webhooks are sent; by fetch unless given. */
  readonly send?: Send;
  /** What is wrong with the store since it was opened, shown in status until the next start. */
  readonly trouble?: string;
  /** Hands the keys of stamps and overrides to all data planes; true when all have them. */
  readonly deliverKeys?: (keys: DeliveredKeys) => Promise<boolean>;
  /** Faults that no caller waits for, one line each. */
  readonly onFault?: (what: string, error: unknown) => void;
}

/** What is due by itself (steps, verdicts, promotions, webhooks) is done by one server, the leader; reads and writes by any. */
export interface SharedPlane {
  readonly leads: boolean;
  readonly counts: Omit<SharedKeeping, 'saves'>;
}

export interface Booted {
  readonly origin: Origin;
  /** Canaries that did not become ready: stable serves their users, and status says so. */
  readonly failed: readonly FailedPool[];
}

export type Verb = 'start' | 'promote' | 'promote-full' | 'pause' | 'resume' | 'rollback';

export interface VerbRequest {
  readonly who: string;
  readonly why: string;
  /** The step in hand that the caller has seen; `promote` only. */
  readonly step?: number | null;
  /** The turn of the release that the caller has seen; any when absent. */
  readonly turn?: number | null;
  /** Says what it would do, and does nothing. */
  readonly isDry?: boolean;
}
