// What a worker is told at birth, from its pool's spec and its slot's sockets.

import { WIRE_VERSION } from '@graylane/wire';
import type { ListenerPlan, WorkerBrief } from '@graylane/wire';

import { FIRST_SLOT_DESCRIPTOR } from './launch.ts';
import type { RunPaths } from './paths.ts';
import type { SlotSockets } from './slots.ts';
import type { FullSpec, Place } from './spec.ts';

/** `inherited`: what it accepts on at each of these places; null: nothing. */
export function workerBrief(id: string, spec: FullSpec, places: readonly Place[], inherited: readonly SlotSockets[] | null, paths: RunPaths): WorkerBrief {
  const numbers = inherited === null ? [] : numbered(inherited);
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
    listeners: places.map((place, index): ListenerPlan => {
      const sockets = numbers[index];
      const others = sockets === undefined || sockets.others.size === 0 ? {} : { others: Object.fromEntries(sockets.others) };
      return { index, port: place.port, host: place.host, fd: sockets?.own ?? null, ...others };
    }),
    // A stable worker may be the first to show which ports an app wants; a canary never gets one of its own.
    undeclared: inherited !== null ? 'donate' : 'private',
  };
}

/** In the order in which a worker finds them behind its first descriptors. */
export function inOrder(inherited: readonly SlotSockets[]): readonly number[] {
  return inherited.flatMap(({ own, others }) => [own, ...others.values()]);
}

/** The same sockets by the numbers that they have in the worker. */
function numbered(inherited: readonly SlotSockets[]): readonly SlotSockets[] {
  let next = FIRST_SLOT_DESCRIPTOR;
  return inherited.map(({ others }) => ({ own: next++, others: new Map([...others.keys()].map((slot) => [slot, next++])) }));
}

/** No client may meet a worker that has more to prove than that it listens; it is opened when it is ready. */
function isBornHeld(spec: FullSpec): boolean {
  return spec.publicSlots === 'hold' || (spec.publicSlots === 'open' && (spec.ready.http !== null || spec.ready.message));
}
