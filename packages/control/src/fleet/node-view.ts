// One machine as people see it: strategy, lag, health, and whether anybody should be sent to it. It must not know where it was read.

import type { Api } from '@graylane/wire';
import type { LiveNode } from './live.ts';

/** `isWaiting`: it has not begun with the newest strategy because its turn has not come. */
export function nodeView(node: LiveNode, newest: number, isWaiting: boolean): Api<'Node'> {
  const { name, labels, replica, generation, forward, pools, workers } = node;
  const lag = newest - generation;
  const failed = pools.find(({ state }) => state === 'failed');
  const starting = pools.some(({ state }) => state === 'starting');
  const ready = workers.filter((worker) => worker.ready).length;
  const isLate = lag > 0 && !isWaiting;
  return {
    name, labels, server: replica, generation, lag, workers: workers.length, ready,
    health: failed !== undefined ? 'failing' : isLate ? 'lagging' : starting ? 'starting' : lag > 0 ? 'waiting' : 'ok',
    // A canary that fails on it is not what its clients come for.
    entry: !isLate && (workers.length === 0 || workers.some((worker) => worker.ready && worker.role === 'stable')),
    problem: failed === undefined ? '' : `${failed.id}: ${failed.failure?.message ?? 'it does not start'}`,
    forward: forward === null ? null : `${forward.host}:${forward.port}`, since: new Date(node.since).toISOString(),
  };
}
