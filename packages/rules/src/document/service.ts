// Checks a service, its versions and its limits.

import type { Report } from './report.ts';
import { nameOf, quote, step } from './report.ts';
import { checkName, duration, name, NAME_PATTERN, oneOf, size, text, truth, whole } from './scalars.ts';
import type { Shape } from './shape.ts';
import { either, listOf, mapOf, object, optional, required, shape, wrongType } from './shape.ts';
import { didYouMean } from './suggest.ts';
import type { LimitsSpec, ListenAddress, LivenessSpec, ReadySpec, ServiceSpec, VersionSpec, WorkerRange } from './types.ts';

const LIST_LIMIT = 256;
/** More processes of one version than a machine has use for. */
const WORKERS_LIMIT = 1_024;
const COUNT_LIMIT = 1_000_000;

const texts: Shape<readonly string[]> = listOf('texts', text, { min: 0, max: LIST_LIMIT });
const textOrTexts: Shape<string | readonly string[]> = either(text, texts, (value) => typeof value === 'string');

const envName = (value: string, pointer: string, report: Report): boolean =>
  /^[A-Za-z_][A-Za-z0-9_]*$/.test(value) || report.add('GL1005', pointer, `${quote(value)} cannot be a variable`, 'use letters, digits and _');

const workerRangeKeys: Shape<WorkerRange> = object<WorkerRange>('a range of workers', {
  min: required(whole(0, WORKERS_LIMIT), 'at least so many'),
  max: required(whole(1, WORKERS_LIMIT), 'at most so many'),
});

const workerRange: Shape<WorkerRange> = shape(workerRangeKeys.schema, (value, pointer, report) =>
  workerRangeKeys.check(value, pointer, report)
  && (value.min <= value.max || report.add('GL1004', pointer, `min ${value.min} is over max ${value.max}`, 'swap the two')));

const ready: Shape<ReadySpec> = object<ReadySpec>('readiness', {
  message: optional(truth, "wait for the app's process.send('ready')"),
  http: optional(text, 'a path that has to answer 2xx or 3xx'),
  timeout: optional(duration, 'how long a start may take'),
});

const liveness: Shape<LivenessSpec> = object<LivenessSpec>('liveness', {
  http: optional(text, 'a path that is asked every 5 s; three failures in a row and the worker is replaced'),
});

export const version: Shape<VersionSpec> = object<VersionSpec>('a version', {
  script: optional(text, 'the file that Node runs'),
  args: optional(texts, 'its arguments'),
  cwd: optional(text, 'its folder'),
  interpreter: optional(text, 'another Node binary'),
  nodeFlags: optional(texts, "Node's flags"),
  env: optional(mapOf('variables', envName, text, ''), 'variables of its environment'),
  envFile: optional(textOrTexts, 'files with variables'),
  workers: optional(either(workerRange, whole(0, WORKERS_LIMIT), (value) => typeof value === 'object'), 'processes: a number, or { min, max }'),
  ready: optional(ready, 'when a worker counts as ready'),
  liveness: optional(liveness, 'when a worker that was ready counts as dead'),
  nice: optional(whole(-20, 19), 'scheduling priority of its processes; above 0, where a canary starts, they interrupt nobody either'),
  cpuWeight: optional(whole(1, 10_000), 'share of the CPU where a cgroup v2 is delegated; 100 is the default, 20 for canaries'),
  memoryLimit: optional(size, 'resident memory at which a worker is replaced'),
  heapSnapshot: optional(truth, 'take a heap snapshot before a worker is replaced for its memory'),
  heapLimit: optional(size, "V8's old space"),
  maxLifetime: optional(duration, 'a worker is replaced after this'),
  killTimeout: optional(duration, 'from SIGTERM to SIGKILL'),
  drainTimeout: optional(duration, 'how long requests in flight may take to end'),
  user: optional(text, 'runs as this user'),
  group: optional(text, 'runs as this group'),
  upstreams: optional(texts, "addresses for the gateway: 'host:port' or a Unix path"),
});

const limits: Shape<LimitsSpec> = object<LimitsSpec>('limits', {
  inFlight: optional(whole(1, COUNT_LIMIT), 'exchanges in flight per worker; default 256'),
  waiting: optional(whole(0, COUNT_LIMIT), 'exchanges waiting per version; default 512'),
  wait: optional(duration, 'how long one may wait; default 5s'),
  connectTimeout: optional(duration, 'default 1s on a Unix socket, 5s on TCP'),
  responseTimeout: optional(duration, 'until the head of the response; default 60s'),
  idleTimeout: optional(duration, 'between two pieces of a body; default 60s'),
  headersTimeout: optional(duration, 'graylane gateway: for the head of a request; default 10s'),
  requestTimeout: optional(duration, 'graylane gateway: for a whole request; default 300s'),
  keepAliveTimeout: optional(duration, 'graylane gateway: for an idle connection; default 65s'),
  headBytes: optional(size, 'graylane gateway: head of a request; default 16KB'),
  targetBytes: optional(size, 'graylane gateway: target of a request; default 8KB'),
  headerLines: optional(whole(1, 10_000), 'graylane gateway: header lines; default 100'),
  responseHeadBytes: optional(size, 'head of a response; default 64KB'),
  connections: optional(whole(1, COUNT_LIMIT), 'graylane gateway: connections of one process; default 20000'),
});

const listenAddress: Shape<ListenAddress> = shape({ anyOf: [{ type: 'integer', minimum: 1, maximum: 65535 }, { type: 'string' }] }, (value, pointer, report) => {
  if (typeof value !== 'number' && typeof value !== 'string') return wrongType(value, pointer, report, "a port or 'host:port'");
  const place = listenPlace(value);
  // Another port at each start is none that clients could be told.
  return (place !== null && place.port > 0) || report.add('GL1004', pointer, `${nameOf(value)} is not a place to listen on`, "write a port (8080) or 'host:port' ('127.0.0.1:8080', '[::1]:8080')");
});

/** Host (null is all) and port of an address, or null when it is none. */
export function listenPlace(address: ListenAddress): { readonly host: string | null; readonly port: number } | null {
  if (typeof address === 'number') return Number.isInteger(address) && address >= 0 && address <= 65_535 ? { host: null, port: address } : null;
  const match = /^(?:(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+|\*):)?(\d{1,5})$/.exec(address);
  if (match === null || Number(match[2]) > 65_535) return null;
  const host = match[1] === undefined || match[1] === '*' ? null : match[1].replace(/^\[|\]$/g, '');
  return { host, port: Number(match[2]) };
}

export const service: Shape<ServiceSpec> = object<ServiceSpec>('a service', {
  listen: optional(either(listOf('addresses', listenAddress, { min: 1, max: LIST_LIMIT }), listenAddress, Array.isArray), "public port, 'host:port', or a list of them"),
  hosts: optional(texts, 'names under which other services call it'),
  stable: required(name, 'the version that serves everyone not selected'),
  versions: required(mapOf('versions', checkName, version, NAME_PATTERN), 'its versions by name'),
  trust: optional(oneOf('edge', 'internal'), 'whether stamps from outside are believed; default edge'),
  limits: optional(limits, 'limits of forwarded exchanges'),
});

/** A host belongs to one service: a call to it must lead to one of them. */
export function checkHosts(services: Readonly<Record<string, ServiceSpec>>, report: Report): void {
  const owners = new Map<string, string>();
  for (const [serviceName, spec] of Object.entries(services)) {
    (spec.hosts ?? []).forEach((host, i) => {
      const owner = owners.get(host.toLowerCase());
      if (owner === undefined) owners.set(host.toLowerCase(), serviceName);
      else report.add('GL1016', step(step(step('/services', serviceName), 'hosts'), i), `the host ${quote(host)} is there twice`, owner === serviceName ? 'leave one of them out' : `take it from this service or from ${quote(owner)}`);
    });
  }
}

/** What holds inside one service; `runnable` also wants something to start. */
export function checkService(spec: ServiceSpec, pointer: string, report: Report, runnable: boolean): void {
  const names = Object.keys(spec.versions);
  if (!Object.hasOwn(spec.versions, spec.stable)) {
    report.add('GL1012', step(pointer, 'stable'), `stable is ${quote(spec.stable)}, which is not among the versions`, didYouMean(spec.stable, names) || `name one of: ${names.join(', ') || '(there is none: add it under versions)'}`);
  }
  if (!runnable) return;
  for (const [versionName, versionSpec] of Object.entries(spec.versions)) {
    if (versionSpec.script === undefined && versionSpec.upstreams === undefined) {
      report.add('GL1017', step(step(step(pointer, 'versions'), versionName), 'script'), `the version ${quote(versionName)} has no \`script\``, 'add `script`: the file that Node runs');
    }
  }
}

