// What servers tell each other through the store about the data planes that are connected to them, and under which keys.

import type { WorkerFacts } from '../effects.ts';
import type { Endpoint, Offer, PoolReport } from './messages.ts';

/** One data plane as all servers see it. */
export interface LiveNode {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The server that it is connected to. */
  readonly replica: string;
  readonly holder: string;
  /** Milliseconds since 1970. */
  readonly since: number;
  /** When this was written. */
  readonly generation: number;
  readonly forward: Endpoint | null;
  readonly pools: readonly PoolReport[];
  readonly workers: readonly WorkerFacts[];
  readonly offers: readonly Offer[];
}

/** How far one server has brought its data planes. */
export interface LiveReplica {
  readonly replica: string;
  /** All of its data planes have it, but for the laggards. */
  readonly staged: number;
  /** All of them have begun with it; absent from an older server. */
  readonly begun?: number;
  /** Those of the first stage have. */
  readonly first?: number;
  readonly nodes: number;
  readonly laggards: readonly string[];
  /** Which keys all of its data planes have; '' while some lack them. */
  readonly keyed: string;
}

/** Told by the leader now and then, so that whoever reads it late is wrong by seconds. */
export interface LiveTime {
  readonly replica: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

interface LiveKeys {
  readonly all: string;
  readonly nodes: string;
  /** A data plane as one server sees it; names have no `/`. */
  node(name: string, replica: string): string;
  nodeOf(key: string): { readonly name: string; readonly replica: string };
  readonly replicas: string;
  replica(id: string): string;
  /** What time it is for the fleet, by whoever leads. */
  readonly time: string;
  readonly wishes: string;
  wish(pool: string): string;
}

export const liveKeys: LiveKeys = {
  all: 'live/',
  nodes: 'live/node/',
  node: (name, replica) => `live/node/${name}/${replica}`,
  nodeOf: (key) => {
    const [name = '', ...replica] = key.slice('live/node/'.length).split('/');
    return { name, replica: replica.join('/') };
  },
  replicas: 'live/replica/',
  replica: (id) => `live/replica/${id}`,
  time: 'live/time',
  wishes: 'fleet/pool/',
  wish: (pool) => `fleet/pool/${pool}`,
};
