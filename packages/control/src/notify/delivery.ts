// One webhook's life: the next event is sent, where it stands is stored, then it waits for more or for the next attempt.
// A store that fails for a while ends it no more than a receiver does. It must not know other webhooks.

import type { Cancel, Clock } from '../clock.ts';
import type { StoredEvent } from '../plane/ledger.ts';
import type { Store } from '../store/store.ts';
import { keys } from '../strategy/record.ts';
import { hookKey, seqOf } from './hook.ts';
import type { StoredHook } from './hook.ts';
import { signed } from './sign.ts';

/** Resolves with the status; rejects when there was none in time, or when `signal` ends it. */
export type Send = (url: string, headers: Readonly<Record<string, string>>, body: string, limits: { readonly timeoutMs: number; readonly signal: AbortSignal }) => Promise<number>;

export interface DeliveryOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly send: Send;
  readonly onFault: (what: string, error: unknown) => void;
  readonly signal: AbortSignal;
}

export interface Delivery {
  /** Something has happened, or `signal` has aborted. */
  readonly wake: () => void;
  /** Resolves when the hook is removed or the signal aborts. */
  readonly done: Promise<void>;
}

/** A receiver that hangs costs one connection for so long. */
const SEND_TIMEOUT_MS = 5_000;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 300_000;
/** About two hours with the waits above; then the next event gets its turn, and the hook says so. */
const ATTEMPTS_LIMIT = 32;
const BATCH = 50;
/** A full disk is emptied by a person. */
const STORE_AGAIN_MS = 10_000;

export function deliver(id: string, options: DeliveryOptions): Delivery {
  const life = new Life(id, options);
  return { wake: () => life.wake(), done: life.run() };
}

class Life {
  readonly #id: string;
  readonly #options: DeliveryOptions;
  #due = true;
  #wake: () => void = () => undefined;
  /** What the receiver has taken, also where the store could not be told. */
  #taken = 0;

  constructor(id: string, options: DeliveryOptions) {
    this.#id = id;
    this.#options = options;
  }

  wake(): void {
    this.#due = true;
    this.#wake();
  }

  async run(): Promise<void> {
    const { store, onFault } = this.#options;
    while (!this.#isEnded()) {
      this.#due = false;
      try {
        const entry = await store.get(hookKey(this.#id));
        if (entry === null) return;
        await this.#pause(await this.#deliver(JSON.parse(entry.value) as StoredHook));
      } catch (error) {
        if (!this.#isEnded()) onFault(`webhook ${this.#id}`, error);
        await this.#pause(STORE_AGAIN_MS);
      }
    }
  }

  #isEnded(): boolean {
    return this.#options.signal.aborted;
  }

  /** Infinity waits until something happens. A failing receiver, or store, is not asked more often because more happens. */
  async #pause(ms: number): Promise<void> {
    if (ms === 0 || this.#isEnded() || (this.#due && !Number.isFinite(ms))) return;
    await new Promise<void>((resolve) => {
      const cancel: Cancel = Number.isFinite(ms) ? this.#options.clock.after(ms, resolve) : () => undefined;
      this.#wake = () => {
        if (Number.isFinite(ms) && !this.#isEnded()) return;
        cancel();
        resolve();
      };
    });
    this.#wake = () => undefined;
  }

  /** Sends the next event. Returns when to look again: 0 at once, Infinity when something happens. */
  async #deliver(hook: StoredHook): Promise<number> {
    if (this.#taken > hook.cursor) return this.#move({ ...hook, cursor: this.#taken, failures: 0, lastError: null });
    const entries = await this.#options.store.list(keys.events, { after: keys.event(hook.cursor), limit: BATCH });
    const next = entries.find(({ value }) => isWanted(hook, JSON.parse(value) as StoredEvent));
    const last = entries.at(-1);
    if (next === undefined) return last === undefined ? Infinity : this.#move({ ...hook, cursor: seqOf(last.key) });
    const seq = seqOf(next.key);
    const error = await this.#send(hook, JSON.parse(next.value) as StoredEvent);
    if (error !== null && this.#isEnded()) return Infinity;
    if (error === null) {
      this.#taken = seq;
      return this.#move({ ...hook, cursor: seq, failures: 0, lastError: null });
    }
    const failures = hook.failures + 1;
    if (failures >= ATTEMPTS_LIMIT) return this.#move({ ...hook, cursor: seq, failures: 0, lastError: `gave up event ${seq}: ${error}` });
    await this.#move({ ...hook, failures, lastError: error });
    return Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (failures - 1));
  }

  /** Null when it was taken, else why not. The same event keeps its id, so that a receiver can tell a repeat. */
  async #send({ id, url, secret }: StoredHook, event: StoredEvent): Promise<string | null> {
    const { send, clock, signal } = this.#options;
    const body = JSON.stringify({ type: `graylane.${event.kind}`, timestamp: new Date(event.at).toISOString(), data: { ...event, at: new Date(event.at).toISOString() } });
    const headers = { 'content-type': 'application/json', ...signed(secret, `${id}_${event.seq}`, clock.now(), body) };
    try {
      const status = await send(url, headers, body, { timeoutMs: SEND_TIMEOUT_MS, signal });
      return status >= 200 && status < 300 ? null : `answered ${status}`;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  /** Writes what has become of a hook, unless it was removed meanwhile. Returns 0: look again at once. */
  async #move(hook: StoredHook): Promise<0> {
    const { store } = this.#options;
    const entry = await store.get(hookKey(hook.id));
    if (entry !== null) await store.commit([{ key: entry.key, revision: entry.revision }], [{ key: entry.key, value: JSON.stringify(hook) }]);
    return 0;
  }
}

function isWanted({ kinds }: StoredHook, { kind }: StoredEvent): boolean {
  return kinds.length === 0 || kinds.includes(kind);
}
