// Runs requests in their context, so that whatever they cause carries their stamp. The hooks are a file of their own, loaded
// with the first strategy of several services; this one is part of every agent and must stay a few hundred bytes.

import type { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import type { Snapshot } from '@graylane/rules';
import type { Context, Equipment, Plane } from './context.ts';

export type { Context, Equipment } from './context.ts';

interface PlaneModule {
  createPlane(equipment: Equipment, file: string): Plane;
}

/** One process, one plane: what it hooks is the process's. */
let plane: Plane | null = null;

/** To be called with each strategy that comes into force; throws when the plane cannot be loaded. */
export function equip(snapshot: Pick<Snapshot, 'services' | 'settings'>, equipment: Equipment): void {
  const { services, settings } = snapshot;
  if (plane === null && services.length > 1) plane = load(equipment);
  plane?.follow([...services.flatMap(({ hosts }) => hosts), ...settings.propagateHosts], settings.propagateHeaders);
}

/**
 * Hands a request to the app in its context. `request` and `response` are whatever speaks for the exchange later: the two
 * of HTTP/1, a stream of HTTP/2, the request and the socket of an upgrade.
 */
export function enter<Result>(request: EventEmitter, context: Context, next: () => Result, response?: EventEmitter): Result {
  return plane === null ? next() : plane.enter(context, response === undefined ? [request] : [request, response], next);
}

function load(equipment: Equipment): Plane {
  const require = createRequire(import.meta.url);
  // Beside the agent's own file.
  const file = require.resolve('./context.cjs');
  const loaded: unknown = require(file);
  if (!isPlaneModule(loaded)) throw new TypeError(`${file} is not of this version of graylane: install it again`);
  return loaded.createPlane(equipment, file);
}

function isPlaneModule(value: unknown): value is PlaneModule {
  return typeof value === 'object' && value !== null && 'createPlane' in value;
}
