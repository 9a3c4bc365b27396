// `graylane gateway`: the strategy over upstreams that somebody else runs. One process, its own store and control API.

import { join } from 'node:path';
import { ControlPlane, openSqliteStore, systemClock, type Effects } from '@graylane/control';
import { Gateway } from '@graylane/gateway';
import type { ServiceSpec, StrategyDocument } from '@graylane/rules';
import { preparePlace, type Place } from '../place.ts';
import { exit, Failure } from '../print/failure.ts';
import { findingsOf } from './analysis.ts';
import { serveApi } from './api.ts';
import { writeProcessFile, removeProcessFile } from './process-file.ts';
import { placesOf } from './specs.ts';
import { upstreamsOf } from './upstreams.ts';

export interface BareGateway {
  readonly control: ControlPlane;
  down(): Promise<void>;
  readonly ended: Promise<void>;
}

const DRAIN_MS = 30_000;
const COUNTS_INTERVAL_MS = 1_000;

/** Throws Failure when a service has no upstreams or no port, or a port cannot be had. */
export async function startBareGateway(document: StrategyDocument, place: Place, environment: NodeJS.ProcessEnv): Promise<BareGateway> {
  preparePlace(place, environment);
  const gateways = new Map(Object.entries(document.services).map(([name, service]) => [name, gatewayFor(name, service)]));
  const store = await openSqliteStore({ file: join(place.state, 'gateway.db'), clock: systemClock });
  const control = new ControlPlane({ store, effects: effectsOn(gateways), clock: systemClock, random: Math.random, analyse: findingsOf, runnable: false });
  await control.start(document);
  await Promise.all([...gateways].map(([name, gateway]) => listen(name, gateway)));
  const api = await serveApi(control, null, place.api);
  writeProcessFile(place.run, process.pid);
  const counting = setInterval(() => {
    for (const [name, gateway] of gateways) control.counted(name, gateway.takeCounts());
  }, COUNTS_INTERVAL_MS);

  const end = Promise.withResolvers<undefined>();
  let ending: Promise<void> | null = null;
  const takeDown = async (): Promise<void> => {
    await api.close();
    await Promise.all([...gateways.values()].map((gateway) => gateway.drain(DRAIN_MS)));
    await control.stop();
    await store.close();
    // Last of all: nothing else keeps this process alive while its gateways drain.
    clearInterval(counting);
    removeProcessFile(place.run);
    end.resolve(undefined);
  };
  return { control, ended: end.promise, down: () => (ending ??= takeDown()) };
}

function gatewayFor(name: string, service: ServiceSpec): Gateway {
  const listen = placesOf(service.listen).map(({ port, host }) => (host === null ? { port } : { port, host }));
  if (listen.length === 0) throw new Failure({ code: 'GL0051', message: `a gateway for ${name} needs to know its port`, fix: `declare it: listen: 8080 in services.${name}` }, exit.usage);
  return new Gateway({ listen, service: name, stable: service.stable, upstreams: upstreamsOf(name, service) });
}

async function listen(name: string, gateway: Gateway): Promise<void> {
  try {
    await gateway.listen();
  } catch (error) {
    throw new Failure({ code: 'GL2004', message: `the port of ${name} cannot be opened: ${error instanceof Error ? error.message : String(error)}`, fix: 'end what holds it, or declare another port' }, exit.failed, error);
  }
}

/** Nothing is started or ended here: versions are upstreams that others run. */
function effectsOn(gateways: ReadonlyMap<string, Gateway>): Effects {
  const done = (): Promise<void> => Promise.resolve();
  return {
    publish: (snapshot, generation) => {
      for (const gateway of gateways.values()) gateway.publish({ kind: 'strategy', generation, snapshot });
      return Promise.resolve({ acked: [...gateways.keys()], stale: [] });
    },
    ensureVersion: done, retireVersion: done, prepareStable: done, openStable: done, retireStable: done,
    workers: () => [],
  };
}
