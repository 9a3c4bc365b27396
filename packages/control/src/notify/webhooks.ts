// Tells others what happened: each webhook reads the stored events from where it stands, so that nothing is lost by a
// restart or a receiver that is away, and no queue grows. It must not know what an event means, nor how one is sent.

import { randomBytes } from 'node:crypto';
import type { Api } from '@graylane/wire';
import type { Clock } from '../clock.ts';
import { ControlError } from '../problem.ts';
import type { Store } from '../store/store.ts';
import { keys } from '../strategy/record.ts';
import { deliver } from './delivery.ts';
import type { Delivery, Send } from './delivery.ts';
import { hookKey, HOOKS_PREFIX, seqOf } from './hook.ts';
import type { StoredHook } from './hook.ts';
import { isLinkLocal } from './link-local.ts';

export interface WebhooksOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly send: Send;
  readonly onFault: (what: string, error: unknown) => void;
}

const HOOKS_LIMIT = 32;
/** A store that does not let itself be watched is asked again; meanwhile nothing is lost, only late. */
const WATCH_AGAIN_MS = 5_000;

export class Webhooks {
  readonly #options: WebhooksOptions;
  readonly #stop = new AbortController();
  readonly #deliveries = new Map<string, Delivery>();
  #watching: Promise<void> = Promise.resolve();
  #endPause: () => void = () => undefined;

  constructor(options: WebhooksOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    for (const hook of await this.#hooks()) this.#run(hook.id);
    this.#watching = this.#watch();
  }

  /** Waits for no receiver: what was not taken stays where it is, and is sent after the next start. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#endPause();
    this.#wakeAll();
    await this.#watching;
    await Promise.all([...this.#deliveries.values()].map(({ done }) => done));
  }

  /** Told of everything that happens from now on. The secret is shown here and never again. */
  async create(url: string, kinds: readonly string[]): Promise<Api<'NewWebhook'>> {
    checkUrl(url);
    if ((await this.#hooks()).length >= HOOKS_LIMIT) throw new ControlError('GL3015', { detail: `there are ${HOOKS_LIMIT} webhooks already`, fix: 'remove some' });
    const [newest] = await this.#options.store.list(keys.events, { reverse: true, limit: 1 });
    const cursor = newest === undefined ? 0 : seqOf(newest.key);
    const hook: StoredHook = { id: randomBytes(6).toString('hex'), url, kinds, cursor, failures: 0, lastError: null, secret: `whsec_${randomBytes(24).toString('base64')}` };
    await this.#options.store.commit([], [{ key: hookKey(hook.id), value: JSON.stringify(hook) }]);
    this.#run(hook.id);
    return { ...viewOf(hook), secret: hook.secret };
  }

  async list(): Promise<readonly Api<'Webhook'>[]> {
    return (await this.#hooks()).map(viewOf);
  }

  async remove(id: string): Promise<void> {
    if ((await this.#options.store.get(hookKey(id))) === null) throw new ControlError('GL3014', { detail: `there is no webhook '${id.slice(0, 40)}'` });
    await this.#options.store.commit([], [{ key: hookKey(id), value: null }]);
    this.#deliveries.get(id)?.wake();
  }

  /** Also after the watch broke off: events that came meanwhile are in the store, and each hook knows where it stands. */
  async #watch(): Promise<void> {
    const { store, onFault } = this.#options;
    while (!this.#isStopped()) {
      try {
        const newest = await store.revision();
        this.#wakeAll();
        for await (const change of store.watch(keys.events, newest, this.#stop.signal)) if (change.value !== null) this.#wakeAll();
      } catch (error) {
        if (!this.#isStopped()) onFault('watch for notifications', error);
      }
      if (!this.#isStopped()) await this.#pause(WATCH_AGAIN_MS);
    }
  }

  #isStopped(): boolean {
    return this.#stop.signal.aborted;
  }

  #wakeAll(): void {
    for (const { wake } of this.#deliveries.values()) wake();
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(ms, resolve);
      this.#endPause = () => {
        cancel();
        resolve();
      };
    });
  }

  #run(id: string): void {
    const delivery = deliver(id, { ...this.#options, signal: this.#stop.signal });
    this.#deliveries.set(id, delivery);
    void delivery.done.then(() => this.#deliveries.delete(id));
  }

  async #hooks(): Promise<readonly StoredHook[]> {
    return (await this.#options.store.list(HOOKS_PREFIX)).map(({ value }) => JSON.parse(value) as StoredHook);
  }
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
