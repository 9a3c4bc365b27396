// The supervisor: pools, control plane and API of one machine, put together in order. Carries no traffic.

import { join } from 'node:path';
import { ControlPlane, openSqliteStore, systemClock, type Booted, type Listening, type WorkerFacts } from '@graylane/control';
import { Fleet, type FleetEvent, type Keeper, type Place as ListeningPlace } from '@graylane/pool';
import type { StrategyDocument } from '@graylane/rules';
import { preparePlace, type Place } from '../place.ts';
import { agentFile } from './agent-file.ts';
import { findingsOf } from './analysis.ts';
import { serveApi } from './api.ts';
import { Processes } from './processes.ts';
import { removeProcessFile, writeProcessFile } from './process-file.ts';
import { Machine } from './machine.ts';

export interface SupervisorOptions {
  readonly place: Place;
  /** The checked document, or null to go on with what the store has. */
  readonly document: StrategyDocument | null;
  readonly environment: NodeJS.ProcessEnv;
  /** Gateway workers in front of each service; 0 for the in-process plane. */
  readonly gateways: number;
  /** Who keeps the listening sockets when this process dies. */
  readonly keeper: Keeper | null;
  readonly onEvent: (event: FleetEvent) => void;
  readonly onFault: (what: string, error: unknown) => void;
}

export interface Supervisor {
  readonly control: ControlPlane;
  readonly booted: Booted;
  workers(): readonly WorkerFacts[];
  /** The public places of a service, declared or found out from what its workers opened. */
  places(service: string): readonly ListeningPlace[];
  /** Drains every pool, gives the ports back, closes the store. */
  down(): Promise<void>;
  /** Resolves when somebody has asked for the end and everything is down. */
  readonly ended: Promise<void>;
}

/** Resolves when everything serves. Throws, with nothing left behind, when a stable version does not become ready. */
export async function startSupervisor(options: SupervisorOptions): Promise<Supervisor> {
  const { place, environment } = options;
  preparePlace(place, environment);
  const places = new Map<string, readonly ListeningPlace[]>();
  let counted: ControlPlane | null = null;
  const fleet = new Fleet({
    runDir: place.run,
    agentFile: agentFile(),
    env: environment,
    ...(options.keeper === null ? {} : { keeper: options.keeper }),
    onEvent: (event) => {
      if (event.kind === 'peers') places.set(event.service, event.peers.find(({ listeners }) => listeners.length > 0)?.listeners ?? []);
      if (event.kind === 'agent' && event.message.kind === 'counts') counted?.report(event.worker, event.message);
      else options.onEvent(event);
    },
  });
  // First of all: it is what says that another supervisor runs for this project.
  await fleet.listen();
  const store = await openSqliteStore({ file: join(place.state, 'store.db'), clock: systemClock });
  const machine = new Machine({ fleet, base: place.project, gateways: options.gateways });
  const control = new ControlPlane({ store, effects: machine, clock: systemClock, random: Math.random, analyse: findingsOf, onFault: options.onFault });
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
    const booted = await control.start(options.document);
    api = await serveApi(control, new Processes(fleet), place.api);
    writeProcessFile(place.run, process.pid);
    return { control, booted, down, ended: end.promise, workers: () => machine.workers(), places: (service) => places.get(service) ?? [] };
  } catch (error) {
    await down();
    throw error;
  }
}
