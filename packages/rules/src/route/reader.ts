// Reads of a request exactly the fields that rules name: one pass over the raw headers, everything else on demand.
// Holds the values of one request at a time; allocates nothing unless a value has to be cut out of a longer one.

import type { FieldPlan } from '../compile/snapshot.ts';
import type { RequestFields, RouterOptions } from '../contract.ts';
import { eachCookie, findCookie, trimmed } from './cookie.ts';
import { derive } from './derived.ts';
import { NameTable } from './names.ts';
import { OVERRIDE_NAME } from './override.ts';
import { eachParameter } from './query.ts';
import { hostOf, pathOf } from './target.ts';

/** Header lines that fields are cut out of; they are no fields themselves. */
const COOKIE = -2;
const HOST = -3;
const OVERRIDE = -4;

/** Up to here each cookie is searched for; beyond it the header is split once. */
const SEARCHED_COOKIES = 8;

const NO_REQUEST: RequestFields = { method: '', target: '', rawHeaders: [] };

export class Reader {
  readonly plans: readonly FieldPlan[];
  readonly #claim: RouterOptions['claim'];
  readonly #headers: NameTable;
  readonly #cookies: ReadonlyMap<string, number>;
  readonly #parameters: ReadonlyMap<string, number>;
  readonly #values: (string | null)[];
  /** The request that a value was read for; anything else is stale. */
  readonly #stamps: Int32Array;
  #stamp = 0;
  #cookie: string | null = null;
  #host: string | null = null;
  #override: string | null = null;
  #cookiesSplit = false;
  #querySplit = false;
  #request: RequestFields = NO_REQUEST;

  constructor(plans: readonly FieldPlan[], options: Pick<RouterOptions, 'claim' | 'override'>) {
    this.plans = plans;
    this.#claim = options.claim;
    this.#values = plans.map(() => null);
    this.#stamps = new Int32Array(plans.length);
    const places = (kind: FieldPlan['kind']): [string, number][] => plans.flatMap((plan, field): [string, number][] => (plan.kind === kind && 'name' in plan ? [[plan.name, field]] : []));
    this.#cookies = new Map(places('cookie'));
    this.#parameters = new Map(places('query'));
    this.#headers = new NameTable([...places('header'), ...this.#special(options.override !== undefined)]);
  }

  #special(overrides: boolean): [string, number][] {
    const needsCookie = overrides || this.#cookies.size > 0 || this.plans.some((plan) => plan.kind === 'tag');
    const needsHost = this.plans.some((plan) => plan.kind === 'host' || plan.kind === 'path');
    return [...(needsCookie ? [['cookie', COOKIE] as [string, number]] : []), ...(needsHost ? [['host', HOST] as [string, number]] : []), ...(overrides ? [[OVERRIDE_NAME, OVERRIDE] as [string, number]] : [])];
  }

  /** From here on all values are of `request`. */
  begin(request: RequestFields): void {
    this.#request = request;
    this.#stamp = this.#stamp + 1 | 0;
    if (this.#stamp === 0) this.#stamps.fill(-1);
    this.#cookie = null;
    this.#host = null;
    this.#override = null;
    this.#cookiesSplit = false;
    this.#querySplit = false;
    if (this.#headers.size === 0) return;
    const lines = request.rawHeaders;
    const headers = this.#headers;
    for (let i = headers.next(lines, 0); i !== -1; i = headers.next(lines, i + 1)) this.#line(headers.field, lines[i] ?? '');
  }

  #line(field: number, raw: string): void {
    const value = trimmed(raw, 0, raw.length);
    if (field === COOKIE) this.#cookie = this.#cookie === null ? value : `${this.#cookie}; ${value}`;
    else if (field === HOST) this.#host ??= value;
    else if (field === OVERRIDE) this.#override ??= value;
    else if (this.#stamps[field] === this.#stamp) this.#values[field] = `${this.#values[field] ?? ''}, ${value}`;
    else this.#set(field, value);
  }

  #set(field: number, value: string | null): string | null {
    this.#values[field] = value;
    this.#stamps[field] = this.#stamp;
    return value;
  }

  /** The token of the header, else of the cookie, or null. The query parameter only leads to the cookie, by a redirect. */
  overrideToken(): string | null {
    if (this.#override !== null && this.#override !== '') return this.#override;
    return this.#cookie === null ? null : findCookie(this.#cookie, OVERRIDE_NAME);
  }

  /** The field's value, or null when the request has none (or its path is one that no rule matches). */
  value(field: number): string | null {
    return this.#stamps[field] === this.#stamp ? this.#values[field] ?? null : this.#read(field);
  }

  #read(field: number): string | null {
    const plan = this.plans[field];
    if (plan === undefined) return null;
    switch (plan.kind) {
      // The pass over the headers would have set it.
      case 'header': return null;
      case 'cookie': return this.#readCookie(field, plan.name);
      case 'query': return this.#readParameter(field);
      case 'method': return this.#set(field, this.#request.method);
      case 'host': return this.#set(field, this.#host === null ? null : hostOf(this.#host));
      case 'path': return this.#set(field, pathOf(this.#request.target, this.#host === null ? null : hostOf(this.#host)));
      case 'tag': return this.#set(field, derive(plan.sources, (other) => this.value(other), this.#request, this.#cookie, this.#claim));
    }
  }

  #readCookie(field: number, name: string): string | null {
    if (this.#cookie === null) return null;
    if (this.#cookies.size <= SEARCHED_COOKIES) return this.#set(field, findCookie(this.#cookie, name));
    if (!this.#cookiesSplit) {
      this.#cookiesSplit = true;
      eachCookie(this.#cookie, (found, value) => this.#first(this.#cookies.get(found), value));
    }
    return this.#stamps[field] === this.#stamp ? this.#values[field] ?? null : null;
  }

  #readParameter(field: number): string | null {
    if (!this.#querySplit) {
      this.#querySplit = true;
      eachParameter(this.#request.target, (found, value) => this.#first(this.#parameters.get(found), value));
    }
    return this.#stamps[field] === this.#stamp ? this.#values[field] ?? null : null;
  }

  #first(field: number | undefined, value: string): void {
    if (field !== undefined && this.#stamps[field] !== this.#stamp) this.#set(field, value);
  }
}
