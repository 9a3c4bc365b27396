// What a pool is asked to run. Written by the composition root; defaults are filled in here and nowhere else.

import type { Role } from '@graylane/wire';

import { DEFAULT_BACKOFF } from './backoff.ts';
import type { BackoffPlan } from './backoff.ts';
import { StartFailure } from './failure.ts';

/** One public place of a service. */
export interface Place { readonly port: number; readonly host: string | null }

/** `open`: listen publicly at once · `hold`: own the slots but wait for `open()` · `none`: private sockets only. */
export type PublicSlots = 'open' | 'hold' | 'none';

export interface ReadySpec {
  /** Wait for the app's own `process.send('ready')`. */
  readonly message?: boolean;
  /** A path that must answer 2xx or 3xx on the private socket. */
  readonly http?: string | null;
  readonly timeoutMs?: number;
}

export interface MemorySpec {
  /** Bytes of resident memory above which a worker is replaced. */
  readonly rssBytes?: number | null;
  /** Share of V8's heap limit (0-1) above which a worker is replaced. */
  readonly heapRatio?: number | null;
  /** Take a heap snapshot before the replacement. */
  readonly snapshot?: boolean;
}

export interface ScalingSpec { readonly min: number; readonly max: number }

export interface LivenessSpec {
  readonly everyMs?: number;
  /** Silence after which a worker gets no forwarded exchanges. */
  readonly ejectAfterMs?: number;
  /** Silence after which it is replaced. */
  readonly replaceAfterMs?: number;
  /** A path asked every 5 s; three failures in a row and the worker is replaced. */
  readonly http?: string | null;
}

export interface PoolSpec {
  readonly service: string;
  readonly version: string;
  readonly role: Role;
  /** Relative to `cwd`. */
  readonly script: string;
  readonly args?: readonly string[];
  /** Symbolic links in it are resolved at each start, so that release folders work. */
  readonly cwd?: string;
  /** Another Node.js than this process's own. */
  readonly interpreter?: string | null;
  readonly nodeFlags?: readonly string[];
  /** V8's old space; a worker that needs more dies of it, alone. */
  readonly heapLimitBytes?: number | null;
  /** Whether the agent is loaded into it (default); a gateway speaks for itself. */
  readonly preload?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** Relative to `cwd`; later files win, and values in `env` win over all. */
  readonly envFile?: string | readonly string[] | null;
  readonly workers?: number;
  /** Replaces `workers`: between min and max, by event-loop utilisation and queue. */
  readonly scaling?: ScalingSpec | null;
  readonly ready?: ReadySpec;
  /** From SIGTERM to SIGKILL. */
  readonly killTimeoutMs?: number;
  /** From "stop accepting" to SIGTERM. */
  readonly drainTimeoutMs?: number;
  /** -20 … 19; a canary starts at 10, so that it yields to stable. */
  readonly nice?: number | null;
  /** 1 … 10000, where a cgroup v2 is delegated; a canary gets 20 of 100. */
  readonly cpuWeight?: number | null;
  readonly user?: string | number | null;
  readonly group?: string | number | null;
  readonly memory?: MemorySpec;
  readonly maxLifetimeMs?: number | null;
  readonly liveness?: LivenessSpec;
  readonly backoff?: Partial<BackoffPlan>;
  readonly publicSlots?: PublicSlots;
}

/** A spec with nothing left open. */
export interface FullSpec extends Required<Omit<PoolSpec, 'envFile' | 'ready' | 'memory' | 'liveness' | 'backoff'>> {
  readonly envFile: readonly string[];
  readonly ready: Required<ReadySpec>;
  readonly memory: Required<MemorySpec>;
  readonly liveness: Required<LivenessSpec>;
  readonly backoff: BackoffPlan;
}

/** The alphabet of names in a strategy: they become file names and metric labels. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
/** More processes than this on one machine is a slip of the pen. */
const WORKERS_LIMIT = 1024;
const CANARY_NICE = 10;
const CANARY_CPU_WEIGHT = 20;

/** Fills the defaults. Throws `bad-spec` for what no start could repair. */
export function fullSpec(spec: PoolSpec): FullSpec {
  for (const [what, name] of [['service', spec.service], ['version', spec.version]] as const) {
    if (!NAME.test(name)) throw badSpec(`the ${what} name ${JSON.stringify(name)} is not allowed`, 'use letters, digits, ".", "_" and "-", at most 63, beginning with a letter or digit');
  }
  const scaling = spec.scaling ?? null;
  // A pool that scales never sleeps: with nobody there, nobody would notice that somebody is needed.
  const workers = scaling === null ? spec.workers ?? 1 : Math.max(1, scaling.min, Math.min(spec.workers ?? scaling.min, scaling.max));
  checkCount(workers, scaling);
  const canary = spec.role === 'canary';
  return {
    service: spec.service,
    version: spec.version,
    role: spec.role,
    script: spec.script,
    args: spec.args ?? [],
    cwd: spec.cwd ?? process.cwd(),
    interpreter: spec.interpreter ?? null,
    nodeFlags: spec.nodeFlags ?? [],
    preload: spec.preload ?? spec.role !== 'gateway',
    env: spec.env ?? {},
    heapLimitBytes: spec.heapLimitBytes ?? null,
    envFile: typeof spec.envFile === 'string' ? [spec.envFile] : spec.envFile ?? [],
    workers,
    scaling,
    ready: { message: spec.ready?.message ?? false, http: spec.ready?.http ?? null, timeoutMs: spec.ready?.timeoutMs ?? 30_000 },
    killTimeoutMs: spec.killTimeoutMs ?? 5_000,
    drainTimeoutMs: spec.drainTimeoutMs ?? 30_000,
    nice: spec.nice === undefined ? (canary ? CANARY_NICE : null) : spec.nice,
    cpuWeight: spec.cpuWeight === undefined ? (canary ? CANARY_CPU_WEIGHT : null) : spec.cpuWeight,
    user: spec.user ?? null,
    group: spec.group ?? null,
    memory: { rssBytes: spec.memory?.rssBytes ?? null, heapRatio: spec.memory?.heapRatio ?? (canary ? 0.95 : null), snapshot: spec.memory?.snapshot ?? false },
    maxLifetimeMs: spec.maxLifetimeMs ?? null,
    liveness: { everyMs: spec.liveness?.everyMs ?? 1_000, ejectAfterMs: spec.liveness?.ejectAfterMs ?? 3_000, replaceAfterMs: spec.liveness?.replaceAfterMs ?? 30_000, http: spec.liveness?.http ?? null },
    backoff: { ...DEFAULT_BACKOFF, ...spec.backoff },
    publicSlots: spec.publicSlots ?? (canary ? 'none' : 'open'),
  };
}

function checkCount(workers: number, scaling: ScalingSpec | null): void {
  if (!Number.isInteger(workers) || workers < 0 || workers > WORKERS_LIMIT) {
    throw badSpec(`${workers} is not a number of workers`, `ask for 0 to ${WORKERS_LIMIT}`);
  }
  if (scaling !== null && !(scaling.min >= 0 && scaling.max >= 1 && scaling.max >= scaling.min && scaling.max <= WORKERS_LIMIT)) {
    throw badSpec(`scaling from ${scaling.min} to ${scaling.max} workers is not possible`, `ask for 0 ≤ min ≤ max ≤ ${WORKERS_LIMIT}`);
  }
}

function badSpec(message: string, cure: string): StartFailure {
  return new StartFailure({ reason: 'bad-spec', message, cure });
}
