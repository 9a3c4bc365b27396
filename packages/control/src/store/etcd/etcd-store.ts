// The store of many machines: the same promises as the embedded one, kept by etcd. It must not know what is stored.

import type { Clock } from '../../clock.ts';
import { checkKey, checkSizes } from '../sizes.ts';
import { StoreError } from '../errors.ts';
import { LIST_LIMIT } from '../store.ts';
import type { Change, CommitResult, Condition, Entry, Lease, ListOptions, Store, Write } from '../store.ts';
import { writeCopy } from '../copy.ts';
import type { EtcdAccess, EtcdAddress } from './address.ts';
import { entryOf, keyText, prefixEnd } from './codec.ts';
import type { RawPair } from './codec.ts';
import { EtcdConnection } from './connection.ts';
import { transactionOf } from './transaction.ts';
import { watchEtcd } from './watch.ts';

export interface EtcdStoreOptions {
  readonly address: EtcdAddress;
  readonly access: EtcdAccess;
  readonly clock: Clock;
}

interface Header { readonly revision?: string }
interface RangeAnswer { readonly header?: Header; readonly kvs?: readonly RawPair[] }
interface TxnAnswer { readonly header?: Header; readonly succeeded?: boolean; readonly responses?: readonly { readonly response_range?: RangeAnswer }[] }
interface GrantAnswer { readonly ID?: string; readonly TTL?: string }
interface RenewAnswer { readonly result?: GrantAnswer }

/** Connects and reads once. Rejects with a StoreError when no endpoint answers or the access is refused. */
export async function openEtcdStore(options: EtcdStoreOptions): Promise<Store> {
  const store = new EtcdStore(options);
  try {
    await store.revision();
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}

class EtcdStore implements Store {
  readonly #connection: EtcdConnection;
  readonly #prefix: string;
  readonly #txnOps: number;
  readonly #clock: Clock;
  readonly #ended = new AbortController();
  /** The newest revision that any answer has named: a cluster that falls behind it has lost what it acknowledged. */
  #newest = 0;

  constructor({ address, access, clock }: EtcdStoreOptions) {
    this.#connection = new EtcdConnection(address, access);
    this.#prefix = address.prefix;
    this.#txnOps = address.txnOps;
    this.#clock = clock;
  }

  async revision(): Promise<number> {
    const { header } = await this.#range({ key: keyText(this.#prefix), range_end: prefixEnd(this.#prefix), count_only: true });
    return Number(header?.revision ?? 0);
  }

  async get(key: string): Promise<Entry | null> {
    const [pair] = (await this.#range({ key: keyText(this.#prefix + key) })).kvs ?? [];
    return pair === undefined ? null : entryOf(pair, this.#prefix);
  }

  async list(prefix: string, { after, limit = LIST_LIMIT, reverse = false }: ListOptions = {}): Promise<readonly Entry[]> {
    const count = Math.max(0, Math.min(limit, LIST_LIMIT));
    if (count === 0) return [];
    const whole = this.#prefix + prefix;
    // Behind `after` begins with its smallest successor; before it, it is the end itself.
    const from = after === undefined || reverse ? keyText(whole) : keyText(`${this.#prefix}${after}\0`);
    const end = after === undefined || !reverse ? prefixEnd(whole) : keyText(this.#prefix + after);
    const { kvs = [] } = await this.#range({ key: from, range_end: end, limit: String(count), sort_order: reverse ? 'DESCEND' : 'ASCEND', sort_target: 'KEY' });
    return kvs.map((pair) => entryOf(pair, this.#prefix));
  }

  async commit(conditions: readonly Condition[], writes: readonly Write[]): Promise<CommitResult> {
    checkSizes(writes);
    for (const { key } of conditions) checkKey(key);
    const transaction = transactionOf(this.#prefix, conditions, writes, this.#txnOps);
    // Not sent again when nobody knows whether it was done: the caller reads and decides.
    const { header, succeeded, responses = [] } = this.#seen(await this.#connection.call<TxnAnswer>('/v3/kv/txn', transaction, false));
    const revision = Number(header?.revision ?? 0);
    if (succeeded === true) return { ok: true, revision };
    const entries = responses.map(({ response_range }) => {
      const [pair] = response_range?.kvs ?? [];
      return pair === undefined ? null : entryOf(pair, this.#prefix);
    });
    const found = conditions.flatMap((condition, index) => {
      const entry = entries[index] ?? null;
      return (entry?.revision ?? 0) === condition.revision ? [] : [{ key: condition.key, entry }];
    });
    return { ok: false, revision, found };
  }

  watch(prefix: string, after: number, signal: AbortSignal): AsyncIterable<Change> {
    return watchEtcd({ connection: this.#connection, clock: this.#clock, prefix: this.#prefix, keys: prefix, after, signal: AbortSignal.any([signal, this.#ended.signal]) });
  }

  /** etcd counts whole seconds, and not fewer than about two election timeouts: the lease may live longer than asked for. */
  async grant(ttlMs: number): Promise<Lease> {
    const { ID, TTL } = await this.#connection.call<GrantAnswer>('/v3/lease/grant', { TTL: String(Math.ceil(ttlMs / 1000)) }, true);
    if (ID === undefined) throw new StoreError('io', 'etcd granted a lease without an id');
    return { id: ID, ttlMs: Number(TTL ?? 0) * 1000 };
  }

  async renew(id: string): Promise<boolean> {
    const { result } = await this.#connection.call<RenewAnswer>('/v3/lease/keepalive', { ID: id }, true);
    return Number(result?.TTL ?? 0) > 0;
  }

  async revoke(id: string): Promise<void> {
    try {
      await this.#connection.call('/v3/lease/revoke', { ID: id }, true);
    } catch (error) {
      // Gone already is what was asked for.
      if (!(error instanceof StoreError && error.message.includes('lease not found'))) throw error;
    }
  }

  /** An embedded store with the same content: what `graylane store migrate` reads back. */
  backup(target: string): Promise<void> {
    return writeCopy(this, target, this.#clock);
  }

  close(): Promise<void> {
    this.#ended.abort();
    this.#connection.close();
    return Promise.resolve();
  }

  async #range(body: Readonly<Record<string, unknown>>): Promise<RangeAnswer> {
    return this.#seen(await this.#connection.call<RangeAnswer>('/v3/kv/range', body, true));
  }

  /** Throws `damaged` when etcd's history is shorter than it was: restored from an old copy, or another cluster. */
  #seen<T extends { readonly header?: Header }>(answer: T): T {
    const revision = Number(answer.header?.revision ?? 0);
    if (revision + REORDERED < this.#newest) throw new StoreError('damaged', `etcd is at revision ${revision}, but revision ${this.#newest} had been acknowledged: it lost data, or this is another cluster. Restart the servers once you know which strategy counts`);
    this.#newest = Math.max(this.#newest, revision);
    return answer;
  }
}

/** Answers overtake each other by a few calls under way. */
const REORDERED = 1_000;
