// The supervisor: pools, control plane and API of one machine, put together in order. Carries no traffic.

import { join } from 'node:path';
import { ControlPlane, isLoopback, keptIn, openWithSpare, systemClock, type Booted, type Listening, type WorkerFacts } from '@graylane/control';
import { Fleet, type FleetEvent, type Keeper, type Pool, type Place as ListeningPlace } from '@graylane/pool';
import type { StrategyDocument } from '@graylane/rules';
import type { Peer } from '@graylane/wire';
import type { TcpApi } from '../config/tcp-api.ts';
import { preparePlace, type Place } from '../place.ts';
import { exit, Failure } from '../print/failure.ts';
import { agentFile } from './agent-file.ts';
import { findingsOf, snapshotOf } from './analysis.ts';
import { openTcpDoor, serveApi, type TcpDoor } from './api.ts';
import { ownPlaces } from './own-places.ts';
import { Processes } from './processes.ts';
import { troubleText } from '../print/trouble.ts';
import { removeProcessFile, writeProcessFile } from './process-file.ts';
import { Machine } from './machine.ts';

/** In the project's state folder. */
export const STORE_NAME = 'store.db';
/** Rollbacks that the store could not take down; the run folder is often on another file system than the store. */
const ROLLBACKS_NAME = 'rollbacks.json';

export interface SupervisorOptions {
  readonly place: Place;
  /** The checked document, or null to go on with what the store has. */
  readonly document: StrategyDocument | null;
  readonly environment: NodeJS.ProcessEnv;
  /** Gateway workers in front of each service; 0 for the in-process plane. */
  readonly gateways: number;
  /** Where the API is opened beside its Unix socket, or null. */
  readonly tcpApi: TcpApi | null;
  /** Who keeps the listening sockets when this process dies. */
  readonly keeper: Keeper | null;
  /** Resolves when everything is to be taken down, which can be wished before all of it is up. */
  readonly stop: Promise<void>;
  readonly onEvent: (event: FleetEvent) => void;
  readonly onFault: (what: string, error: unknown) => void;
}

export interface Supervisor {
  readonly control: ControlPlane;
  readonly booted: Booted;
  workers(): readonly WorkerFacts[];
  /** The public places of a service, declared or found out from what its workers opened. */
  places(service: string): readonly ListeningPlace[];
  /** What is wrong with the store, or null. */
  readonly trouble: string | null;
  /** Of the API on TCP, or null. */
  readonly tcpPort: number | null;
  /** Drains every pool, gives the ports back, closes the store. */
  down(): Promise<void>;
  /** Resolves when somebody has asked for the end and everything is down. */
  readonly ended: Promise<void>;
}

/**
 * Resolves when everything serves. Throws, with nothing left behind, when a stable version does not become ready; where workers of
 * an earlier supervisor were taken over, those are left running, and this process has to end for the next one to find them.
 * Null when the end was wished meanwhile: then everything is down.
 */
export async function startSupervisor(options: SupervisorOptions): Promise<Supervisor | null> {
  const { place, environment } = options;
  preparePlace(place, environment);
  const door = options.tcpApi === null ? null : await openTcpDoor(options.tcpApi);
  const peers = new Map<string, readonly Peer[]>();
  let counted: ControlPlane | null = null;
  const fleet = new Fleet({
    runDir: place.run,
    dataDir: place.state,
    agentFile: agentFile(),
    env: environment,
    ...(options.keeper === null ? {} : { keeper: options.keeper }),
    onEvent: (event) => {
      if (event.kind === 'peers') peers.set(event.service, event.peers.filter(({ listeners }) => listeners.length > 0));
      if (event.kind === 'agent' && event.message.kind === 'counts') counted?.report(event.worker, event.message);
      else if (event.kind === 'guest') counted?.report({ id: event.id, service: event.message.service ?? event.service }, event.message);
      else options.onEvent(event);
    },
  });
  // First of all: it is what says that another supervisor runs for this project.
  await fleet.listen();
  const { store, condition } = await openWithSpare({ file: join(place.state, STORE_NAME), clock: systemClock, onFault: options.onFault });
  const trouble = troubleText(condition);
  const machine = new Machine({ fleet, base: place.project, gateways: options.gateways });
  const control = new ControlPlane({ store, effects: machine, clock: systemClock, random: Math.random, analyse: findingsOf, compile: snapshotOf, places: ownPlaces(place.api, door === null || options.tcpApi === null ? null : { ...options.tcpApi, port: door.port }, environment), onFault: options.onFault, keeping: keptIn([place.run, place.state].map((folder) => join(folder, ROLLBACKS_NAME))), deliverKeys: (keys) => machine.deliverKeys(keys), ...(trouble === null ? {} : { trouble }) });
  counted = control;
  const end = Promise.withResolvers<undefined>();
  let api: Listening | null = null;
  let ending: Promise<void> | null = null;
  const takeDown = async (): Promise<void> => {
    await api?.close();
    await door?.close();
    await control.stop();
    await fleet.down();
    await store.close();
    removeProcessFile(place.run);
    end.resolve(undefined);
  };
  const down = (): Promise<void> => (ending ??= takeDown());
  const isEnding = (): boolean => ending !== null;
  void options.stop.then(down);
  let adopted: readonly Pool[] = [];
  try {
    adopted = await fleet.recover();
    if (door !== null && options.tcpApi !== null && !isLoopback(options.tcpApi.host)) await refuseWithoutToken(control, door, adopted.length > 0, options.onFault);
    const booted = await control.start(options.document);
    const processes = new Processes(fleet);
    api = await serveApi(control, processes, place.api);
    door?.serve(control, processes);
    writeProcessFile(place.run, process.pid);
    return { control, booted, trouble, down, tcpPort: door?.port ?? null, ended: end.promise, workers: () => machine.workers(), places: (service) => publicPlaces(peers.get(service) ?? [], machine.workers()) };
  } catch (error) {
    if (isEnding()) {
      await down();
      return null;
    }
    // Workers that an earlier supervisor left serve; what keeps this one from going on must not end them.
    if (adopted.length === 0) await down();
    throw error;
  }
}

/** What a canary's code asks for is nowhere open: stable's places are the public ones. */
function publicPlaces(peers: readonly Peer[], workers: readonly WorkerFacts[]): readonly ListeningPlace[] {
  const stable = new Set(workers.filter(({ role }) => role === 'stable').map(({ id }) => id));
  return (peers.find(({ worker }) => stable.has(worker)) ?? peers[0])?.listeners ?? [];
}

/** Beyond this machine the API is for holders of tokens; without any it would only be a door to knock at. Workers that run go on without it. */
async function refuseWithoutToken(control: ControlPlane, door: TcpDoor, isAdopting: boolean, onFault: SupervisorOptions['onFault']): Promise<void> {
  if ((await control.tokens.list()).length > 0) return;
  const failure = new Failure({ code: 'GL0098', message: 'the API is not opened beyond this machine: there is no token that could use it', fix: 'start without --api, make one (graylane token create NAME), then start again' }, exit.usage);
  if (!isAdopting) throw failure;
  await door.close();
  onFault('API on TCP', failure);
}
