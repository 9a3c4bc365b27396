// A prefix of the store, kept in memory and up to date, whatever happens to watches in between. It must not know what it means.

import type { Cancel, Clock } from '../clock.ts';
import { StoreError } from '../store/errors.ts';
import { LIST_LIMIT } from '../store/store.ts';
import type { Entry, Store } from '../store/store.ts';

export interface MirrorOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly prefix: string;
  /** Told once for all that changed together; a null value is a delete. */
  readonly onChange: (changes: ReadonlyMap<string, string | null>) => void;
  readonly onFault: (what: string, error: unknown) => void;
}

/** After a failed read; a store that is away is asked about once a second. */
const RETRY_MS = 500;

export class Mirror {
  readonly #options: MirrorOptions;
  readonly #values = new Map<string, string>();
  readonly #ended = new AbortController();
  #revision = 0;
  #cancelRetry: Cancel = () => undefined;

  constructor(options: MirrorOptions) {
    this.#options = options;
  }

  /** Rejects when the first read fails; from then on it mends itself. */
  async start(): Promise<void> {
    const revision = await this.#readAll();
    void this.#follow(revision);
  }

  get values(): ReadonlyMap<string, string> {
    return this.#values;
  }

  /** Of the store, of the newest that is known here. */
  get revision(): number {
    return this.#revision;
  }

  stop(): void {
    this.#ended.abort();
    this.#cancelRetry();
  }

  async #follow(from: number): Promise<void> {
    const { signal } = this.#ended;
    let revision = from;
    while (!signal.aborted) {
      try {
        for await (const change of this.#options.store.watch(this.#options.prefix, revision, signal)) {
          revision = change.revision;
          this.#revision = revision;
          this.#take(new Map([[change.key, change.value]]));
        }
        if (!isAborted(signal)) revision = await this.#readAll();
      } catch (error) {
        if (isAborted(signal) || (error instanceof StoreError && error.failure === 'closed')) return;
        if (!(error instanceof StoreError && error.failure === 'compacted')) this.#options.onFault(`follow ${this.#options.prefix}`, error);
        revision = await this.#readAgain(revision);
      }
    }
  }

  /** Deletes that nobody told us of are what is no longer there. */
  async #readAll(): Promise<number> {
    const { store, prefix } = this.#options;
    // First the revision: what is written while the pages are read is told once more by the watch, and harms nobody.
    const revision = await store.revision();
    const entries: Entry[] = [];
    for (let page = await store.list(prefix); ; page = await store.list(prefix, { after: entries.at(-1)?.key ?? '' })) {
      entries.push(...page);
      if (page.length < LIST_LIMIT) break;
    }
    const now = new Map(entries.map(({ key, value }) => [key, value]));
    const changes = new Map<string, string | null>([...now].filter(([key, value]) => this.#values.get(key) !== value));
    for (const key of this.#values.keys()) if (!now.has(key)) changes.set(key, null);
    this.#revision = revision;
    this.#take(changes);
    return revision;
  }

  async #readAgain(revision: number): Promise<number> {
    await new Promise<void>((resolve) => {
      this.#cancelRetry = this.#options.clock.after(RETRY_MS, resolve);
      this.#ended.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    return this.#ended.signal.aborted ? revision : this.#readAll().catch(() => revision);
  }

  #take(changes: ReadonlyMap<string, string | null>): void {
    if (changes.size === 0) return;
    for (const [key, value] of changes) {
      if (value === null) this.#values.delete(key);
      else this.#values.set(key, value);
    }
    this.#options.onChange(changes);
  }
}

/** In a function, so that the compiler does not take the flag for settled across an await. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}
