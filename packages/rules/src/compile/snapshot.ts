// A compiled strategy as it travels to data planes: plain data (JSON-able, structured-cloneable), read in place.
// All texts are in wire form: one character per byte of UTF-8, as Node shows the bytes of a header.

/** 2: clauses and releases as words (layout.ts). */
export const SNAPSHOT_FORMAT = 2;

export interface Snapshot {
  readonly format: number;
  /** Whatever the rules read of a request; words name a field by its place in this list. */
  readonly fields: readonly FieldPlan[];
  /** Names by ascending priority. */
  readonly releases: readonly string[];
  /** Releases that nobody is drawn for: they stand at 0 %, or have pinned clauses alone. */
  readonly undrawn: readonly string[];
  /** What releases say beside their clauses: few different ones among many. */
  readonly terms: readonly TermsPlan[];
  readonly services: readonly ServicePlan[];
  /** What travels with a request, in the order of declaration; empty where the strategy has a single service. */
  readonly tags: readonly TagPlan[];
  readonly settings: SettingsPlan;
  /** Every text that the words name, once. */
  readonly texts: readonly string[];
  /** 32-bit words; layout.ts says what they mean. */
  readonly words: ArrayLike<number>;
}

export type FieldPlan =
  | { readonly kind: 'header' | 'cookie' | 'query'; readonly name: string }
  | { readonly kind: 'path' | 'method' | 'host' }
  | { readonly kind: 'tag'; readonly name: string; readonly sources: readonly SourcePlan[] };

/** Where a derived tag comes from; the first source that the request has counts. */
export type SourcePlan =
  | { readonly kind: 'field'; readonly field: number }
  /** `quoted`: a header whose quoted text is the value; else the first of `rules` that holds. */
  | { readonly kind: 'userAgent'; readonly part: 'os' | 'browser' | 'device'; readonly quoted: string | null; readonly rules: readonly MarkRule[] }
  | { readonly kind: 'jwt'; readonly claim: string; readonly header: string | null; readonly cookie: string | null }
  | { readonly kind: 'ip' };

/** A value, and the marks (in lower case) that all have to stand in their headers for it. */
export type MarkRule = readonly [value: string, marks: readonly (readonly [header: string, mark: string])[]];

export type StickyPlan =
  | { readonly kind: 'field'; readonly field: number; readonly label: string }
  | { readonly kind: 'anonymous'; readonly field: number }
  | { readonly kind: 'request' };

/** What a release says beside its clauses and versions. */
export interface TermsPlan {
  readonly stickyBy: readonly StickyPlan[];
  readonly onUnavailable: 'stable' | 'error';
  readonly cache: 'private' | 'vary' | 'off';
  /** The header names that a shared cache has to tell apart when `cache` is 'vary'. */
  readonly vary: readonly string[];
  /** Milliseconds since 1970; null is open. */
  readonly from: number | null;
  readonly until: number | null;
}

export interface TagPlan {
  readonly name: string;
  readonly field: number;
}

export interface ServicePlan {
  readonly name: string;
  readonly stable: string;
  readonly hosts: readonly string[];
  readonly trust: 'edge' | 'internal';
  /** Public places as 'port' or 'host:port', for neighbours that send to it. */
  readonly listen: readonly string[];
  /** Every version, with the addresses under which somebody else serves it: none where a supervisor runs it. */
  readonly versions: Readonly<Record<string, readonly string[]>>;
  /** Absent where the strategy says nothing about them. */
  readonly limits?: LimitsPlan;
}

/** What a strategy says of the exchanges that are forwarded for a service, by the names of `forward`'s limits; the rest is as it is there. */
export interface LimitsPlan {
  readonly inFlightPerUpstream?: number;
  readonly waitingPerGroup?: number;
  readonly waitMs?: number;
  readonly connectLocalMs?: number;
  readonly connectRemoteMs?: number;
  readonly responseHeadMs?: number;
  readonly bodyIdleMs?: number;
  readonly responseHeadBytes?: number;
}

/** How tokens are verified; `keys` is the path of a JWKS. */
export interface TokenPlan {
  readonly keys: string;
  readonly issuer: string | null;
  readonly audience: string | null;
}

export interface SettingsPlan {
  readonly exposeRoute: boolean;
  readonly serverTiming: boolean;
  readonly mint: 'navigation' | 'always';
  readonly propagateHeaders: readonly string[];
  readonly propagateHosts: readonly string[];
  /** Null, or absent in a snapshot of an older control plane: no token is believed. */
  readonly jwt?: TokenPlan | null;
  /** Generations that hops still route by, this one included; a snapshot of an older control plane does not say. */
  readonly keepGenerations?: number;
}
