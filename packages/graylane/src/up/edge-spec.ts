// How the processes of `graylane gateway` are run.

import { fileURLToPath } from 'node:url';
import type { PoolSpec } from '@graylane/pool';
import type { GatewayPlan } from '../config/gateway/section.ts';

/** The name of their pool; no service of a strategy is run beside it. */
export const EDGE_SERVICE = 'gateway';

/** `file` holds what they serve. */
export function edgeSpec(file: string, { workers, drainMs }: GatewayPlan): PoolSpec {
  const script = fileURLToPath(import.meta.resolve('@graylane/gateway/edge-worker'));
  return {
    service: EDGE_SERVICE, version: 'edge', role: 'gateway', publicSlots: 'open', script, workers, drainTimeoutMs: drainMs,
    env: { GRAYLANE_EDGE: file },
    // From source it imports its sisters' sources too.
    nodeFlags: script.endsWith('.ts') ? ['--conditions=graylane-source'] : [],
  };
}
