// How gateway workers are run in front of a service: the classic proxy plane, under the same supervisor.

import { fileURLToPath } from 'node:url';
import type { PoolSpec } from '@graylane/pool';

/** `stable` is the version for requests that come before there is a strategy. */
export function gatewaySpec(service: string, stable: string, workers: number): PoolSpec {
  const script = fileURLToPath(import.meta.resolve('@graylane/gateway/worker'));
  return {
    service, version: stable, role: 'gateway', publicSlots: 'open', script, workers,
    // From source it imports its sisters' sources too.
    nodeFlags: script.endsWith('.ts') ? ['--conditions=graylane-source'] : [],
  };
}
