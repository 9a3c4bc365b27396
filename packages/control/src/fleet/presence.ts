// What this process says about itself in the store, under one lease: when it dies, its words go. It must not know what they mean.

import type { Cancel, Clock } from '../clock.ts';
import { StoreError } from '../store/errors.ts';
import type { Store, Write } from '../store/store.ts';

export interface PresenceOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly ttlMs: number;
  readonly onFault: (what: string, error: unknown) => void;
}

/** Words of one moment go in one commit. */
const GATHER_MS = 5;
const RETRY_MS = 500;
/** What etcd takes in one transaction with its default limits. */
const BATCH = 100;

export class Presence {
  readonly #options: PresenceOptions;
  readonly #wanted = new Map<string, string>();
  readonly #dirty = new Set<string>();
  #lease: string | null = null;
  #working = false;
  #stopped = false;
  #cancelFlush: Cancel | null = null;
  #cancelRenewal: Cancel = () => undefined;

  constructor(options: PresenceOptions) {
    this.#options = options;
    this.#renewLater();
  }

  /** Said as soon as the store takes it; null takes it back. */
  set(key: string, value: string | null): void {
    if ((this.#wanted.get(key) ?? null) === value) return;
    if (value === null) this.#wanted.delete(key);
    else this.#wanted.set(key, value);
    this.#dirty.add(key);
    this.#flushAfter(GATHER_MS);
  }

  /** Takes everything back. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelFlush?.();
    this.#cancelRenewal();
    const lease = this.#lease;
    this.#lease = null;
    if (lease !== null) await this.#options.store.revoke(lease).catch(() => undefined);
  }

  #flushAfter(ms: number): void {
    if (this.#stopped || this.#cancelFlush !== null) return;
    this.#cancelFlush = this.#options.clock.after(ms, () => {
      this.#cancelFlush = null;
      void this.#flush();
    });
  }

  async #flush(): Promise<void> {
    if (this.#working || this.#stopped) return;
    this.#working = true;
    try {
      while (this.#dirty.size > 0) await this.#write([...this.#dirty].slice(0, BATCH));
    } catch (error) {
      // A lease that ended while the store was away took all words with it.
      if (error instanceof StoreError && error.message.includes('lease')) this.#forgetLease();
      this.#options.onFault('say who is here', error);
      this.#flushAfter(RETRY_MS);
    } finally {
      this.#working = false;
      if (this.#dirty.size > 0) this.#flushAfter(RETRY_MS);
    }
  }

  async #write(keys: readonly string[]): Promise<void> {
    const lease = (this.#lease ??= (await this.#options.store.grant(this.#options.ttlMs)).id);
    const said = keys.map((key): readonly [string, string | null] => [key, this.#wanted.get(key) ?? null]);
    await this.#options.store.commit([], said.map(([key, value]): Write => (value === null ? { key, value } : { key, value, lease })));
    // What changed while it was written stays to be said.
    for (const [key, value] of said) if ((this.#wanted.get(key) ?? null) === value) this.#dirty.delete(key);
  }

  #forgetLease(): void {
    this.#lease = null;
    for (const key of this.#wanted.keys()) this.#dirty.add(key);
  }

  #renewLater(): void {
    this.#cancelRenewal = this.#options.clock.after(this.#options.ttlMs / 3, () => {
      void this.#renew().finally(() => {
        if (!this.#stopped) this.#renewLater();
      });
    });
  }

  async #renew(): Promise<void> {
    if (this.#lease === null) return;
    // Nobody answers: it may live or not; the next renewal tells.
    const renewed = await this.#options.store.renew(this.#lease).catch(() => true);
    if (renewed || this.#stopped) return;
    this.#forgetLease();
    this.#flushAfter(0);
  }
}
