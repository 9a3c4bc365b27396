// Requests of `fetch` and of undici, Node's own and the app's: all copies speak on the same diagnostics channel.

import { channel } from 'node:diagnostics_channel';
import { setOwn } from '../internals.ts';
import { guardMethod, isMethod, ownerOf, setOwner } from './bound.ts';
import type { Context } from './context.ts';
import { valuesIn, withoutLines } from './header-lines.ts';
import type { Hook } from './hook.ts';
import type { Draft } from './outgoing.ts';
import { current } from './store.ts';

/** Who asked for a request that had to wait in a pool; undici makes the request only when its turn comes. */
const askers = new WeakMap<object, Context | null>();

export function noteAsker(handler: object): void {
  askers.set(handler, current());
}

export function hookUndici(hook: Hook): void {
  const classes = new WeakSet();
  channel('undici:request:create').subscribe((message) => hook.guard('undici request', () => {
    const request: unknown = typeof message === 'object' && message !== null ? Reflect.get(message, 'request') : null;
    if (typeof request !== 'object' || request === null) return;
    const prototype = Reflect.getPrototypeOf(request);
    if (prototype !== null && !classes.has(prototype)) {
      classes.add(prototype);
      guardClass(prototype, hook);
    }
    const context = askerOf(request);
    setOwner(request, context);
    hook.stamp(new UndiciDraft(request), context);
  }));
}

function askerOf(request: object): Context | null {
  const handler: unknown = Reflect.get(request, handlerKey(request));
  const asker = typeof handler === 'object' && handler !== null ? askers.get(handler) : undefined;
  return asker === undefined ? current() : asker;
}

const NO_KEY: unique symbol = Symbol('none');

/** request.js: `this[kHandler]`. */
function handlerKey(request: object): symbol {
  return Object.getOwnPropertySymbols(request).find(({ description }) => description === 'handler') ?? NO_KEY;
}

/** Once a copy of undici: what it tells a request's handler is said in the context of whoever asked. */
function guardClass(prototype: object, hook: Hook): void {
  for (const name of Object.getOwnPropertyNames(prototype)) if (/^on[A-Z]/.test(name)) guardMethod(prototype, name);
  const add: unknown = Reflect.get(prototype, 'addHeader');
  if (!isMethod(add)) return;
  // Others (OpenTelemetry) may add their `baggage` after us: one header, not two.
  setOwn(prototype, 'addHeader', function (this: object, ...args: unknown[]): unknown {
    const result = add.apply(this, args);
    const [name] = args;
    const owner = ownerOf(this);
    if (owner !== undefined && typeof name === 'string' && name.toLowerCase() === 'baggage') hook.guard('undici header', () => hook.stamp(new UndiciDraft(this), owner));
    return result;
  });
}

/** Headers are one list of names and values; up to undici 5 the text of all lines. */
class UndiciDraft implements Draft {
  readonly #request: object;
  readonly authorities: readonly string[];
  readonly port: number;

  constructor(request: object) {
    this.#request = request;
    const { host, protocol } = readOrigin(Reflect.get(request, 'origin'));
    const named: unknown = Reflect.get(request, 'host');
    this.authorities = typeof named === 'string' && named !== host ? [host, named] : [host];
    this.port = protocol === 'https:' ? 443 : 80;
  }

  get(name: string): string | null {
    const headers: unknown = Reflect.get(this.#request, 'headers');
    if (typeof headers === 'string') return valuesIn(headers, name);
    return isList(headers) ? listed(headers, name) : null;
  }

  set(name: string, value: string): void {
    const headers: unknown = Reflect.get(this.#request, 'headers');
    if (isList(headers)) {
      for (let at = headers.length - 2; at >= 0; at -= 2) if (isName(headers[at], name)) headers.splice(at, 2);
      if (value !== '') headers.push(name, value);
    } else if (typeof headers === 'string') {
      Reflect.set(this.#request, 'headers', `${withoutLines(headers, name)}${value === '' ? '' : `${name}: ${value}\r\n`}`);
    }
  }
}

function listed(headers: readonly unknown[], name: string): string | null {
  const values: string[] = [];
  for (let at = 0; at < headers.length; at += 2) if (isName(headers[at], name)) values.push(String(headers[at + 1]));
  return values.length === 0 ? null : values.join(', ');
}

function isName(value: unknown, name: string): boolean {
  return typeof value === 'string' && value.length === name.length && value.toLowerCase() === name.toLowerCase();
}

function isList(value: unknown): value is unknown[] {
  return Array.isArray(value);
}

function readOrigin(origin: unknown): { readonly host: string; readonly protocol: string } {
  if (origin instanceof URL) return origin;
  const text = String(origin);
  const match = /^([a-z]+:)\/\/([^/]*)/i.exec(text);
  return { protocol: match?.[1] ?? '', host: match?.[2] ?? '' };
}
