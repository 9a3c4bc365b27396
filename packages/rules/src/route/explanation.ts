// Why a request went where it went, as data; rendering is for others.

import type { Decision } from '../contract.ts';

export interface ConditionTrace {
  /** Such as `header x-os`, `tag os`, `path`. */
  readonly field: string;
  /** Null when the request has none, or when its path is one that no rule matches. */
  readonly value: string | null;
  readonly holds: boolean;
}

export interface ClauseTrace {
  /** Place in the document's `when`. */
  readonly clause: number;
  readonly matches: boolean;
  readonly pinned: boolean;
  /** Of 1,000,000. */
  readonly threshold: number;
  readonly conditions: readonly ConditionTrace[];
}

export type ReleaseOutcome = 'outside-window' | 'not-matched' | 'out-by-bucket' | 'in' | 'in-but-taken';

export interface ReleaseTrace {
  readonly release: string;
  /** Place in the document's `releases`. */
  readonly index: number;
  readonly priority: number;
  readonly outcome: ReleaseOutcome;
  /** Where the bucket's key came from, such as `tag:user`; null when no bucket was needed. */
  readonly key: string | null;
  readonly bucket: number | null;
  readonly clauses: readonly ClauseTrace[];
}

export interface Explanation {
  readonly generation: number;
  readonly decision: Decision;
  /** Service to version. */
  readonly versions: Readonly<Record<string, string>>;
  /** By ascending priority. */
  readonly releases: readonly ReleaseTrace[];
}
