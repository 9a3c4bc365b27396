// What the control plane asks of the processes, as a port that the composition root fills. It knows no process itself.
// Every call is idempotent: after a restart the same calls are made again until the state is reached.

import type { ServiceSpec, Snapshot, VersionSpec } from '@graylane/rules';
import type { Vitals } from '@graylane/wire';

export interface Published {
  /** Workers that route by this generation now. */
  readonly acked: readonly string[];
  /** Workers that did not answer in time, and are no entry any more. */
  readonly stale: readonly string[];
}

/** One worker as the control plane needs to see it. */
export interface WorkerFacts {
  readonly id: string;
  readonly service: string;
  readonly version: string;
  readonly role: 'stable' | 'canary';
  readonly pid: number;
  /** The word that people read. */
  readonly state: string;
  /** Takes requests. */
  readonly ready: boolean;
  /** The newest generation that it has acknowledged. */
  readonly generation: number;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly restarts: number;
  /** Of its pool, by why; absent where nobody asks. */
  readonly restartsBy?: Readonly<Record<string, number>>;
  readonly rss: number | null;
  readonly inFlight: number | null;
  readonly waiting: number | null;
  /** As it last said; absent where nobody asks for it. */
  readonly vitals?: Vitals;
}

export type GatewayFacts = Pick<WorkerFacts, 'id' | 'service'> & { readonly vitals: Vitals };

/**
 * What a rejected start carries, whoever threw it; `code` is the pool's (GL2xxx).
 * Whatever ran before still runs.
 */
export interface VersionFailure {
  readonly code: string;
  readonly message: string;
  readonly cure?: string;
  readonly lastLines?: readonly string[];
}

export interface Effects {
  /**
   * Resolves after a bounded wait (50 ms) for acknowledgements. Called in the order of generations.
   * `isUrgent`: a way back, which waits for no earlier publication.
   */
  publish(snapshot: Snapshot, generation: number, isUrgent?: boolean): Promise<Published>;

  /**
   * A canary pool of this version runs with this spec and is ready, knowing the places of `listen` and standing on none; one that runs with another spec is reloaded in place.
   * Rejects with a {@link VersionFailure}.
   */
  ensureVersion(service: string, version: string, spec: VersionSpec, listen: ServiceSpec['listen']): Promise<void>;
  /** Drains and ends the canary pool of this version, if there is one. */
  retireVersion(service: string, version: string): Promise<void>;

  /**
   * A stable pool of this version runs with this spec and is ready on the places of `listen`, beside whatever serves now, and not yet on the public
   * sockets unless it holds them already or the service has no other; one with another spec is reloaded in place.
   * Rejects with a {@link VersionFailure}.
   */
  prepareStable(service: string, version: string, spec: VersionSpec, listen: ServiceSpec['listen']): Promise<void>;
  /** The stable pool of this version accepts on the public sockets. */
  openStable(service: string, version: string): Promise<void>;
  /** The stable pool of this version stops accepting, drains and ends, if there is one. */
  retireStable(service: string, version: string): Promise<void>;

  workers(): readonly WorkerFacts[];
  /** Processes that let requests to upstreams and run no version: gateways. None where absent. */
  gateways?(): readonly GatewayFacts[];
}

/** What was thrown by a start, as a VersionFailure. */
export function asVersionFailure(thrown: unknown): VersionFailure {
  if (!(thrown instanceof Error)) return { code: 'GL2019', message: String(thrown) };
  return {
    code: 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : 'GL2019',
    message: thrown.message,
    ...('cure' in thrown && typeof thrown.cure === 'string' ? { cure: thrown.cure } : {}),
    ...('lastLines' in thrown && Array.isArray(thrown.lastLines) ? { lastLines: thrown.lastLines.map(String) } : {}),
  };
}

/** The same without starting or ending anything: what is to run is found out, not run. */
export function withoutStarts(effects: Effects): Effects {
  return {
    publish: (snapshot, generation, isUrgent) => effects.publish(snapshot, generation, isUrgent),
    ensureVersion: () => Promise.resolve(),
    retireVersion: () => Promise.resolve(),
    prepareStable: () => Promise.resolve(),
    openStable: () => Promise.resolve(),
    retireStable: () => Promise.resolve(),
    workers: () => effects.workers(),
  };
}
