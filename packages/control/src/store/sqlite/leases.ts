// Leases of the embedded store: deadlines in memory, in time that cannot jump. It must not know what hangs on a lease.

import { randomUUID } from 'node:crypto';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Cancel, Clock } from '../../clock.ts';
import { StoreError } from '../errors.ts';
import type { Lease } from '../store.ts';

/** One per process that takes part in an election or an announcement. */
const LEASES_LIMIT = 10_000;

/** A disk that is full or gone delays an expiry; it must not end the process. */
const EXPIRE_RETRY_MS = 1_000;

/**
 * After a restart each lease gets its whole time again: deadlines of another boot mean nothing, and a holder that still
 * lives must not lose its lease because the store was away.
 */
export class LeaseTable {
  readonly #clock: Clock;
  readonly #expire: (id: string) => void;
  readonly #insert: StatementSync;
  readonly #remove: StatementSync;
  readonly #live = new Map<string, { readonly ttlMs: number; cancel: Cancel }>();

  constructor(db: DatabaseSync, clock: Clock, expire: (id: string) => void) {
    this.#clock = clock;
    this.#expire = expire;
    this.#insert = db.prepare('INSERT INTO leases (id, ttl) VALUES (?, ?)');
    this.#remove = db.prepare('DELETE FROM leases WHERE id = ?');
    for (const { id, ttl } of db.prepare('SELECT id, ttl FROM leases').all()) {
      if (typeof id === 'string' && typeof ttl === 'number') this.#start(id, ttl);
    }
  }

  has(id: string): boolean {
    return this.#live.has(id);
  }

  grant(ttlMs: number): Lease {
    if (this.#live.size >= LEASES_LIMIT) throw new StoreError('too-large', `there are ${LEASES_LIMIT} leases already`);
    const id = randomUUID();
    this.#insert.run(id, ttlMs);
    this.#start(id, ttlMs);
    return { id, ttlMs };
  }

  renew(id: string): boolean {
    const lease = this.#live.get(id);
    if (lease === undefined) return false;
    lease.cancel();
    this.#start(id, lease.ttlMs);
    return true;
  }

  forget(id: string): void {
    this.#live.get(id)?.cancel();
    this.#live.delete(id);
    this.#remove.run(id);
  }

  close(): void {
    for (const lease of this.#live.values()) lease.cancel();
    this.#live.clear();
  }

  #start(id: string, ttlMs: number): void {
    this.#live.set(id, { ttlMs, cancel: this.#clock.after(ttlMs, () => this.#end(id)) });
  }

  #end(id: string): void {
    try {
      this.#expire(id);
    } catch {
      const lease = this.#live.get(id);
      if (lease !== undefined) lease.cancel = this.#clock.after(EXPIRE_RETRY_MS, () => this.#end(id));
    }
  }
}
