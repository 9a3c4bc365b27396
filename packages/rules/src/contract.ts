// The face of routing towards data planes: a request's fields in, a decision out.

/** What a request shows to the rules, as Node hands it over: header bytes are latin1 strings, names in any case. */
export interface RequestFields {
  readonly method: string;
  /** The request target as received. */
  readonly target: string;
  /** Name, value, name, value … */
  readonly rawHeaders: readonly string[];
  /** The client's address; only a tag with `ip: true` reads it. */
  readonly address?: string;
}

/** Why a request goes where it goes; also a metric label, so the list is closed. `stamped`: an earlier hop has selected. */
export type Reason = 'no-release' | 'not-matched' | 'out-by-bucket' | 'matched' | 'bucket' | 'pinned' | 'override' | 'stamped';

/** In by its bucket, out by its bucket, or in whatever its bucket (and out of the statistics). */
export type Arm = 'treated' | 'control' | 'pinned';

/** Interned wherever possible: the stable path allocates nothing. */
export interface Decision {
  /** The release, or null for stable. */
  readonly lane: string | null;
  readonly reason: Reason;
  /** A fresh anonymous id to set as cookie, or null. */
  readonly mint: string | null;
  /** The arm of the release `armOf` that this request counts for, or null. */
  readonly arm: Arm | null;
  readonly armOf: string | null;
  /** All releases whose control arm this request is in; `armOf` is the first. Empty unless `arm` is 'control'. */
  readonly controlOf: readonly string[];
}

/** What a lane means at a service; null lane is stable. */
export interface LaneFacts {
  readonly onUnavailable: 'stable' | 'error';
  readonly cache: 'private' | 'vary' | 'off';
  /** Header names for `Vary` when `cache` is 'vary'. */
  readonly vary: readonly string[];
}

export interface Router {
  readonly generation: number;
  readonly exposeRoute: boolean;
  readonly serverTiming: boolean;
  decide(request: RequestFields): Decision;
  /** For a request that was selected before: its lane stays ('' or null is stable), and it counts in no arm here. */
  follow(lane: string | null): Decision;
  /** The declared tags that the request has, in their order; none where the strategy has a single service. */
  tags(request: RequestFields): readonly (readonly [name: string, value: string])[];
  /**
   * In which of the 1,000,000 buckets of a release the user of the request decided last is; null when it has no key that
   * lasts (a release drawn per request, a visitor without an id). To be asked before the next request is decided.
   */
  userBucket(release: string): number | null;
  /** The version of `service` in `lane` (null, or a lane that the strategy does not have, is stable). */
  version(service: string, lane: string | null): string;
  /** Null for a lane that the strategy does not have. */
  lane(name: string): LaneFacts | null;
}

export interface RouterOptions {
  readonly generation: number;
  /** Uniform in [0, 1); draws anonymous ids and requests without a key. */
  readonly random: () => number;
  /** Milliseconds since 1970; only releases with a time window read it. */
  readonly now?: () => number;
  /** The verified claim of a token as text, or null; tags from tokens are absent without it. */
  readonly claim?: (token: string, claim: string) => string | null;
  /** The lane ('' is stable) of a valid override token, or null; overrides are ignored without it. */
  readonly override?: (token: string) => string | null;
}
