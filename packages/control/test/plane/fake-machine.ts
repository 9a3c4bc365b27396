// Processes as the control plane sees them, without any: pools start, fail or stall as a test says, and every call is written down.

import type { Snapshot } from '@graylane/rules';
import type { Effects, GatewayFacts, Published, WorkerFacts } from '../../src/effects.ts';

export class FakeMachine implements Effects {
  readonly calls: string[] = [];
  readonly pools = new Map<string, { readonly service: string; readonly version: string; readonly role: 'stable' | 'canary'; open: boolean }>();
  /** Pool ids that do not become ready. */
  readonly broken = new Set<string>();
  /** Called before each effect; a test stalls or fails it here. */
  before: (call: string) => Promise<void> = () => Promise.resolve();
  gateways: () => readonly GatewayFacts[] = () => [];
  generation = 0;
  snapshot: Snapshot | null = null;

  async publish(snapshot: Snapshot, generation: number): Promise<Published> {
    await this.#call(`publish ${generation}: ${laneText(snapshot)}`);
    this.snapshot = snapshot;
    this.generation = Math.max(this.generation, generation);
    return { acked: [...this.pools.keys()], stale: [] };
  }

  ensureVersion(service: string, version: string): Promise<void> {
    return this.#start(service, version, 'canary', 'start');
  }

  retireVersion(service: string, version: string): Promise<void> {
    return this.#end(service, version, 'canary');
  }

  prepareStable(service: string, version: string): Promise<void> {
    return this.#start(service, version, 'stable', 'prepare');
  }

  async openStable(service: string, version: string): Promise<void> {
    await this.#call(`open ${service}/${version}`);
    const pool = this.pools.get(`${service}/${version}/stable`);
    if (pool === undefined) throw new Error(`there is no stable pool of ${version} to open`);
    pool.open = true;
  }

  retireStable(service: string, version: string): Promise<void> {
    return this.#end(service, version, 'stable');
  }

  workers(): readonly WorkerFacts[] {
    return [...this.pools.values()].map(({ service, version, role }, index) => ({
      id: `${service}.${version}.${index}`, service, version, role, pid: 100 + index, state: 'ready', ready: true, generation: this.generation,
      startedAt: 0, restarts: 0, rss: null, inFlight: null, waiting: null,
    }));
  }

  /** The calls since the last time. */
  take(): string[] {
    return this.calls.splice(0);
  }

  async #start(service: string, version: string, role: 'stable' | 'canary', word: string): Promise<void> {
    const id = `${service}/${version}/${role}`;
    await this.#call(`${word} ${service}/${version}`);
    if (this.broken.has(id)) throw Object.assign(new Error('exited with code 1'), { code: 'GL2006', cure: 'mend it', lastLines: ['boom'] });
    if (!this.pools.has(id)) this.pools.set(id, { service, version, role, open: false });
  }

  async #end(service: string, version: string, role: 'stable' | 'canary'): Promise<void> {
    await this.#call(`retire ${service}/${version}/${role}`);
    this.pools.delete(`${service}/${version}/${role}`);
  }

  async #call(call: string): Promise<void> {
    this.calls.push(call);
    await this.before(call);
  }
}

/** `stable web=v1; lanes r1` */
function laneText({ services, releases }: Snapshot): string {
  const stable = services.map(({ name, stable }) => `${name}=${stable}`).join(' ');
  return releases.length === 0 ? stable : `${stable}, lanes ${releases.join(' ')}`;
}
