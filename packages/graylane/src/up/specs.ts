// From the strategy document's words to what the pools are asked to run: paths made absolute, durations in milliseconds.

import { dirname, isAbsolute, resolve } from 'node:path';
import { durationMs, listenPlace, sizeBytes, type Duration, type ServiceSpec, type Size, type VersionSpec } from '@graylane/rules';
import type { Place, PoolSpec, PublicSlots } from '@graylane/pool';

/** The public places of a service, in the order in which its app opens them; empty when nobody declared any. */
export function placesOf(listen: ServiceSpec['listen']): Place[] {
  const addresses = listen === undefined ? [] : typeof listen === 'object' ? listen : [listen];
  return addresses.flatMap((address) => listenPlace(address) ?? []);
}

export interface PoolPlan {
  readonly service: string;
  readonly version: string;
  readonly role: 'stable' | 'canary';
  readonly publicSlots: PublicSlots;
  readonly spec: VersionSpec;
  /** The folder that relative paths of the document mean. */
  readonly base: string;
}

/** `spec` has passed `parseStrategy`, so every duration and size in it can be read. */
export function poolSpec({ service, version, role, publicSlots, spec, base }: PoolPlan): PoolSpec {
  const script = resolve(base, spec.cwd ?? '.', spec.script ?? '');
  const workers = spec.workers ?? 1;
  const envFiles = spec.envFile === undefined ? [] : typeof spec.envFile === 'string' ? [spec.envFile] : spec.envFile;
  return {
    service,
    version,
    role,
    publicSlots,
    script,
    cwd: spec.cwd === undefined ? dirname(script) : resolve(base, spec.cwd),
    ...(spec.args === undefined ? {} : { args: spec.args }),
    ...(spec.interpreter === undefined ? {} : { interpreter: interpreterPath(spec.interpreter, base) }),
    ...(spec.nodeFlags === undefined ? {} : { nodeFlags: spec.nodeFlags }),
    ...(spec.env === undefined ? {} : { env: spec.env }),
    ...(envFiles.length === 0 ? {} : { envFile: envFiles.map((file) => resolve(base, file)) }),
    ...(typeof workers === 'number' ? { workers } : { scaling: workers }),
    ...(spec.ready === undefined ? {} : { ready: readySpec(spec.ready) }),
    ...(spec.liveness?.http === undefined ? {} : { liveness: { http: spec.liveness.http } }),
    ...(spec.cpuWeight === undefined ? {} : { cpuWeight: spec.cpuWeight }),
    ...milliseconds('killTimeoutMs', spec.killTimeout),
    ...milliseconds('drainTimeoutMs', spec.drainTimeout),
    ...milliseconds('maxLifetimeMs', spec.maxLifetime),
    ...(spec.nice === undefined ? {} : { nice: spec.nice }),
    ...(spec.user === undefined ? {} : { user: spec.user }),
    ...(spec.group === undefined ? {} : { group: spec.group }),
    ...(spec.heapLimit === undefined ? {} : { heapLimitBytes: bytes(spec.heapLimit) }),
    memory: {
      ...(spec.memoryLimit === undefined ? {} : { rssBytes: bytes(spec.memoryLimit) }),
      ...(spec.heapSnapshot === undefined ? {} : { snapshot: spec.heapSnapshot }),
    },
  };
}

/** A bare word is looked up in PATH by the system, anything with a slash is a path of the document. */
function interpreterPath(given: string, base: string): string {
  return isAbsolute(given) || !given.includes('/') ? given : resolve(base, given);
}

function readySpec(ready: NonNullable<VersionSpec['ready']>): NonNullable<PoolSpec['ready']> {
  return {
    ...(ready.message === undefined ? {} : { message: ready.message }),
    ...(ready.http === undefined ? {} : { http: ready.http }),
    ...milliseconds('timeoutMs', ready.timeout),
  };
}

function milliseconds<K extends string>(key: K, value: Duration | undefined): Partial<Record<K, number>> {
  if (value === undefined) return {};
  return { [key]: durationMs(value) ?? 0 } as Partial<Record<K, number>>;
}

function bytes(value: Size): number {
  return sizeBytes(value) ?? 0;
}
