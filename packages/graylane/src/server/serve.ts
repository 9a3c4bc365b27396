// `graylane server`: the control plane of many machines, put together in order: store, replica, API, and the door for data planes.
// Carries no traffic, and keeps nothing that another server would miss.

import { apiApp, ControlError, isLoopback, listenOnSocket, listenOnTcp, problemResponse, Replica, socketGuard, systemClock, tcpGuard, type ApiApp, type ControlPlane, type FirstStage, type Guard, type Listening, type Store } from '@graylane/control';
import type { StrategyDocument } from '@graylane/rules';
import type { TcpApi } from '../config/tcp-api.ts';
import { preparePlace, type Place } from '../place.ts';
import { exit, Failure } from '../print/failure.ts';
import { findingsOf, snapshotOf } from '../up/analysis.ts';
import { ownPlaces } from '../up/own-places.ts';
import { removeProcessFile, writeProcessFile } from '../up/process-file.ts';
import { joinDoor } from './join-door.ts';
import { nodesView } from './nodes-view.ts';

export interface ServerOptions {
  readonly place: Place;
  readonly store: Store;
  /** As `graylane nodes` and the election name it. */
  readonly replica: string;
  readonly document: StrategyDocument | null;
  readonly tcpApi: TcpApi;
  readonly environment: NodeJS.ProcessEnv;
  /** Machines that begin with a new strategy before the others, or null. */
  readonly first: FirstStage | null;
  readonly onFault: (what: string, error: unknown) => void;
}

export interface RunningServer {
  readonly port: number;
  readonly replica: Replica;
  down(): Promise<void>;
}

/** Resolves when it serves. Throws, with nothing left behind, when the port is taken or the store has no strategy and no document was given. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { place, store, tcpApi, onFault } = options;
  preparePlace(place, options.environment);
  let current: ControlPlane | null = null;
  const replica = new Replica({
    store, clock: systemClock, replica: options.replica, document: options.document, runnable: false, analyse: findingsOf, compile: snapshotOf, places: ownPlaces(place.api, tcpApi, options.environment), onFault, ...(options.first === null ? {} : { first: options.first }),
    onPlane: (plane) => { current = plane; },
  });
  const hosts = new Set<string>();
  const holder = (token: string): ReturnType<ControlPlane['tokens']['holder']> => current?.tokens.holder(token) ?? Promise.resolve(null);
  const door = joinDoor({ holder, attach: (socket, head, identity) => replica.effects.attach(socket, head, identity) });
  const listening = await opened(serverApp(() => current, replica, tcpGuard({ hosts, holder })), tcpApi, door);
  for (const name of tcpApi.names) hosts.add(`${name}:${listening.port}`);
  const closing: Listening[] = [listening];
  const down = async (): Promise<void> => {
    // Side by side: whoever leads resigns at once, so that another server goes on.
    await Promise.all([...closing.map((one) => one.close()), replica.stop()]);
    await store.close();
    removeProcessFile(place.run);
  };
  try {
    await replica.start();
    closing.push(await listenOnSocket(serverApp(() => current, replica, socketGuard), place.api));
    writeProcessFile(place.run, process.pid);
    return { port: listening.port, replica, down };
  } catch (error) {
    await down();
    throw error;
  }
}

async function opened(app: ApiApp, { host, port, tls }: TcpApi, door: Parameters<typeof listenOnTcp>[4]): Promise<Listening> {
  try {
    return await listenOnTcp(app, host, port, tls, door ?? null);
  } catch (error) {
    if (error instanceof ControlError) throw error;
    throw new Failure({ code: 'GL2004', message: `the server cannot be opened on ${host}:${port}: ${error instanceof Error ? error.message : String(error)}`, fix: isLoopback(host) ? 'end what holds the port, or name another one' : 'end what holds the port, or name an address of this machine' }, exit.failed, error);
  }
}

/** The API of whichever control plane is in charge here now. */
function serverApp(plane: () => ControlPlane | null, replica: Replica, guard: Guard): ApiApp {
  let app: { readonly of: ControlPlane; readonly app: ApiApp } | null = null;
  return {
    fetch: (request) => {
      const now = plane();
      if (now === null) return problemResponse(new ControlError('GL3020', { detail: 'the server is still starting', fix: 'try again in a moment' }));
      if (app?.of !== now) app = { of: now, app: apiApp({ plane: now, clock: systemClock, guard, nodes: () => nodesView(replica) }) };
      return app.app.fetch(request);
    },
  };
}
