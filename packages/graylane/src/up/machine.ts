// What the control plane may have done to processes: versions started, published to, promoted and retired.
// Translates the strategy's words into pools; it decides nothing.

import type { DeliveredKeys, Effects, GatewayFacts, Published, WorkerFacts } from '@graylane/control';
import { poolId, runsSpec, StartFailure, type Fleet, type Pool, type Place, type PoolSpec, type PoolStatus, type PublicSlots, type WorkerStatus } from '@graylane/pool';
import type { ServiceSpec, Snapshot, VersionSpec } from '@graylane/rules';
import { GENERATIONS_KEPT, type Role } from '@graylane/wire';
import { exit, Failure } from '../print/failure.ts';
import { Departures } from './departures.ts';
import { gatewaySpec } from './gateway-spec.ts';
import { placesOf, poolSpec } from './specs.ts';

/**
 * How long a publication waits for agents before it names the laggards. Those are no entry any more until they answer,
 * so a stuck worker delays nobody longer than this.
 */
const PUBLISH_DEADLINE_MS = 50;
/** Keys are awaited longer: nothing is late for them, and one who lacks them would not believe his neighbours. */
const KEYS_DEADLINE_MS = 5_000;
/** A version that an older strategy names is ended when no request carries that strategy any more, or after this drain time. */
const COLLECT_LIMIT_MS = 30_000;

export interface MachineOptions {
  readonly fleet: Fleet;
  /** Folder that relative paths of the document mean. */
  readonly base: string;
  /** How many gateway workers hold the public places of a service; 0 where the workers of stable hold them themselves. */
  readonly gateways: number;
}

export class Machine implements Effects {
  readonly #fleet: Fleet;
  readonly #base: string;
  readonly #gateways: number;
  /** The newest that was published. */
  #generation = 0;
  readonly #departures = new Departures();

  constructor({ fleet, base, gateways }: MachineOptions) {
    this.#fleet = fleet;
    this.#base = base;
    this.#gateways = gateways;
  }

  publish(snapshot: Snapshot, generation: number, isUrgent = false): Promise<Published> {
    this.#generation = generation;
    this.#departures.published();
    // One service alone has nobody to agree with.
    return this.#fleet.publish(null, { kind: 'strategy', generation, snapshot }, PUBLISH_DEADLINE_MS, snapshot.services.length > 1 ? { keep: snapshot.settings.keepGenerations ?? GENERATIONS_KEPT, isUrgent } : 'one');
  }

  /** To all workers, and to those that come later; true when everybody has them. */
  deliverKeys(keys: DeliveredKeys): Promise<boolean> {
    return this.#fleet.setKeys(keys, KEYS_DEADLINE_MS);
  }

  async ensureVersion(service: string, version: string, spec: VersionSpec, listen: ServiceSpec['listen']): Promise<void> {
    this.#refuseMove(service, listen);
    // It may start before stable has opened them, or on a machine that runs no stable.
    this.#fleet.declarePlaces(service, placesOf(listen));
    await this.#ensure(this.#plan(service, version, 'canary', 'none', spec));
  }

  async retireVersion(service: string, version: string): Promise<void> {
    await this.#retire(service, version, 'canary');
  }

  async prepareStable(service: string, version: string, spec: VersionSpec, listen: ServiceSpec['listen']): Promise<void> {
    this.#refuseMove(service, listen);
    if (this.#gateways > 0) {
      await this.#prepareBehindGateway(service, version, spec, placesOf(listen));
      return;
    }
    const former = this.#fleet.pools().find((pool) => pool.spec.service === service && pool.spec.role === 'stable' && pool.spec.version !== version);
    const plan = succeeding(this.#plan(service, version, 'stable', former === undefined ? 'open' : 'hold', spec), former);
    if (former === undefined && this.#pool(service, version, 'stable') === undefined) await this.#fleet.openSlots(service, placesOf(listen), plan.workers ?? plan.scaling?.min ?? 1);
    await this.#ensure(plan);
  }

  openStable(service: string, version: string): Promise<void> {
    if (this.#gateways === 0) this.#pool(service, version, 'stable')?.open();
    return Promise.resolve();
  }

  async retireStable(service: string, version: string): Promise<void> {
    await this.#retire(service, version, 'stable');
  }

  workers(): readonly WorkerFacts[] {
    const pools = new Map(this.#fleet.pools().map((pool) => [pool.id, pool.status()]));
    return this.#fleet.workers().flatMap((worker) => {
      const { role } = worker;
      // A gateway worker is no worker of a version.
      return role === 'gateway' ? [] : [factsOf(worker, role, pools.get(worker.pool))];
    });
  }

  gateways(): readonly GatewayFacts[] {
    return gatewaysOf(this.#fleet.workers());
  }

  /**
   * Workers are born with the sockets of their service, and every version with its port: a service that runs does not move.
   * To take the change and go on listening where it was would be a lie.
   */
  #refuseMove(service: string, listen: ServiceSpec['listen']): void {
    const wanted = placesOf(listen).map(placeText);
    const present = this.#fleet.places(service).map(placeText);
    const runs = this.#fleet.pools().some((pool) => pool.spec.service === service && pool.spec.role !== 'canary');
    if (!runs || wanted.length === 0 || present.length === 0 || wanted.join() === present.join()) return;
    throw new StartFailure({ reason: 'listens-elsewhere', message: `${service} listens on ${present.join(', ')} and cannot move to ${wanted.join(', ')} while it runs`, cure: 'graylane down, then graylane up; or leave `listen` as it is' });
  }

  /** The gateway comes last: until it listens nobody is sent to a version that is not ready. */
  async #prepareBehindGateway(service: string, version: string, spec: VersionSpec, places: readonly Place[]): Promise<void> {
    const running = this.#fleet.pools().some((pool) => pool.spec.service === service && pool.spec.role === 'gateway');
    if (!running) {
      if (places.length === 0) throw new Failure({ code: 'GL0051', message: `a gateway in front of ${service} needs to know its port`, fix: 'declare it: `listen: 8080` in the service, or --port 8080' }, exit.usage);
      await this.#fleet.openSlots(service, places, this.#gateways);
    }
    await this.#ensure(this.#plan(service, version, 'stable', 'none', spec));
    if (!running) await this.#fleet.start(gatewaySpec(service, version, this.#gateways));
  }

  #plan(service: string, version: string, role: WorkerFacts['role'], publicSlots: PublicSlots, spec: VersionSpec): PoolSpec {
    return poolSpec({ service, version, role, publicSlots, spec, base: this.#base });
  }

  #ensure(plan: PoolSpec): Promise<void> {
    return this.#departures.arrive(poolId(plan), () => this.#startOrChange(plan));
  }

  async #startOrChange(plan: PoolSpec): Promise<void> {
    const running = this.#pool(plan.service, plan.version, plan.role);
    if (running === undefined) {
      await this.#fleet.start(plan);
      return;
    }
    if (!runsSpec(running.spec, { ...plan, workers: running.spec.workers })) await running.reload(plan);
    const workers = wantedOf(plan, running.spec.workers);
    if (workers !== running.spec.workers) await running.scale(workers);
  }

  async #retire(service: string, version: string, role: Role): Promise<void> {
    const pool = this.#pool(service, version, role);
    if (pool === undefined) return;
    await this.#departures.leave(pool.id, this.#fleet.collected(this.#generation, COLLECT_LIMIT_MS), () => this.#fleet.stop(pool));
  }

  #pool(service: string, version: string, role: Role): Pool | undefined {
    const id = poolId({ service, version, role });
    return this.#fleet.pools().find((pool) => pool.id === id);
  }
}

export function gatewaysOf(workers: readonly WorkerStatus[]): readonly GatewayFacts[] {
  return workers.flatMap(({ id, service, role, vitals }) => (role === 'gateway' && vitals !== null ? [{ id, service, vitals }] : []));
}

/** While two stable pools share the public slots the new one fills them all: a slot that nobody accepts on would stall its clients. */
function succeeding(plan: PoolSpec, former: Pool | undefined): PoolSpec {
  return former === undefined ? plan : { ...plan, workers: Math.max(plan.workers ?? plan.scaling?.min ?? 1, former.spec.workers) };
}

function placeText({ host, port }: Place): string {
  return host === null || host === '0.0.0.0' || host === '::' ? String(port) : `${host}:${port}`;
}

/** A pool that scales by itself is left at the number it has found, within its bounds. */
function wantedOf({ scaling, workers }: PoolSpec, present: number): number {
  return scaling === undefined || scaling === null ? workers ?? 1 : Math.max(1, scaling.min, Math.min(present, scaling.max));
}

function factsOf(worker: WorkerStatus, role: WorkerFacts['role'], pool: PoolStatus | undefined): WorkerFacts {
  const { id, service, version, pid, state, generation, startedAt, vitals } = worker;
  return {
    id, service, version, role, pid, state, generation, startedAt, restarts: pool?.restarts ?? 0,
    ...(pool === undefined ? {} : { restartsBy: pool.restartsBy }),
    ready: state === 'ready',
    rss: vitals?.rss ?? null,
    inFlight: vitals?.inFlight ?? null,
    waiting: vitals?.waiting ?? null,
    ...(vitals === null ? {} : { vitals }),
  };
}
