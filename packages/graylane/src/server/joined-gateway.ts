// `graylane gateway --server`: a reverse proxy that follows a server. Its file says where it listens and how it behaves; strategy and
// upstreams are the fleet's. It runs no version, and goes on under its last orders when no server is there.

import { join } from 'node:path';
import { listenOnSocket, type Listening } from '@graylane/control';
import { Fleet, type FleetEvent, type Keeper, type Place as PublicPlace } from '@graylane/pool';
import type { ServiceSpec, Snapshot, StrategyDocument } from '@graylane/rules';
import { gatewayPlan, type GatewaySource } from '../config/gateway/section.ts';
import { preparePlace, type Place } from '../place.ts';
import { processesApp } from '../up/api.ts';
import { EDGE_SERVICE } from '../up/edge-spec.ts';
import { GatewayProcesses } from '../up/gateway-processes.ts';
import { EdgeRoll } from '../up/edge-roll.ts';
import { removeProcessFile, writeProcessFile } from '../up/process-file.ts';
import { Follower, type Following } from './follower.ts';

export interface JoinedGatewayOptions extends Following {
  readonly place: Place;
  /** What the file says now; read again at each reload. Throws Failure. */
  readonly source: () => Promise<GatewaySource>;
  readonly environment: NodeJS.ProcessEnv;
  readonly keeper: Keeper | null;
  readonly onEvent: (event: FleetEvent) => void;
  readonly onFault: (what: string, error: unknown) => void;
  readonly say: (line: string) => void;
}

export interface JoinedGateway {
  readonly places: readonly PublicPlace[];
  generation(): number;
  /** Reads the file again and replaces all processes, new ones first. */
  reload(): Promise<void>;
  down(): Promise<void>;
}

/** As on one machine. */
const PUBLISH_DEADLINE_MS = 50;

/** Resolves when it listens. Throws Failure when the configuration is wrong, or a port cannot be had. */
export async function startJoinedGateway(options: JoinedGatewayOptions): Promise<JoinedGateway> {
  const { place, environment, keeper, onFault } = options;
  preparePlace(place, environment);
  const first = await options.source();
  const roll = new EdgeRoll({ run: place.run, source: options.source, onFault }, first, gatewayPlan(first));
  const fleet = new Fleet({
    // Its processes speak for themselves: no agent is loaded into them.
    runDir: place.run, dataDir: place.state, agentFile: '', env: environment, ...(keeper === null ? {} : { keeper }),
    onEvent: (event) => {
      if (!follower.counted(event)) options.onEvent(event);
    },
  });
  const follower: Follower = new Follower({
    ...options, fleet, ordersFile: join(place.state, 'gateway-orders.json'), forward: null,
    publish: (snapshot, generation) => fleet.publish(null, { kind: 'strategy', generation, snapshot }, PUBLISH_DEADLINE_MS),
    onBegun: () => roll.followStrategy(), onOrder: () => undefined,
  });
  await fleet.listen();
  let api: Listening | null = null;
  const down = async (): Promise<void> => {
    follower.stop();
    await api?.close();
    await fleet.down();
    removeProcessFile(place.run);
  };
  try {
    await fleet.recover();
    await follower.resume();
    await fleet.openSlots(EDGE_SERVICE, roll.plan.places, roll.plan.workers);
    await roll.start(fleet, async () => withUpstreams((await options.source()).document, follower.orders.snapshot));
    api = await listenOnSocket(processesApp(new GatewayProcesses(fleet, () => roll.reload()), options.servers), place.api);
    writeProcessFile(place.run, process.pid);
    follower.report(nothingRuns);
    follower.start();
    return { places: roll.plan.places, generation: () => follower.generation, reload: () => roll.reload(), down };
  } catch (error) {
    await down();
    throw error;
  }
}

/** A machine without pools: it offers nothing, and nothing is waited for. */
const nothingRuns = { kind: 'report', pools: [], workers: [], offers: [] } as const;

/** The file's services with the versions that the fleet knows; what the file says of a version that the fleet does not know stays. */
function withUpstreams(document: StrategyDocument, snapshot: Snapshot | null): StrategyDocument {
  const services = Object.entries(document.services).map(([name, service]): readonly [string, ServiceSpec] => {
    const known = Object.entries(snapshot?.services.find((one) => one.name === name)?.versions ?? {}).filter(([, upstreams]) => upstreams.length > 0);
    const versions = known.map(([version, upstreams]) => [version, { ...(Object.hasOwn(service.versions, version) ? service.versions[version] : {}), upstreams }] as const);
    return [name, { ...service, versions: { ...service.versions, ...Object.fromEntries(versions) } }];
  });
  return { ...document, services: Object.fromEntries(services) };
}
