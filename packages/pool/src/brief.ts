// What a worker is told at birth, from its pool's spec and its slot's sockets.

import { WIRE_VERSION } from '@graylane/wire';
import type { ListenerPlan, WorkerBrief } from '@graylane/wire';

import { FIRST_SLOT_DESCRIPTOR } from './launch.ts';
import type { RunPaths } from './paths.ts';
import type { FullSpec, Place } from './spec.ts';

export function workerBrief(id: string, spec: FullSpec, places: readonly Place[], paths: RunPaths): WorkerBrief {
  const isPublic = spec.publicSlots !== 'none';
  return {
    wire: WIRE_VERSION,
    worker: id,
    service: spec.service,
    version: spec.version,
    role: spec.role,
    control: paths.control,
    sockets: paths.sockets,
    snapshot: paths.snapshot(spec.service),
    hold: isBornHeld(spec),
    listeners: places.map((place, index): ListenerPlan => ({ index, port: place.port, host: place.host, fd: isPublic ? FIRST_SLOT_DESCRIPTOR + index : null })),
    // A stable worker may be the first to show which ports an app wants; a canary never gets one of its own.
    undeclared: isPublic ? 'donate' : 'private',
  };
}

/** No client may meet a worker that has more to prove than that it listens; it is opened when it is ready. */
function isBornHeld(spec: FullSpec): boolean {
  return spec.publicSlots === 'hold' || (spec.publicSlots === 'open' && (spec.ready.http !== null || spec.ready.message));
}
