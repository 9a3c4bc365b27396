// Servers that share one store, in one process; each reaches it by a line of its own, which a test can cut.

import type { StrategyDocument } from '@graylane/rules';
import { systemClock } from '../../src/clock.ts';
import type { Clock } from '../../src/clock.ts';
import type { ControlPlane } from '../../src/plane/control-plane.ts';
import { Replica } from '../../src/fleet/replica.ts';
import type { ReplicaOptions } from '../../src/fleet/replica.ts';
import { StoreError } from '../../src/store/errors.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import type { Change, Store } from '../../src/store/store.ts';

export interface Server {
  readonly replica: Replica;
  plane(): ControlPlane;
  /** Whatever it asks of the store fails, as when the wire is cut or the process is dead. */
  cut(): void;
  mend(): void;
  readonly faults: string[];
}

export interface FleetWorld {
  readonly store: Store;
  server(name: string, clock?: Clock, extra?: Partial<Pick<ReplicaOptions, 'first' | 'compile' | 'runnable'>> & { readonly document?: StrategyDocument }): Promise<Server>;
  end(): Promise<void>;
}

export const document: StrategyDocument = {
  services: { web: { listen: 8080, stable: 'v1', versions: { v1: { script: './v1.js' }, v2: { script: './v2.js' } } } },
  releases: [{ name: 'r', when: [{}], percent: 5, versions: { web: 'v2' } }],
};

/** Short, so that a test sees an election; a third of it is far above what a busy machine delays. */
const LEASE_MS = 1_500;

export async function openFleet(shared?: Store): Promise<FleetWorld> {
  const store = shared ?? await openSqliteStore({ file: ':memory:', clock: systemClock });
  const servers: Server[] = [];
  return {
    store,
    server: async (name, clock = systemClock, extra = {}) => {
      const line = new Line(store);
      const faults: string[] = [];
      let plane: ControlPlane | null = null;
      const replica = new Replica({
        store: line.end, clock, replica: name, document, runnable: true, leaseMs: LEASE_MS, ...extra, onPlane: (now) => { plane = now; },
        onFault: (what, error) => faults.push(`${what}: ${error instanceof Error ? error.message : String(error)}`),
      });
      const server: Server = {
        replica, faults, cut: () => line.cut(), mend: () => line.mend(),
        plane: () => {
          if (plane === null) throw new Error('there is no control plane yet');
          return plane;
        },
      };
      servers.push(server);
      await replica.start();
      return server;
    },
    end: async () => {
      for (const server of servers) server.mend();
      for (const { replica } of servers) await replica.stop();
      await store.close();
    },
  };
}

class Line {
  readonly end: Store;
  #cut = new AbortController();

  constructor(store: Store) {
    const open = <A extends unknown[], R>(call: (...given: A) => Promise<R>): ((...given: A) => Promise<R>) => (...given) => (this.#cut.signal.aborted ? Promise.reject(new StoreError('io', 'the wire is cut')) : call(...given));
    this.end = {
      revision: open(() => store.revision()),
      get: open((key: string) => store.get(key)),
      list: open((...given: Parameters<Store['list']>) => store.list(...given)),
      commit: open((...given: Parameters<Store['commit']>) => store.commit(...given)),
      grant: open((ttlMs: number) => store.grant(ttlMs)),
      renew: open((id: string) => store.renew(id)),
      revoke: open((id: string) => store.revoke(id)),
      backup: open((target: string) => store.backup(target)),
      watch: (prefix, after, signal) => this.#watch(store, prefix, after, signal),
      close: () => Promise.resolve(),
    };
  }

  cut(): void {
    this.#cut.abort();
  }

  mend(): void {
    if (this.#cut.signal.aborted) this.#cut = new AbortController();
  }

  async *#watch(store: Store, prefix: string, after: number, signal: AbortSignal): AsyncGenerator<Change> {
    const { signal: cut } = this.#cut;
    yield* store.watch(prefix, after, AbortSignal.any([signal, cut]));
    if (cut.aborted && !signal.aborted) throw new StoreError('io', 'the wire is cut');
  }
}

/** Looks until it holds; a test that waits for nothing that comes fails by name. */
export async function eventually(what: string, holds: () => boolean | Promise<boolean>, limitMs = 8_000): Promise<number> {
  const begun = performance.now();
  while (!(await holds())) {
    if (performance.now() - begun > limitMs) throw new Error(`${what}: not within ${limitMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return performance.now() - begun;
}
