// A strategy with everything resolved, as plain objects: names are numbers, percentages thresholds, texts bytes (one character
// per byte of UTF-8). What is analysed and packed; it must not know how it is laid out for data planes.

import type { Dfa } from '../language/regex/dfa.ts';
import type { FieldPlan, ServicePlan, SettingsPlan, TagPlan, TermsPlan } from './snapshot.ts';

export interface Program {
  /** Whatever the rules read of a request; conditions name a field by its place in this list. */
  readonly fields: readonly FieldPlan[];
  /** By ascending priority. */
  readonly releases: readonly ReleasePlan[];
  /** In the order of releases; inside a release pinned ones first, then by falling threshold. */
  readonly clauses: readonly ClausePlan[];
  readonly services: readonly ServicePlan[];
  readonly tags: readonly TagPlan[];
  readonly settings: SettingsPlan;
  /** All must hold before an anonymous id is minted. */
  readonly consent: readonly ConditionPlan[];
}

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

export interface ReleasePlan extends TermsPlan {
  readonly name: string;
  /** Place in the document's `releases`. */
  readonly index: number;
  readonly priority: number;
  readonly salt: string;
  /** Pairs of service and version. */
  readonly versions: readonly (readonly [string, string])[];
}
