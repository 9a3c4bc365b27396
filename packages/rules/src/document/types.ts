// The strategy document as people write it (TypeScript, YAML or JSON); it must not know how it is checked or compiled.

/** A number of milliseconds, or text such as '500ms', '10s', '5m', '2h', '30d'. */
export type Duration = number | string;

/** A number of bytes, or text such as '512MB', '1.5GB' (powers of 1,024). */
export type Size = number | string;

export interface StrategyDocument {
  readonly $schema?: string;
  /** Named facts about the user, extracted at the entry. */
  readonly tags?: Readonly<Record<string, TagSource | readonly TagSource[]>>;
  readonly services: Readonly<Record<string, ServiceSpec>>;
  readonly releases?: readonly ReleaseSpec[];
  /** When an anonymous id may be minted: on navigations (default) or on any request. */
  readonly mint?: 'navigation' | 'always';
  /** No anonymous id is minted unless this holds. */
  readonly consent?: ConsentSpec;
  /** Which tokens are believed; without it every `jwt` tag is absent. */
  readonly jwt?: JwtSpec;
  /** Mark every response with `Graylane-Route`. */
  readonly exposeRoute?: boolean;
  /** Add `Server-Timing: graylane;desc="…"` to every response. */
  readonly serverTiming?: boolean;
  readonly propagate?: PropagateSpec;
  readonly keep?: KeepSpec;
  /** Metrics that no release may make worse; a release may name more. */
  readonly guardrails?: readonly GuardrailSpec[];
  /** Who is asked for the values of guardrails. */
  readonly prometheus?: PrometheusSpec;
}

/** How much of the past stays at hand. */
export interface KeepSpec {
  /** Generations that hops still route by; default 8. */
  readonly generations?: number;
  /** Former stable versions of each service, for `rollback` after success; default 5. */
  readonly versions?: number;
}

/** A number that is asked for once a minute, of the canary and of what it is compared with. */
export interface GuardrailSpec {
  readonly name: string;
  /** PromQL that yields one number; `{{service}}`, `{{version}}` and `{{release}}` are filled in. */
  readonly query: string;
  readonly worse: 'higher' | 'lower';
  /** How much worse it may be, relative to the control: 0.25 (default) is a quarter. */
  readonly ratio?: number;
}

export interface PrometheusSpec {
  readonly url: string;
}

/** Where a tag comes from. In an array the first source that the request has counts. */
export interface TagSource {
  readonly header?: string;
  readonly cookie?: string;
  readonly query?: string;
  readonly userAgent?: 'os' | 'browser' | 'device';
  readonly jwt?: JwtSource;
  /** The client's address: says little about a user. */
  readonly ip?: boolean;
}

export interface JwtSpec {
  /** Path of a JWKS (RFC 7517) with keys for HS256, RS256 or ES256; secrets never stand in the strategy itself. */
  readonly keys: string;
  /** The `iss` that a token must name. */
  readonly issuer?: string;
  /** The `aud` that a token must name, alone or among others. */
  readonly audience?: string;
}

/** A claim of a token whose signature is verified before anything in it is believed. */
export interface JwtSource {
  readonly claim: string;
  /** The header that carries `Bearer <token>`; default `authorization`. */
  readonly header?: string;
  readonly cookie?: string;
}

export interface ConsentSpec {
  readonly cookie: string | Readonly<Record<string, Matcher>>;
}

export interface PropagateSpec {
  /** Headers carried raw to the next service, beside the stamp. */
  readonly headers?: readonly string[];
  /** Hosts outside the strategy that may receive stamps. */
  readonly hosts?: readonly string[];
}

export type ListenAddress = number | string;

export interface ServiceSpec {
  /** Public port, or 'host:port', or several of them in the order in which the app opens them. */
  readonly listen?: ListenAddress | readonly ListenAddress[];
  /** Names under which other services call this one. */
  readonly hosts?: readonly string[];
  readonly stable: string;
  readonly versions: Readonly<Record<string, VersionSpec>>;
  /** An edge (default) believes no stamp from outside. */
  readonly trust?: 'edge' | 'internal';
  readonly limits?: LimitsSpec;
}

/** Limits of one service's exchanges that are forwarded, which change with the strategy, live; and of clients' connections in `graylane gateway`. */
export interface LimitsSpec {
  /** Exchanges in flight per worker. */
  readonly inFlight?: number;
  /** Exchanges waiting per version. */
  readonly waiting?: number;
  readonly wait?: Duration;
  readonly connectTimeout?: Duration;
  readonly responseTimeout?: Duration;
  readonly idleTimeout?: Duration;
  readonly responseHeadBytes?: Size;
  /** From here on: of `graylane gateway` alone, at its start. In the in-process plane the app's own server has its clients. */
  readonly headersTimeout?: Duration;
  readonly requestTimeout?: Duration;
  readonly keepAliveTimeout?: Duration;
  readonly headBytes?: Size;
  readonly targetBytes?: Size;
  readonly headerLines?: number;
  readonly connections?: number;
}

export interface WorkerRange { readonly min: number; readonly max: number }

export interface ReadySpec {
  /** Wait for the app's own `process.send('ready')`. */
  readonly message?: boolean;
  /** A path that has to answer 2xx or 3xx. */
  readonly http?: string;
  readonly timeout?: Duration;
}

export interface LivenessSpec {
  /** A path that is asked every 5 s; three failures in a row and the worker is replaced. */
  readonly http?: string;
}

/** One runnable build of a service. */
export interface VersionSpec {
  readonly script?: string;
  readonly args?: readonly string[];
  readonly cwd?: string;
  readonly interpreter?: string;
  readonly nodeFlags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly envFile?: string | readonly string[];
  readonly workers?: number | WorkerRange;
  readonly ready?: ReadySpec;
  readonly liveness?: LivenessSpec;
  /** -20 to 19; canary versions start at 10. */
  readonly nice?: number;
  /** 1 to 10,000 where a cgroup v2 is delegated; 100 is the default, 20 for canary versions. */
  readonly cpuWeight?: number;
  /** Resident memory at which a worker is replaced. */
  readonly memoryLimit?: Size;
  /** Take a heap snapshot before a worker is replaced for its memory. */
  readonly heapSnapshot?: boolean;
  /** V8's old space. */
  readonly heapLimit?: Size;
  readonly maxLifetime?: Duration;
  readonly killTimeout?: Duration;
  readonly drainTimeout?: Duration;
  readonly user?: string;
  readonly group?: string;
  /** Addresses served by something else (gateway only): 'host:port' or a Unix path. */
  readonly upstreams?: readonly string[];
}

/** A named canary release: one audience and, per service, the version that it gets. */
export interface ReleaseSpec {
  readonly name: string;
  /** Whole number from 0; the smaller wins. Required as soon as there are two releases. */
  readonly priority?: number;
  /** Clauses, ORed. */
  readonly when: readonly ClauseSpec[];
  /** Share of the audience that is in, 0-100 with up to 4 decimals; default 100. */
  readonly percent?: number;
  /** Share of the audience that is always kept out as a control, 0-100; default 0. */
  readonly holdback?: number;
  /** `tag:x`, `cookie:x`, `header:x`, at last `anonymous` or `request`; default ['anonymous']. */
  readonly stickyBy?: readonly string[];
  /** Of the percentage hash; default the release's name. */
  readonly salt?: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly onUnavailable?: 'stable' | 'error';
  /** ISO 8601 with zone: outside [from, until) the release takes nobody. */
  readonly from?: string;
  readonly until?: string;
  readonly cache?: 'private' | 'vary' | 'off';
  readonly steps?: readonly StepSpec[];
  /** Beside those of the strategy. */
  readonly guardrails?: readonly GuardrailSpec[];
}

export interface StepSpec {
  readonly percent?: number;
  readonly pause?: Duration | true;
  readonly verdict?: VerdictStepSpec;
}

export interface VerdictStepSpec {
  readonly for: Duration;
  /** When time is up and nothing is clear: hold the release for a person (default), or look on until it is. It never passes. */
  readonly inconclusive?: 'pause' | 'wait';
}

/** One alternative of a release's `when`; everything in it must hold. */
export interface ClauseSpec {
  readonly header?: Readonly<Record<string, Matcher>>;
  readonly cookie?: Readonly<Record<string, Matcher>>;
  readonly query?: Readonly<Record<string, Matcher>>;
  readonly tag?: Readonly<Record<string, Matcher>>;
  readonly path?: Matcher;
  readonly method?: Matcher;
  readonly host?: Matcher;
  readonly percent?: number;
  /** In whatever the percentage says, and out of the statistics. */
  readonly pinned?: boolean;
}

/** Exact text, any of several, or one condition. */
export type Matcher =
  | string
  | readonly string[]
  | { readonly prefix: string }
  | { readonly suffix: string }
  | { readonly regex: string }
  | BoundsSpec
  | { readonly semver: string }
  | { readonly present: boolean }
  | { readonly not: Matcher }
  | { readonly any: readonly Matcher[] };

/** Exact decimal bounds, as numbers or as text where a double is too coarse. */
export interface BoundsSpec {
  readonly gte?: number | string;
  readonly gt?: number | string;
  readonly lte?: number | string;
  readonly lt?: number | string;
}
