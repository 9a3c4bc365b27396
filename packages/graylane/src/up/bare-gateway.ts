// `graylane gateway`: the strategy over upstreams that somebody else runs. Gateway processes on slot sockets, a store and a control
// API of their own; a new configuration is served by new processes, and the old ones finish what they have.

import { join } from 'node:path';
import { ControlPlane, keptIn, openSqliteStore, systemClock, type Booted, type Effects, type Listening } from '@graylane/control';
import { Fleet, type FleetEvent, type Keeper, type Place as PublicPlace } from '@graylane/pool';
import type { StrategyDocument } from '@graylane/rules';
import { gatewayPlan, type GatewaySource } from '../config/gateway/section.ts';
import { preparePlace, type Place } from '../place.ts';
import { findingsOf, snapshotOf } from './analysis.ts';
import { serveApi } from './api.ts';
import { EdgeRoll } from './edge-roll.ts';
import { EDGE_SERVICE } from './edge-spec.ts';
import { GatewayProcesses } from './gateway-processes.ts';
import { gatewaysOf } from './machine.ts';
import { ownPlaces } from './own-places.ts';
import { writeProcessFile, removeProcessFile } from './process-file.ts';

export interface BareGatewayOptions {
  readonly place: Place;
  /** What the file says now; read again at each reload. Throws Failure. */
  readonly source: () => Promise<GatewaySource>;
  readonly environment: NodeJS.ProcessEnv;
  readonly keeper: Keeper | null;
  readonly onEvent: (event: FleetEvent) => void;
  readonly onFault: (what: string, error: unknown) => void;
}

export interface BareGateway {
  readonly control: ControlPlane;
  readonly booted: Booted;
  readonly places: readonly PublicPlace[];
  /** Reads the file again and replaces all processes, new ones first. Throws Failure or StartFailure; then the old ones go on. */
  reload(): Promise<void>;
  down(): Promise<void>;
  readonly ended: Promise<void>;
}

const PUBLISH_DEADLINE_MS = 50;

/** Throws Failure when the configuration is wrong, or a port cannot be had. */
export async function startBareGateway(options: BareGatewayOptions): Promise<BareGateway> {
  const { place, environment, keeper } = options;
  preparePlace(place, environment);
  const first = await options.source();
  const running = new EdgeRoll({ run: place.run, source: options.source, onFault: options.onFault }, first, gatewayPlan(first));
  let counted: ControlPlane | null = null;
  const fleet = new Fleet({
    // Its processes speak for themselves: no agent is loaded into them.
    runDir: place.run, dataDir: place.state, agentFile: '', env: environment,
    ...(keeper === null ? {} : { keeper }),
    onEvent: (event) => {
      if (event.kind === 'agent' && event.message.kind === 'counts') counted?.report({ id: event.worker.id, service: event.message.service ?? event.worker.service }, event.message);
      else if (event.kind === 'guest') counted?.report({ id: event.id, service: event.message.service ?? event.service }, event.message);
      else options.onEvent(event);
    },
  });
  await fleet.listen();
  const store = await openSqliteStore({ file: join(place.state, 'gateway.db'), clock: systemClock });
  const control = new ControlPlane({ store, effects: effectsOn(fleet, () => running.followStrategy()), clock: systemClock, random: Math.random, analyse: findingsOf, compile: snapshotOf, places: ownPlaces(place.api, null, environment), runnable: false, onFault: options.onFault, keeping: keptIn([place.run, place.state].map((folder) => join(folder, 'gateway-rollbacks.json'))) });
  counted = control;
  const end = Promise.withResolvers<undefined>();
  let api: Listening | null = null;
  let ending: Promise<void> | null = null;
  const takeDown = async (): Promise<void> => {
    await api?.close();
    await control.stop();
    await fleet.down();
    await store.close();
    removeProcessFile(place.run);
    end.resolve(undefined);
  };
  const down = (): Promise<void> => (ending ??= takeDown());
  try {
    await fleet.recover();
    await fleet.openSlots(EDGE_SERVICE, running.plan.places, running.plan.workers);
    const booted = await control.start(first.document);
    await running.start(fleet, async () => (await control.strategy()).document as unknown as StrategyDocument);
    api = await serveApi(control, new GatewayProcesses(fleet, () => running.reload()), place.api);
    writeProcessFile(place.run, process.pid);
    return { control, booted, places: running.plan.places, reload: () => running.reload(), down, ended: end.promise };
  } catch (error) {
    await down();
    throw error;
  }
}

/** Nothing is started or ended for a version: it is upstreams that others run. */
function effectsOn(fleet: Fleet, published: () => void): Effects {
  const done = (): Promise<void> => Promise.resolve();
  return {
    publish: async (snapshot, generation) => {
      const result = await fleet.publish(null, { kind: 'strategy', generation, snapshot }, PUBLISH_DEADLINE_MS);
      published();
      return result;
    },
    ensureVersion: done, retireVersion: done, prepareStable: done, openStable: done, retireStable: done,
    workers: () => [], gateways: () => gatewaysOf(fleet.workers()),
  };
}
