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
