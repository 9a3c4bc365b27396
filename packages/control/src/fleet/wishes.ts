// Pools that machines are to run, as wishes in the store, and how each stands by the machines' reports: the same call on any
// server comes to the same. It must not know how machines are told.

import { randomUUID } from 'node:crypto';
import type { VersionFailure, WorkerFacts } from '../effects.ts';
import type { Store } from '../store/store.ts';
import { liveKeys } from './live.ts';
import type { LiveNode } from './live.ts';
import type { Lookout } from './lookout.ts';
import { poolId, wishDigest } from './messages.ts';
import type { PoolReport, PoolWish } from './messages.ts';

export interface WishesOptions {
  readonly store: Store;
  /** Looks whenever a machine has reported. */
  readonly lookout: Lookout;
  readonly nodes: () => readonly LiveNode[];
  readonly workers: () => readonly WorkerFacts[];
}

interface Reported {
  readonly node: string;
  readonly report: PoolReport | null;
}

/** A version may use its whole ready time on the slowest machine, and a drain its own. */
const LIMIT_MS = 120_000;

export class Wishes {
  readonly #options: WishesOptions;

  constructor(options: WishesOptions) {
    this.#options = options;
  }

  /** Resolves when every machine that may run it has it. Rejects with the first failure, which takes a new wish back. */
  async wish(asked: Omit<PoolWish, 'attempt' | 'open'>): Promise<void> {
    const id = poolId(asked);
    const attempt = randomUUID();
    let wish: PoolWish = { ...asked, attempt, open: false };
    const isNew = await this.#change(id, (known) => {
      const same = known !== null && wishDigest({ ...known, attempt }) === wishDigest({ ...asked, attempt, open: false });
      // What is on the public sockets stays there, whoever asks for it again.
      wish = same ? known : { ...asked, attempt, open: known?.open ?? false };
      return same ? null : wish;
    });
    const digest = wishDigest(wish);
    const broken = (): Reported | undefined => this.#reports(id).find(({ report }) => report?.digest === digest && report.state === 'failed');
    const ready = (): boolean => this.#reports(id).every(({ report }) => report?.digest === digest && report.state !== 'starting');
    const inTime = await this.#options.lookout.until(() => broken() !== undefined || ready(), LIMIT_MS);
    const failed = broken();
    if (inTime && failed === undefined) return;
    if (isNew) await this.#change(id, () => 'gone');
    throw failed === undefined ? tooLate(id, this.#reports(id).filter(({ report }) => report?.state !== 'ready').map(({ node }) => node)) : failureOf(failed);
  }

  /** Resolves when it is on the public sockets wherever it runs. */
  async open(pool: Pick<PoolWish, 'service' | 'version' | 'role'>): Promise<void> {
    const id = poolId(pool);
    await this.#change(id, (known) => (known === null || known.open ? null : { ...known, open: true }));
    await this.#options.lookout.until(() => this.#reports(id).every(({ report }) => report === null || report.state !== 'ready' || report.open), LIMIT_MS);
  }

  /** Resolves when no machine runs it. */
  async unwish(pool: Pick<PoolWish, 'service' | 'version' | 'role'>): Promise<void> {
    const id = poolId(pool);
    const { lookout, workers } = this.#options;
    await this.#change(id, (known) => (known === null ? null : 'gone'));
    await lookout.until(() => this.#reports(id).every(({ report }) => report === null || report.state === 'elsewhere') && !workers().some((worker) => poolId(worker) === id), LIMIT_MS);
  }

  /** Changes a wish unless `next` says null; true when it was not there before. */
  async #change(id: string, next: (known: PoolWish | null) => PoolWish | 'gone' | null): Promise<boolean> {
    const { store } = this.#options;
    const key = liveKeys.wish(id);
    for (;;) {
      const entry = await store.get(key);
      const wanted = next(entry === null ? null : (JSON.parse(entry.value) as PoolWish));
      if (wanted === null) return false;
      const { ok } = await store.commit([{ key, revision: entry?.revision ?? 0 }], [{ key, value: wanted === 'gone' ? null : JSON.stringify(wanted) }]);
      if (ok) return entry === null;
    }
  }

  #reports(id: string): readonly Reported[] {
    return this.#options.nodes().map(({ name, pools }) => ({ node: name, report: pools.find((pool) => pool.id === id) ?? null }));
  }
}

function failureOf({ node, report }: Reported): Error {
  const failure: VersionFailure = report?.failure ?? { code: 'GL2019', message: 'it did not start' };
  return Object.assign(new Error(`on ${node}: ${failure.message}`), { ...failure, message: `on ${node}: ${failure.message}` });
}

function tooLate(id: string, nodes: readonly string[]): Error {
  return Object.assign(new Error(`${id} is not ready after ${LIMIT_MS / 1000} s on ${nodes.slice(0, 5).join(', ')}`), { code: 'GL2019', cure: 'see graylane nodes' });
}
