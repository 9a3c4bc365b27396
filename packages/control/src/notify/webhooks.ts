// Tells others what happened: each webhook reads the stored events from where it stands, so that nothing is lost by a
// restart or a receiver that is away, and no queue grows. It must not know what an event means.

import { randomBytes } from 'node:crypto';
import type { Api } from '@graylane/wire';
import type { Cancel, Clock } from '../clock.ts';
import { ControlError } from '../problem.ts';
import type { StoredEvent } from '../plane/ledger.ts';
import type { Store } from '../store/store.ts';
import { keys } from '../strategy/record.ts';
import { isLinkLocal } from './link-local.ts';
import { signed } from './sign.ts';

/** Resolves with the status; rejects when there was none in time. */
export type Send = (url: string, headers: Readonly<Record<string, string>>, body: string, timeoutMs: number) => Promise<number>;

export interface WebhooksOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly send: Send;
  readonly onFault: (what: string, error: unknown) => void;
}

interface StoredHook {
  readonly id: string;
  readonly url: string;
  readonly secret: string;
  /** Of the kinds of events; empty is all. */
  readonly kinds: readonly string[];
  /** The last event that was delivered or given up. */
  readonly cursor: number;
  readonly failures: number;
  readonly lastError: string | null;
}

const PREFIX = 'webhook/';
const HOOKS_LIMIT = 32;
/** A receiver that hangs costs one connection for so long. */
const SEND_TIMEOUT_MS = 5_000;
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 300_000;
/** About two hours with the waits above; then the next event gets its turn, and the hook says so. */
const ATTEMPTS_LIMIT = 32;
const BATCH = 50;

export class Webhooks {
  readonly #options: WebhooksOptions;
  readonly #stop = new AbortController();
  readonly #workers = new Map<string, { wake: () => void; readonly done: Promise<void> }>();
  #watching: Promise<void> = Promise.resolve();

  constructor(options: WebhooksOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    for (const hook of await this.#hooks()) this.#run(hook.id);
    this.#watching = this.#watch();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    for (const { wake } of this.#workers.values()) wake();
    await this.#watching;
    await Promise.all([...this.#workers.values()].map(({ done }) => done));
  }

  /** Told of everything that happens from now on. The secret is shown here and never again. */
  async create(url: string, kinds: readonly string[]): Promise<Api<'NewWebhook'>> {
    checkUrl(url);
    if ((await this.#hooks()).length >= HOOKS_LIMIT) throw new ControlError('GL3015', { detail: `there are ${HOOKS_LIMIT} webhooks already`, fix: 'remove some' });
    const [newest] = await this.#options.store.list(keys.events, { reverse: true, limit: 1 });
    const cursor = newest === undefined ? 0 : seqOf(newest.key);
    const hook: StoredHook = { id: randomBytes(6).toString('hex'), url, kinds, cursor, failures: 0, lastError: null, secret: `whsec_${randomBytes(24).toString('base64')}` };
    await this.#put(hook);
    this.#run(hook.id);
    return { ...viewOf(hook), secret: hook.secret };
  }

  async list(): Promise<readonly Api<'Webhook'>[]> {
    return (await this.#hooks()).map(viewOf);
  }

  async remove(id: string): Promise<void> {
    if ((await this.#options.store.get(PREFIX + id)) === null) throw new ControlError('GL3014', { detail: `there is no webhook '${id.slice(0, 40)}'` });
    await this.#options.store.commit([], [{ key: PREFIX + id, value: null }]);
    this.#workers.get(id)?.wake();
  }

  async #watch(): Promise<void> {
    try {
      const newest = await this.#options.store.revision();
      for await (const change of this.#options.store.watch(keys.events, newest, this.#stop.signal)) {
        if (change.value !== null) for (const { wake } of this.#workers.values()) wake();
      }
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#options.onFault('watch for notifications', error);
    }
  }

  #run(id: string): void {
    const waiting: { wake: () => void; due: boolean } = { wake: () => undefined, due: true };
    const worker = {
      wake: () => {
        waiting.due = true;
        waiting.wake();
      },
      done: this.#work(id, waiting).catch((error: unknown) => this.#options.onFault(`webhook ${id}`, error)),
    };
    this.#workers.set(id, worker);
    void worker.done.then(() => this.#workers.delete(id));
  }

  /** One hook's life: deliver what there is, then wait for more or for the next attempt. */
  async #work(id: string, waiting: { wake: () => void; due: boolean }): Promise<void> {
    while (!this.#stop.signal.aborted) {
      waiting.due = false;
      const hook = await this.#hook(id);
      if (hook === null) return;
      const delayMs = await this.#deliver(hook);
      if (delayMs === 0) continue;
      await new Promise<void>((resolve) => {
        // A failing receiver is not asked more often because more happens.
        const cancel: Cancel = Number.isFinite(delayMs) ? this.#options.clock.after(delayMs, resolve) : () => undefined;
        waiting.wake = () => {
          if (Number.isFinite(delayMs) && !this.#stop.signal.aborted) return;
          cancel();
          resolve();
        };
        if (this.#stop.signal.aborted || (waiting.due && !Number.isFinite(delayMs))) waiting.wake();
      });
    }
  }

  /** Sends the next event. Returns when to look again: 0 at once, Infinity when something happens. */
  async #deliver(hook: StoredHook): Promise<number> {
    const entries = await this.#options.store.list(keys.events, { after: keys.event(hook.cursor), limit: BATCH });
    const next = entries.find(({ value }) => isWanted(hook, JSON.parse(value) as StoredEvent));
    const last = entries.at(-1);
    if (next === undefined) {
      if (last === undefined) return Infinity;
      await this.#move({ ...hook, cursor: seqOf(last.key) });
      return 0;
    }
    const error = await this.#send(hook, JSON.parse(next.value) as StoredEvent);
    if (error === null) {
      await this.#move({ ...hook, cursor: seqOf(next.key), failures: 0, lastError: null });
      return 0;
    }
    const failures = hook.failures + 1;
    if (failures >= ATTEMPTS_LIMIT) {
      await this.#move({ ...hook, cursor: seqOf(next.key), failures: 0, lastError: `gave up event ${seqOf(next.key)}: ${error}` });
      return 0;
    }
    await this.#move({ ...hook, failures, lastError: error });
    return Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** (failures - 1));
  }

  /** Null when it was taken, else why not. The same event keeps its id, so that a receiver can tell a repeat. */
  async #send({ id, url, secret }: StoredHook, event: StoredEvent): Promise<string | null> {
    const body = JSON.stringify({ type: `graylane.${event.kind}`, timestamp: new Date(event.at).toISOString(), data: { ...event, at: new Date(event.at).toISOString() } });
    const headers = { 'content-type': 'application/json', ...signed(secret, `${id}_${event.seq}`, this.#options.clock.now(), body) };
    try {
      const status = await this.#options.send(url, headers, body, SEND_TIMEOUT_MS);
      return status >= 200 && status < 300 ? null : `answered ${status}`;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  async #hooks(): Promise<readonly StoredHook[]> {
    return (await this.#options.store.list(PREFIX)).map(({ value }) => JSON.parse(value) as StoredHook);
  }

  async #hook(id: string): Promise<StoredHook | null> {
    const entry = await this.#options.store.get(PREFIX + id);
    return entry === null ? null : (JSON.parse(entry.value) as StoredHook);
  }

  /** Writes what has become of a hook, unless it was removed meanwhile. */
  async #move(hook: StoredHook): Promise<void> {
    const entry = await this.#options.store.get(PREFIX + hook.id);
    if (entry !== null) await this.#options.store.commit([{ key: entry.key, revision: entry.revision }], [{ key: entry.key, value: JSON.stringify(hook) }]);
  }

  async #put(hook: StoredHook): Promise<void> {
    await this.#options.store.commit([], [{ key: PREFIX + hook.id, value: JSON.stringify(hook) }]);
  }
}

function isWanted({ kinds }: StoredHook, { kind }: StoredEvent): boolean {
  return kinds.length === 0 || kinds.includes(kind);
}

function seqOf(key: string): number {
  return Number(key.slice(keys.events.length));
}

function checkUrl(text: string): void {
  const url = URL.parse(text);
  if (url === null || !['http:', 'https:'].includes(url.protocol) || url.username !== '' || url.password !== '') {
    throw new ControlError('GL3012', { detail: 'the address of a webhook must be an http or https URL without a password', fix: 'such as https://hooks.example/graylane' });
  }
  if (isLinkLocal(url.hostname)) throw new ControlError('GL3012', { detail: `${url.hostname} is an address of the machine's own link, where clouds keep their secrets: nobody is told there`, fix: 'name a receiver beyond it' });
}

function viewOf({ id, url, kinds, cursor, failures, lastError }: StoredHook): Api<'Webhook'> {
  return { id, url, kinds, cursor, failures, lastError };
}
