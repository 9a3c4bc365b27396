// From a config file's `gateway` section and its services to what gateway processes are told. It reports all faults at once and starts nothing.

import { isIP } from 'node:net';
import { DEFAULT_HEALTH, DEFAULT_MIRROR } from '@graylane/gateway';
import type { EdgeConfig, EdgeService, FrontLimits, HealthPlan, MirrorPlan } from '@graylane/gateway';
import type { Place } from '@graylane/pool';
import { durationMs, sizeBytes, type LimitsSpec, type ServiceSpec, type StrategyDocument } from '@graylane/rules';
import { exit, Failure, type Problem } from '../../print/failure.ts';
import { listenersOf } from './listeners.ts';
import { given, Look, type PlaceOf } from './look.ts';
import { absolute, targetsOf, upstreamTlsOf } from './targets.ts';
import type { UpstreamTlsSpec } from './types.ts';

export interface GatewayPlan {
  readonly edge: EdgeConfig;
  readonly places: readonly Place[];
  readonly workers: number;
  readonly drainMs: number;
}

export interface GatewaySource {
  /** The checked strategy beside the section. */
  readonly document: StrategyDocument;
  readonly section: unknown;
  readonly place: PlaceOf;
  /** The folder that relative paths mean. */
  readonly base: string;
}

const WORKERS_LIMIT = 256;
const COUNT_LIMIT = 1_000_000;
const CERTIFICATES_EVERY_MS = 10_000;
const DRAIN_MS = 30_000;
const KEYS = ['workers', 'listeners', 'accessLog', 'limits', 'dns', 'certificatesEvery', 'drainTimeout', 'health', 'upstreamTls', 'services'] as const;

/** Throws Failure with all faults. */
export function gatewayPlan({ document, section, place, base }: GatewaySource): GatewayPlan {
  const problems: Problem[] = [];
  const root = new Look({ gateway: section, services: document.services }, '', problems, place);
  const keys = root.at('gateway').keys('gateway', KEYS);
  const own = ownServices(keys.services, document);
  const health = healthOf(keys.health, DEFAULT_HEALTH);
  const tls = upstreamTlsOf(keys.upstreamTls, base);
  const services = Object.entries(document.services).map(([name, spec]): EdgeService => serviceOf({ name, spec, look: root.at('services').at(name), own: own.get(name), health, tls, base }));
  const { listeners, places } = listenersOf(keys.listeners, root.at('services'), document, base);
  const plan: GatewayPlan = {
    places,
    workers: keys.workers.whole('workers', 1, WORKERS_LIMIT) ?? 1,
    drainMs: keys.drainTimeout.duration('drainTimeout') ?? DRAIN_MS,
    edge: {
      listeners, services,
      limits: { ...servicesFrontLimits(Object.values(document.services)), ...frontLimitsOf(keys.limits) },
      accessLog: accessLogOf(keys.accessLog, base),
      dnsServers: dnsServersOf(keys.dns),
      certificatesEveryMs: keys.certificatesEvery.duration('certificatesEvery') ?? CERTIFICATES_EVERY_MS,
      ticketKeys: null,
    },
  };
  if (problems.length > 0) throw new Failure(problems, exit.usage);
  return plan;
}

function ownServices(look: Look, document: StrategyDocument): ReadonlyMap<string, Look> {
  const found = new Map<string, Look>();
  for (const [name, at] of look.entries('services')) {
    if (Object.hasOwn(document.services, name)) found.set(name, at);
    else at.fail(`there is no service ${name}`, `name one of: ${Object.keys(document.services).join(', ')}`, 'GL0084');
  }
  return found;
}

interface ServiceParts {
  readonly name: string;
  readonly spec: ServiceSpec;
  readonly look: Look;
  readonly own: Look | undefined;
  readonly health: HealthPlan | null;
  readonly tls: UpstreamTlsSpec;
  readonly base: string;
}

function serviceOf({ name, spec, look, own, health, tls, base }: ServiceParts): EdgeService {
  const keys = own?.keys('a service of the gateway', ['health', 'upstreamTls', 'mirrors']);
  return {
    name, stable: spec.stable,
    hosts: (spec.hosts ?? []).map((host) => host.toLowerCase()),
    trust: spec.trust ?? 'edge',
    versions: targetsOf(name, spec, { ...tls, ...(keys === undefined ? {} : upstreamTlsOf(keys.upstreamTls, base)) }, look),
    health: keys === undefined || keys.health.isMissing ? health : healthOf(keys.health, health ?? DEFAULT_HEALTH),
    mirrors: keys === undefined ? [] : keys.mirrors.list('mirrors', 8).flatMap((one) => mirrorOf(one, name, spec) ?? []),
  };
}

function healthOf(look: Look, base: HealthPlan): HealthPlan | null {
  if (look.isMissing) return base;
  if (look.value === false) return null;
  if (typeof look.value === 'string') return { ...base, path: healthPath(look) };
  const { path, host, interval, timeout, healthyAfter, unhealthyAfter } = look.keys('health', ['path', 'host', 'interval', 'timeout', 'healthyAfter', 'unhealthyAfter']);
  return {
    ...base,
    ...given<HealthPlan>({
      path: path.isMissing ? undefined : healthPath(path),
      host: host.text('host'),
      intervalMs: interval.duration('interval'),
      timeoutMs: timeout.duration('timeout'),
      healthyAfter: healthyAfter.whole('healthyAfter', 1, 100),
      unhealthyAfter: unhealthyAfter.whole('unhealthyAfter', 1, 100),
    }),
  };
}

function healthPath(look: Look): string | null {
  const path = look.text('path');
  if (path !== undefined && !/^\/[^\s]*$/.test(path)) look.fail(`${JSON.stringify(path)} is no path`, 'begin it with /');
  return path ?? null;
}

function mirrorOf(look: Look, name: string, spec: ServiceSpec): MirrorPlan | undefined {
  const { to, percent, methods, inFlight, bodyBytes, bufferedBytes, timeout } = look.keys('a mirror', ['to', 'percent', 'methods', 'inFlight', 'bodyBytes', 'bufferedBytes', 'timeout']);
  const version = to.text('to');
  if (to.isMissing) look.fail('a mirror has no `to`', 'name the version that gets the copies');
  if (version === undefined) return undefined;
  if (!Object.hasOwn(spec.versions, version)) to.fail(`${name} has no version ${version}`, `name one of: ${Object.keys(spec.versions).join(', ')}`, 'GL0084');
  return {
    ...DEFAULT_MIRROR, to: version,
    ...given<Omit<MirrorPlan, 'to'>>({
      percent: percent.percent('percent'),
      methods: methods.isMissing ? undefined : methods.list('methods', 32).flatMap((one) => one.text('a method')?.toUpperCase() ?? []),
      inFlight: inFlight.whole('inFlight', 1, COUNT_LIMIT),
      bodyBytes: bodyBytes.bytes('bodyBytes'),
      bufferedBytes: bufferedBytes.bytes('bufferedBytes'),
      timeoutMs: timeout.duration('timeout'),
    }),
  };
}

function frontLimitsOf(look: Look): Partial<FrontLimits> {
  const keys = look.keys('limits', ['headersTimeout', 'requestTimeout', 'keepAliveTimeout', 'headBytes', 'targetBytes', 'headerLines', 'connections', 'streams']);
  return given<FrontLimits>({
    ...NO_FRONT_LIMITS,
    headMs: keys.headersTimeout.duration('headersTimeout'),
    requestMs: keys.requestTimeout.duration('requestTimeout'),
    keepAliveMs: keys.keepAliveTimeout.duration('keepAliveTimeout'),
    headBytes: keys.headBytes.bytes('headBytes'),
    targetBytes: keys.targetBytes.bytes('targetBytes'),
    headerLines: keys.headerLines.whole('headerLines', 1, 10_000),
    connections: keys.connections.whole('connections', 1, COUNT_LIMIT),
    streams: keys.streams.whole('streams', 1, 10_000),
  });
}

const NO_FRONT_LIMITS: { readonly [K in keyof FrontLimits]: undefined } = {
  headBytes: undefined, targetBytes: undefined, headerLines: undefined, headMs: undefined, requestMs: undefined, keepAliveMs: undefined, stallMs: undefined, lingerMs: undefined, checkMs: undefined,
  connections: undefined, heapShare: undefined, streams: undefined, resetBurst: undefined, resetsPerSecond: undefined, controlFrames: undefined,
};

/** A listener's limits hold before it is known which service a request is for: the widest of all. */
function servicesFrontLimits(services: readonly ServiceSpec[]): Partial<FrontLimits> {
  const widest = (pick: (limits: LimitsSpec) => number | null | undefined): number | undefined => {
    const values = services.flatMap(({ limits }) => (limits === undefined ? [] : pick(limits) ?? []));
    return values.length === 0 ? undefined : Math.max(...values);
  };
  return given<FrontLimits>({
    ...NO_FRONT_LIMITS,
    headMs: widest(({ headersTimeout }) => headersTimeout === undefined ? null : durationMs(headersTimeout)),
    requestMs: widest(({ requestTimeout }) => requestTimeout === undefined ? null : durationMs(requestTimeout)),
    keepAliveMs: widest(({ keepAliveTimeout }) => keepAliveTimeout === undefined ? null : durationMs(keepAliveTimeout)),
    headBytes: widest(({ headBytes }) => headBytes === undefined ? null : sizeBytes(headBytes)),
    targetBytes: widest(({ targetBytes }) => targetBytes === undefined ? null : sizeBytes(targetBytes)),
    headerLines: widest(({ headerLines }) => headerLines),
    connections: widest(({ connections }) => connections),
  });
}

function accessLogOf(look: Look, base: string): string | null {
  if (look.isMissing || look.value === false) return null;
  if (look.value === true) return 'stdout';
  const path = look.text('accessLog');
  return path === undefined ? null : absolute(base, path);
}

function dnsServersOf(look: Look): readonly string[] {
  return look.keys('dns', ['servers']).servers.list('servers', 8).flatMap((one) => {
    const text = one.text('a name server');
    if (text === undefined) return [];
    const address = /^\[?([0-9a-fA-F:.]+?)\]?(?::\d+)?$/.exec(text)?.[1] ?? '';
    if (isIP(address) !== 0 || isIP(text) !== 0) return [text];
    one.fail(`${JSON.stringify(text)} is no name server`, "write an address, with a port if it is not 53: '10.0.0.2', '127.0.0.1:5353'");
    return [];
  });
}
