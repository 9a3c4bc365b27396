// `graylane sidecar SERVICE`: routes beside one service that is not Node, as a guest of the supervisor that has the strategy.

import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { GatewayWorker, Sidecar } from '@graylane/gateway';
import type { ServiceSpec } from '@graylane/rules';
import { WIRE_VERSION, type ListenerPlan, type WorkerBrief } from '@graylane/wire';
import { targetOf } from '../config/gateway/targets.ts';
import { exit, Failure } from '../print/failure.ts';
import { placesOf } from '../up/specs.ts';
import { contextOf, type Context, type GlobalOptions } from './context.ts';
import { liveStrategy } from './live.ts';
import { locateApi } from './locate.ts';
import { stopSignal } from './stop-signal.ts';

interface SidecarCliOptions extends GlobalOptions {
  readonly listen?: string;
  readonly outbound?: string;
}

/** As a worker drains. */
const DRAIN_MS = 30_000;

export function addSidecar(program: Command): void {
  program
    .command('sidecar')
    .argument('<service>', 'a service whose versions name `upstreams`')
    .option('--listen <place>', "where requests for it come in; default: the service's `listen`")
    .option('--outbound <place>', 'where it sends what is for other services, with their name as Host')
    .description('route beside a service that is not Node, under the strategy of a running supervisor')
    .action(async (service: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<SidecarCliOptions>();
      await run(contextOf(options), service, options);
    });
}

async function run(context: Context, service: string, options: SidecarCliOptions): Promise<void> {
  const { terminal } = context;
  const stop = stopSignal(terminal);
  const folder = dirname(await locateApi(context));
  const { document } = await liveStrategy(context);
  const spec = serviceOf(document.services, service);
  const inbound = placeFor(options.listen ?? spec.listen, `the sidecar of ${service} needs to know where requests come in`, `--listen 8080, or \`listen: 8080\` in services.${service}`);
  const outbound = options.outbound === undefined ? null : placeFor(options.outbound, '--outbound is no place', 'write a port or host:port');
  const sidecar = new Sidecar({
    service, random: Math.random,
    // Only the app beside may use it.
    outbound: outbound === null ? null : { port: outbound.port, host: outbound.host ?? '127.0.0.1' },
    upstreamOf: (text) => {
      const target = targetOf(text, {});
      return target === null || target.tls !== null ? null : { key: text, address: target.place, http2: target.http2 };
    },
  });
  const worker = new GatewayWorker(briefFor(service, spec.stable, folder, { index: 0, port: inbound.port, host: inbound.host, fd: null }), { pid: process.pid, node: process.version, random: Math.random, isGuest: true }, sidecar);
  await worker.start();
  if (sidecar.failure !== null) {
    worker.close();
    throw new Failure({ code: 'GL2004', message: `port ${inbound.port} cannot be opened: ${sidecar.failure.message}`, fix: 'end what holds it, or name another: --listen 8080' }, exit.failed, sidecar.failure);
  }
  terminal.data(`sidecar of ${service} on ${inbound.port}${outbound === null ? '' : `, out through ${outbound.port}`}`);
  if (terminal.json) terminal.object({ ready: true, inbound: inbound.port, outbound: outbound?.port ?? null });
  await stop;
  await sidecar.drain(DRAIN_MS);
  worker.close();
}

function serviceOf(services: Readonly<Record<string, ServiceSpec>>, name: string): ServiceSpec {
  const spec = services[name];
  if (spec === undefined) throw new Failure({ code: 'GL0061', message: `the strategy has no service ${name}`, fix: `name one of: ${Object.keys(services).join(', ')}` }, exit.usage);
  const without = Object.entries(spec.versions).filter(([, { upstreams = [] }]) => upstreams.length === 0).map(([version]) => version);
  if (without.length > 0) throw new Failure({ code: 'GL0062', message: `nobody knows where ${without.join(', ')} of ${name} is served`, fix: 'name its `upstreams`: ["127.0.0.1:9001"]; Node services that `graylane up` runs need no sidecar' }, exit.usage);
  return spec;
}

function placeFor(listen: ServiceSpec['listen'], message: string, fix: string): { readonly port: number; readonly host: string | null } {
  const [place] = placesOf(listen);
  if (place === undefined) throw new Failure({ code: 'GL0063', message, fix }, exit.usage);
  return place;
}

function briefFor(service: string, stable: string, folder: string, listener: ListenerPlan): WorkerBrief {
  return {
    wire: WIRE_VERSION, worker: `sidecar.${service}.${process.pid}`, service, version: stable, role: 'gateway',
    control: join(folder, 'control.sock'), sockets: folder, snapshot: join(folder, `strategy.${service}.json`),
    hold: false, listeners: [listener], undeclared: 'private',
  };
}
