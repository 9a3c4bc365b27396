// DNS names as sets of addresses that follow the zone: looked up again when their time is over, and kept when nobody answers.
// It knows no upstream's health.

import { Resolver, lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Clock } from '@graylane/forward';

export interface FoundAddresses {
  readonly addresses: readonly string[];
  /** Null where the source names none (hosts files). */
  readonly ttlMs: number | null;
}

/** Rejects when nobody can tell. */
export type ResolveName = (name: string) => Promise<FoundAddresses>;

export type NameEvent =
  | { readonly kind: 'changed'; readonly name: string; readonly addresses: readonly string[] }
  /** The last good addresses stay. */
  | { readonly kind: 'failed'; readonly name: string; readonly message: string; readonly kept: number };

export interface NamesOptions {
  readonly resolve: ResolveName;
  readonly clock: Clock;
  readonly onEvent: (event: NameEvent) => void;
}

/** A zone may say 0: this is how often it is believed. */
const TTL_MIN_MS = 1_000;
/** A zone may say a week: containers move sooner. */
const TTL_MAX_MS = 60_000;
/** For sources that name no time. */
const TTL_UNTOLD_MS = 10_000;
const RETRY_MS = 2_000;
/** More addresses of one name than a gateway has use for; the rest is left out. */
const ADDRESSES_LIMIT = 256;

interface Watched {
  addresses: readonly string[];
  failing: boolean;
  stop: () => void;
}

export class Names {
  readonly #options: NamesOptions;
  readonly #watched = new Map<string, Watched>();
  #closed = false;

  constructor(options: NamesOptions) {
    this.#options = options;
  }

  /** Looks the name up for the first time; resolves whether or not that succeeds. */
  async watch(name: string): Promise<void> {
    if (this.#watched.has(name)) return;
    const watched: Watched = { addresses: [], failing: false, stop: () => undefined };
    this.#watched.set(name, watched);
    await this.#renew(name, watched);
  }

  /** The present addresses; none for a name that was never found. */
  addresses(name: string): readonly string[] {
    return this.#watched.get(name)?.addresses ?? [];
  }

  close(): void {
    this.#closed = true;
    for (const { stop } of this.#watched.values()) stop();
  }

  async #renew(name: string, watched: Watched): Promise<void> {
    const { resolve, clock, onEvent } = this.#options;
    let againMs = RETRY_MS;
    try {
      const { addresses, ttlMs } = await resolve(name);
      if (addresses.length === 0) throw new Error('no address');
      againMs = Math.min(Math.max(ttlMs ?? TTL_UNTOLD_MS, TTL_MIN_MS), TTL_MAX_MS);
      const next = [...new Set(addresses)].sort().slice(0, ADDRESSES_LIMIT);
      watched.failing = false;
      if (next.join() !== watched.addresses.join()) {
        watched.addresses = next;
        onEvent({ kind: 'changed', name, addresses: next });
      }
    } catch (error) {
      // Said once per outage, not at each try.
      if (!watched.failing) onEvent({ kind: 'failed', name, message: error instanceof Error ? error.message : String(error), kept: watched.addresses.length });
      watched.failing = true;
    }
    if (!this.#closed) watched.stop = clock.after(againMs, () => void this.#renew(name, watched));
  }
}

/** Whether a host needs no looking up. */
export function isAddress(host: string): boolean {
  return isIP(host) !== 0;
}

/** Asks DNS, whose answers have a time to live; and the system (hosts files, search domains) where DNS has nothing. */
export function systemResolver(servers: readonly string[]): ResolveName {
  const resolver = new Resolver({ timeout: 2_000, tries: 2 });
  if (servers.length > 0) resolver.setServers([...servers]);
  return async (name) => {
    if (name === 'localhost') return { addresses: ['127.0.0.1'], ttlMs: TTL_MAX_MS };
    const answers = await Promise.allSettled([resolver.resolve4(name, { ttl: true }), resolver.resolve6(name, { ttl: true })]);
    const records = answers.flatMap((answer) => answer.status === 'fulfilled' ? answer.value : []);
    if (records.length > 0) return { addresses: records.map(({ address }) => address), ttlMs: Math.min(...records.map(({ ttl }) => ttl)) * 1_000 };
    if (servers.length > 0) throw reasonOf(answers);
    const found = await lookup(name, { all: true });
    return { addresses: found.map(({ address }) => address), ttlMs: null };
  };
}

function reasonOf(answers: readonly PromiseSettledResult<unknown>[]): Error {
  const failed = answers.find((answer) => answer.status === 'rejected');
  const reason: unknown = failed?.reason;
  return reason instanceof Error ? reason : new Error('no answer');
}
