// The ways in which a store fails, as a closed list. It must not know how a failure is told to a client.

/**
 * `full`, `read-only`, `io`: nothing was written, reads may go on. `busy`: another process holds the store.
 * `damaged`: what is on disk is not what was written. `compacted`: history is gone. `too-large`: the caller's fault.
 * `newer`: written by a later graylane.
 */
export type StoreFailure = 'full' | 'read-only' | 'io' | 'busy' | 'damaged' | 'newer' | 'closed' | 'compacted' | 'too-large';

export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly failure: StoreFailure;

  constructor(failure: StoreFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.failure = failure;
  }

  /** True when the same call may succeed later without a change by the caller. */
  get passing(): boolean {
    return this.failure === 'full' || this.failure === 'read-only' || this.failure === 'io' || this.failure === 'busy';
  }
}

/** SQLite's primary result codes (sqlite.org/rescode.html) that mean something of their own here. */
const FAILURES: ReadonlyMap<number, StoreFailure> = new Map([
  [5, 'busy'], [6, 'busy'], [8, 'read-only'], [10, 'io'], [11, 'damaged'], [13, 'full'], [14, 'io'], [26, 'damaged'],
]);

/** Turns what `node:sqlite` throws into a StoreError; anything else comes back as it is. */
export function fromSqlite(error: unknown, file: string): unknown {
  if (error instanceof StoreError || !(error instanceof Error)) return error;
  if (!('errcode' in error) || typeof error.errcode !== 'number') return error;
  const failure = FAILURES.get(error.errcode & 0xff) ?? 'io';
  return new StoreError(failure, `${file}: ${error.message}`, { cause: error });
}
