// One machine as people see it: strategy, lag, health. It must not know where it was read.

import type { LiveNode } from './live.ts';

export interface NodeView {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly server: string;
  /** The strategy that its new requests are decided by. */
  readonly generation: number;
  /** Generations behind the newest. */
  readonly lag: number;
  readonly health: 'ok' | 'lagging' | 'starting' | 'failing';
  /** What is wrong, in a few words; '' when nothing is. */
  readonly problem: string;
  readonly workers: number;
  readonly ready: number;
  readonly forward: string | null;
  readonly since: string;
}

export interface NodesView {
  readonly leader: string | null;
  readonly generation: number;
  /** Why the store does not answer this server, or null. */
  readonly store: string | null;
  readonly items: readonly NodeView[];
}

export function nodeView(node: LiveNode, newest: number): NodeView {
  const { name, labels, replica, generation, forward, pools, workers } = node;
  const lag = newest - generation;
  const failed = pools.find(({ state }) => state === 'failed');
  const starting = pools.some(({ state }) => state === 'starting');
  return {
    name, labels, server: replica, generation, lag, workers: workers.length, ready: workers.filter(({ ready }) => ready).length,
    health: failed !== undefined ? 'failing' : lag > 0 ? 'lagging' : starting ? 'starting' : 'ok',
    problem: failed === undefined ? '' : `${failed.id}: ${failed.failure?.message ?? 'it does not start'}`,
    forward: forward === null ? null : `${forward.host}:${forward.port}`, since: new Date(node.since).toISOString(),
  };
}
