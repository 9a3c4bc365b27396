// The operations of the API as typed calls. It must not print anything, and knows not how a call is carried.

import type { StrategyDocument, Explanation, RequestFields } from '@graylane/rules';
import type { Api, ApiRequest } from '@graylane/wire';
import type { Verb } from '../plane/control-plane.ts';
import { ApiCaller, headerText, type CallerOptions } from './caller.ts';
import type { Frame } from './frames.ts';

export interface Page<T> {
  readonly items: readonly T[];
  readonly cursor: string | null;
}

/** `dryRun` changes nothing and says what would change. */
export interface LookAhead {
  readonly dryRun?: boolean;
}

function queryOf({ dryRun }: LookAhead): string {
  return dryRun === true ? '?dryRun=true' : '';
}

/** As many as one answer gives; lists are read to their end. */
const PAGE = 1_000;

export class ApiClient {
  readonly #caller: ApiCaller;

  constructor(options: CallerOptions) {
    this.#caller = new ApiCaller(options);
  }

  strategy(revision?: number): Promise<Api<'Strategy'>> {
    return this.#caller.call({ method: 'GET', path: revision === undefined ? '/strategy' : `/strategy?revision=${revision}` });
  }

  /** `revision` is what the caller has seen; null takes whatever stands. */
  apply(document: unknown, options: { readonly revision: number | null; readonly dryRun?: boolean; readonly force?: boolean; readonly why?: string }): Promise<Api<'Applied'>> {
    const query = new URLSearchParams({ ...(options.dryRun === true ? { dryRun: 'true' } : {}), ...(options.force === true ? { force: 'true' } : {}) });
    return this.#caller.call({
      method: 'PUT', path: `/strategy?${query.toString()}`, body: document,
      headers: { 'if-match': ifMatch(options.revision), ...(options.why === undefined ? {} : { 'graylane-why': headerText(options.why) }) },
    });
  }

  difference(document: StrategyDocument): Promise<Api<'Difference'>> {
    return this.#caller.call({ method: 'POST', path: '/strategy/difference', body: document });
  }

  releases(): Promise<Page<Api<'Release'>>> {
    return this.#all('/releases');
  }

  release(name: string): Promise<Api<'Release'>> {
    return this.#caller.call({ method: 'GET', path: `/releases/${encodeURIComponent(name)}` });
  }

  compare(name: string): Promise<Api<'Comparison'>> {
    return this.#caller.call({ method: 'GET', path: `/releases/${encodeURIComponent(name)}/comparison` });
  }

  canary(canary: ApiRequest<'Canary'>, look: LookAhead = {}): Promise<Api<'Applied'>> {
    return this.#caller.call({ method: 'POST', path: `/releases${queryOf(look)}`, body: canary });
  }

  split(release: string, percent: string, revision: number | null, look: LookAhead = {}): Promise<Api<'Applied'>> {
    return this.#caller.call({ method: 'POST', path: `/releases/${encodeURIComponent(release)}/split${queryOf(look)}`, body: { percent }, headers: { 'if-match': ifMatch(revision) } });
  }

  verb(release: string, verb: Verb, options: ApiRequest<'Verb'> = {}, look: LookAhead = {}): Promise<Api<'Applied'>> {
    return this.#caller.call({ method: 'POST', path: `/releases/${encodeURIComponent(release)}/${verb}${queryOf(look)}`, body: options });
  }

  events(options: { readonly limit?: number; readonly cursor?: string } = {}): Promise<Page<Api<'Event'>>> {
    const query = new URLSearchParams({ ...(options.limit === undefined ? {} : { limit: String(options.limit) }), ...(options.cursor === undefined ? {} : { cursor: options.cursor }) });
    return this.#caller.call({ method: 'GET', path: `/events?${query.toString()}` });
  }

  workers(): Promise<Page<Api<'Worker'>>> {
    return this.#all('/workers');
  }

  status(): Promise<Api<'Status'>> {
    return this.#caller.call({ method: 'GET', path: '/status' });
  }

  explain({ method, target, rawHeaders, address }: RequestFields): Promise<Explanation> {
    return this.#caller.call({ method: 'POST', path: '/explain', body: { method, target, rawHeaders, ...(address === undefined ? {} : { address }) } });
  }

  /** Of a server: the machines that follow it. */
  nodes(): Promise<Api<'Nodes'>> {
    return this.#caller.call({ method: 'GET', path: '/nodes' });
  }

  async freeze(reason: string | null): Promise<void> {
    await this.#caller.call(reason === null ? { method: 'DELETE', path: '/freeze' } : { method: 'PUT', path: '/freeze', body: { reason } });
  }

  override(lane: string, seconds: number): Promise<Api<'Override'>> {
    return this.#caller.call({ method: 'POST', path: '/overrides', body: { lane, seconds } });
  }

  async rotateKeys(): Promise<void> {
    await this.#caller.call({ method: 'POST', path: '/keys/rotation' });
  }

  tokens(): Promise<Page<Api<'Token'>>> {
    return this.#all('/tokens');
  }

  createToken(token: ApiRequest<'Token'>): Promise<Api<'NewToken'>> {
    return this.#caller.call({ method: 'POST', path: '/tokens', body: token });
  }

  async revokeToken(id: string): Promise<void> {
    await this.#caller.call({ method: 'DELETE', path: `/tokens/${encodeURIComponent(id)}` });
  }

  webhooks(): Promise<Page<Api<'Webhook'>>> {
    return this.#all('/webhooks');
  }

  createWebhook(webhook: ApiRequest<'Webhook'>): Promise<Api<'NewWebhook'>> {
    return this.#caller.call({ method: 'POST', path: '/webhooks', body: webhook });
  }

  async removeWebhook(id: string): Promise<void> {
    await this.#caller.call({ method: 'DELETE', path: `/webhooks/${encodeURIComponent(id)}` });
  }

  /** A whole copy of the store, to an absolute path on the machine of the control plane. */
  async backup(file: string): Promise<void> {
    await this.#caller.call({ method: 'POST', path: '/backup', body: { file } });
  }

  /** Every change from now, or after the id of an event; ends with `signal` or the server. */
  watch(signal: AbortSignal, after?: number): AsyncGenerator<Frame> {
    return this.#caller.frames(after === undefined ? '/watch' : `/watch?after=${after}`, signal);
  }

  async #all<T>(path: string): Promise<Page<T>> {
    const items: T[] = [];
    for (let from: string | null = '0'; from !== null;) {
      const page: Page<T> = await this.#caller.call({ method: 'GET', path: `${path}?limit=${PAGE}&cursor=${from}` });
      items.push(...page.items);
      from = page.cursor;
    }
    return { items, cursor: null };
  }
}

function ifMatch(revision: number | null): string {
  return revision === null ? '*' : `"${revision}"`;
}
