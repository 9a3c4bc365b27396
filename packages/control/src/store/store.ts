// What the control plane asks of a store: a small, ordered, revisioned map. It must not know what the values mean.
// The shape is what both an embedded database and etcd can promise, and no more.

export interface Entry {
  readonly key: string;
  readonly value: string;
  /** The store's revision that wrote it last. */
  readonly revision: number;
  /** The store's revision that created it. */
  readonly created: number;
}

/** What one revision did to one key; a null value is a delete. */
export interface Change {
  readonly revision: number;
  readonly key: string;
  readonly value: string | null;
}

/** Holds when `key` was last written at `revision`; 0 means that it must be absent. */
export interface Condition {
  readonly key: string;
  readonly revision: number;
}

/** Null deletes. An entry with a lease goes when the lease does. */
export interface Write {
  readonly key: string;
  readonly value: string | null;
  readonly lease?: string;
}

export type CommitResult =
  | { readonly ok: true; readonly revision: number }
  /** Nothing was written; `found` is what stands where a condition failed. */
  | { readonly ok: false; readonly revision: number; readonly found: readonly { readonly key: string; readonly entry: Entry | null }[] };

export interface ListOptions {
  /** Only keys beyond this one, in the direction of the listing. */
  readonly after?: string;
  readonly limit?: number;
  /** Largest key first. */
  readonly reverse?: boolean;
}

export interface Lease {
  readonly id: string;
  readonly ttlMs: number;
}

export interface Store {
  /** Rises with each commit that wrote something (others may share the count), and never goes back. */
  revision(): Promise<number>;
  get(key: string): Promise<Entry | null>;
  /** In byte order of the keys, at most {@link LIST_LIMIT} at once. */
  list(prefix: string, options?: ListOptions): Promise<readonly Entry[]>;
  /** All writes or none, if every condition holds. Durable once it resolves. */
  commit(conditions: readonly Condition[], writes: readonly Write[]): Promise<CommitResult>;
  /**
   * Every change under `prefix` after revision `after`, in order, without gaps, until `signal` aborts.
   * Throws a StoreError `compacted` when the store no longer has them all: read anew, then watch from there.
   */
  watch(prefix: string, after: number, signal: AbortSignal): AsyncIterable<Change>;
  /** A lease lives for `ttlMs` beyond its last renewal, counted in time that cannot jump. */
  grant(ttlMs: number): Promise<Lease>;
  /** False when the lease is gone. */
  renew(id: string): Promise<boolean>;
  revoke(id: string): Promise<void>;
  /** Writes a whole copy to a file, which appears only when it is complete and on disk. */
  backup(target: string): Promise<void>;
  /** Ends every watch. */
  close(): Promise<void>;
}

/** A page is held in memory at once. */
export const LIST_LIMIT = 1_000;
/** Ten thousand releases are about 4 MB of JSON; a value far beyond that is a mistake. */
export const VALUE_LIMIT_BYTES: number = 32 * 1024 * 1024;
export const KEY_LIMIT_BYTES = 512;
/** One transaction touches a strategy, its releases (20,000 at most) and a few events. */
export const WRITES_LIMIT = 20_500;
