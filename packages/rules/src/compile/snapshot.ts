// A compiled strategy as plain data (JSON-able, structured-cloneable): made in the control plane, loaded in data planes.
// All texts are in wire form: one character per byte of UTF-8, as Node shows the bytes of a header.

import type { Dfa } from '../language/regex/dfa.ts';

export const SNAPSHOT_FORMAT = 1;

export interface Snapshot {
  readonly format: number;
  /** Whatever the rules read of a request; conditions name a field by its place in this list. */
  readonly fields: readonly FieldPlan[];
  /** By ascending priority. */
  readonly releases: readonly ReleasePlan[];
  /** In the order of releases; inside a release pinned ones first, then by falling threshold. */
  readonly clauses: readonly ClausePlan[];
  readonly services: readonly ServicePlan[];
  /** What travels with a request, in the order of declaration; empty where the strategy has a single service. */
  readonly tags: readonly TagPlan[];
  readonly settings: SettingsPlan;
}

export type FieldPlan =
  | { readonly kind: 'header' | 'cookie' | 'query'; readonly name: string }
  | { readonly kind: 'path' | 'method' | 'host' }
  | { readonly kind: 'tag'; readonly name: string; readonly sources: readonly SourcePlan[] };

/** Where a derived tag comes from; the first source that the request has counts. */
export type SourcePlan =
  | { readonly kind: 'field'; readonly field: number }
  | { readonly kind: 'userAgent'; readonly part: 'os' | 'browser' | 'device' }
  | { readonly kind: 'jwt'; readonly claim: string; readonly header: string | null; readonly cookie: string | null }
  | { readonly kind: 'ip' };

/** A compiled matcher. */
export type TestPlan =
  | { readonly op: 'exact'; readonly values: readonly string[] }
  | { readonly op: 'prefix' | 'suffix'; readonly text: string }
  | { readonly op: 'decimal'; readonly gte?: string; readonly gt?: string; readonly lte?: string; readonly lt?: string }
  | { readonly op: 'semver'; readonly range: string }
  | { readonly op: 'dfa'; readonly dfa: Dfa }
  | { readonly op: 'present' | 'absent' }
  | { readonly op: 'not'; readonly of: TestPlan }
  | { readonly op: 'any'; readonly of: readonly TestPlan[] };

export interface ConditionPlan { readonly field: number; readonly test: TestPlan }

export interface ClausePlan {
  /** Place in `releases`. */
  readonly release: number;
  /** Place in the document's `when`. */
  readonly clause: number;
  readonly pinned: boolean;
  /** In when the bucket is below, of 1,000,000. */
  readonly threshold: number;
  /** Place in `conditions` of the one under which the clause is filed, or -1: it has to be tried always. */
  readonly anchor: number;
  readonly conditions: readonly ConditionPlan[];
}

export type StickyPlan =
  | { readonly kind: 'field'; readonly field: number; readonly label: string }
  | { readonly kind: 'anonymous'; readonly field: number }
  | { readonly kind: 'request' };

export interface ReleasePlan {
  readonly name: string;
  /** Place in the document's `releases`. */
  readonly index: number;
  readonly priority: number;
  readonly salt: string;
  readonly stickyBy: readonly StickyPlan[];
  /** Pairs of service and version. */
  readonly versions: readonly (readonly [string, string])[];
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
}

export interface SettingsPlan {
  readonly exposeRoute: boolean;
  readonly serverTiming: boolean;
  readonly mint: 'navigation' | 'always';
  /** All must hold before an anonymous id is minted. */
  readonly consent: readonly ConditionPlan[];
  readonly propagateHeaders: readonly string[];
  readonly propagateHosts: readonly string[];
  /** Generations that hops still route by, this one included; a snapshot of an older control plane does not say. */
  readonly keepGenerations?: number;
}
