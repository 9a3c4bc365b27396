// Brings the pools of one machine to what is wished, one pool at a time each, all pools at once, again after a failure.
// It must not know who wishes, nor what a pool is made of.

import { asVersionFailure, poolId, wishDigest, type Cancel, type Clock, type Effects, type PoolReport, type PoolWish } from '@graylane/control';

export interface WishKeeperOptions {
  readonly effects: Effects;
  readonly clock: Clock;
  /** Whether this machine runs the version; the others are reached on other machines. */
  readonly runs: (wish: PoolWish) => boolean;
  readonly onChange: () => void;
  readonly onFault: (what: string, error: unknown) => void;
}

interface Standing {
  digest: string;
  state: PoolReport['state'];
  open: boolean;
  failure: PoolReport['failure'] | null;
  failures: number;
}

/** Doubled up to the longest: a version that does not start here is tried again, for the machine may have been at fault. */
const RETRY_MS = 5_000;
const LONGEST_RETRY_MS = 60_000;

export class WishKeeper {
  readonly #options: WishKeeperOptions;
  readonly #standings = new Map<string, Standing>();
  /** Pools in whose turn something happens now. */
  readonly #busy = new Map<string, Promise<void>>();
  readonly #retries = new Map<string, Cancel>();
  #wishes = new Map<string, PoolWish>();
  #stopped = false;

  constructor(options: WishKeeperOptions) {
    this.#options = options;
  }

  want(wishes: readonly PoolWish[]): void {
    this.#wishes = new Map(wishes.map((wish) => [poolId(wish), wish]));
    for (const id of this.#standings.keys()) if (!this.#wishes.has(id)) this.#forget(id);
    this.#look();
  }

  reports(): readonly PoolReport[] {
    return [...this.#standings].map(([id, { digest, state, open, failure }]) => ({ id, digest, state, open, ...(failure === null || failure === undefined ? {} : { failure }) }));
  }

  /** Resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const cancel of this.#retries.values()) cancel();
    await Promise.all(this.#busy.values());
  }

  #look(): void {
    if (this.#stopped) return;
    for (const [id, wish] of this.#wishes) if (!this.#busy.has(id)) this.#begin(id, wish);
    for (const worker of this.#options.effects.workers()) {
      const id = poolId(worker);
      if (!this.#wishes.has(id) && !this.#busy.has(id)) this.#run(id, () => this.#retire(worker.service, worker.version, worker.role));
    }
  }

  #begin(id: string, wish: PoolWish): void {
    const digest = wishDigest(wish);
    const standing = this.#standings.get(id);
    if (!this.#options.runs(wish)) {
      if (standing?.digest !== digest) this.#stand(id, { digest, state: 'elsewhere', open: false, failure: null, failures: 0 });
      return;
    }
    if (standing?.digest !== digest) {
      if (this.#mustWait(id, wish)) return;
      this.#stand(id, { digest, state: 'starting', open: standing?.open ?? false, failure: null, failures: 0 });
      this.#run(id, () => this.#start(id, wish, digest));
    } else if (standing.state === 'starting' || (standing.state === 'failed' && !this.#retries.has(id))) {
      this.#run(id, () => this.#start(id, wish, digest));
    } else if (standing.state === 'ready' && wish.open && !standing.open) {
      this.#run(id, () => this.#open(id, wish));
    }
  }

  /**
   * Stable pools of a service start one after the other: the first opens the public sockets, and the next finds them.
   * One that is not on them yet warms up behind the one that is, so that comes first even when it has not begun.
   */
  #mustWait(id: string, { service, role, open }: PoolWish): boolean {
    if (role !== 'stable') return false;
    return [...this.#wishes].some(([other, wish]) => {
      if (other === id || wish.service !== service || wish.role !== 'stable' || !wish.open || !this.#options.runs(wish)) return false;
      const state = this.#standings.get(other)?.state;
      return state === 'starting' || (state === undefined && !open);
    });
  }

  #run(id: string, body: () => Promise<void>): void {
    this.#busy.set(id, body().catch((error: unknown) => this.#options.onFault(id, error)).then(() => {
      this.#busy.delete(id);
      this.#look();
    }));
  }

  async #start(id: string, wish: PoolWish, digest: string): Promise<void> {
    const { effects } = this.#options;
    const { service, version, spec, listen } = wish;
    try {
      if (wish.role === 'stable') await effects.prepareStable(service, version, spec, listen);
      else await effects.ensureVersion(service, version, spec, listen);
      this.#change(id, digest, { state: 'ready', failure: null, failures: 0 });
    } catch (error) {
      const { code, message, cure, lastLines } = asVersionFailure(error);
      const failures = (this.#standings.get(id)?.failures ?? 0) + 1;
      // The server hears it too; a person who sits at this machine looks here.
      if (failures === 1) this.#options.onFault(`${id} does not start here`, error);
      this.#change(id, digest, { state: 'failed', failures, failure: { code, message, ...(cure === undefined ? {} : { cure }), ...(lastLines === undefined ? {} : { lastLines }) } });
      this.#retries.set(id, this.#options.clock.after(Math.min(LONGEST_RETRY_MS, RETRY_MS * 2 ** (failures - 1)), () => {
        this.#retries.delete(id);
        this.#look();
      }));
    }
  }

  async #open(id: string, { service, version, spec, listen }: PoolWish): Promise<void> {
    const { effects } = this.#options;
    await effects.prepareStable(service, version, spec, listen);
    await effects.openStable(service, version);
    const standing = this.#standings.get(id);
    if (standing !== undefined) this.#stand(id, { ...standing, open: true });
  }

  async #retire(service: string, version: string, role: PoolWish['role']): Promise<void> {
    const { effects } = this.#options;
    await (role === 'stable' ? effects.retireStable(service, version) : effects.retireVersion(service, version));
    this.#options.onChange();
  }

  #change(id: string, digest: string, part: Partial<Standing>): void {
    const standing = this.#standings.get(id);
    // Wished otherwise meanwhile: the next look begins with that.
    if (standing?.digest === digest) this.#stand(id, { ...standing, ...part });
  }

  #stand(id: string, standing: Standing): void {
    this.#standings.set(id, standing);
    this.#options.onChange();
  }

  #forget(id: string): void {
    this.#retries.get(id)?.();
    this.#retries.delete(id);
    this.#standings.delete(id);
    this.#options.onChange();
  }
}
