// Requests of `node:http2`, and of clients made on it. No channel can add a header there, so the session's method is wrapped.

import { EventEmitter } from 'node:events';
import { setOwn } from '../internals.ts';
import { bind, isMethod } from './bound.ts';
import type { Hook } from './hook.ts';
import type { Draft } from './outgoing.ts';
import { applyIn, current } from './store.ts';

export function hookHttp2(hook: Hook): void {
  // The module's own object: what an import sees is a view of it.
  const http2: object = process.getBuiltinModule('node:http2');
  const connect: unknown = Reflect.get(http2, 'connect');
  if (!isMethod(connect)) return;
  const prototypes = new WeakSet();
  setOwn(http2, 'connect', function (this: object, ...args: unknown[]): unknown {
    // A session serves many requests and belongs to none.
    const session = applyIn(null, connect, this, args);
    const prototype = typeof session === 'object' && session !== null ? Reflect.getPrototypeOf(session) : null;
    if (prototype !== null && !prototypes.has(prototype)) {
      prototypes.add(prototype);
      hook.guard('http2 session', () => wrapRequest(prototype, hook));
    }
    return session;
  });
}

function wrapRequest(prototype: object, hook: Hook): void {
  const request: unknown = Reflect.get(prototype, 'request');
  if (!isMethod(request)) return;
  setOwn(prototype, 'request', function (this: object, headers: unknown, ...rest: unknown[]): unknown {
    const context = current();
    let stamped = headers;
    hook.guard('http2 request', () => {
      const draft = draftOf(this, headers);
      if (draft === null) return;
      hook.stamp(draft, context);
      stamped = draft.headers;
    });
    const stream = request.call(this, stamped, ...rest);
    if (stream instanceof EventEmitter) bind(stream, context);
    return stream;
  });
}

interface Http2Draft extends Draft {
  /** The app's own object as long as nothing was changed. */
  readonly headers: unknown;
}

function draftOf(session: object, headers: unknown): Http2Draft | null {
  if (Array.isArray(headers)) return new ListDraft(session, headers);
  if (headers === undefined || headers === null) return new RecordDraft(session, {});
  return typeof headers === 'object' ? new RecordDraft(session, headers) : null;
}

class RecordDraft implements Http2Draft {
  headers: object;
  readonly port: number;
  readonly #session: object;

  constructor(session: object, headers: object) {
    this.#session = session;
    this.headers = headers;
    this.port = portOf(session);
  }

  get authorities(): readonly string[] {
    return authoritiesOf(this.#session, this.get(':authority') ?? this.get('host'));
  }

  get(name: string): string | null {
    const values = this.#keys(name).map((key) => Reflect.get(this.headers, key) as unknown);
    return values.length === 0 ? null : values.map((value) => (Array.isArray(value) ? value.join(', ') : String(value))).join(', ');
  }

  set(name: string, value: string): void {
    // Symbols too: they say which headers are sensitive.
    const headers = { ...this.headers };
    for (const key of this.#keys(name)) Reflect.deleteProperty(headers, key);
    if (value !== '') Reflect.set(headers, name.toLowerCase(), value);
    this.headers = headers;
  }

  #keys(name: string): readonly string[] {
    return Object.keys(this.headers).filter((key) => key.length === name.length && key.toLowerCase() === name.toLowerCase());
  }
}

/** Names and values in one list. */
class ListDraft implements Http2Draft {
  headers: readonly unknown[];
  readonly port: number;
  readonly #session: object;

  constructor(session: object, headers: readonly unknown[]) {
    this.#session = session;
    this.headers = headers;
    this.port = portOf(session);
  }

  get authorities(): readonly string[] {
    return authoritiesOf(this.#session, this.get(':authority') ?? this.get('host'));
  }

  get(name: string): string | null {
    const values = this.headers.filter((_, at) => at % 2 === 1 && this.#isName(at - 1, name));
    return values.length === 0 ? null : values.map(String).join(', ');
  }

  set(name: string, value: string): void {
    const rest = this.headers.filter((_, at) => !this.#isName(at - (at % 2), name));
    this.headers = value === '' ? rest : [...rest, name.toLowerCase(), value];
  }

  #isName(at: number, name: string): boolean {
    const found = this.headers[at];
    return typeof found === 'string' && found.toLowerCase() === name.toLowerCase();
  }
}

/** http2/core.js keeps what a session was opened for under symbols. */
function held(session: object, description: string): string {
  const symbol = Object.getOwnPropertySymbols(session).find((known) => known.description === description);
  const value: unknown = symbol === undefined ? undefined : Reflect.get(session, symbol);
  return typeof value === 'string' ? value : '';
}

function authoritiesOf(session: object, named: string | null): readonly string[] {
  const opened = held(session, 'authority');
  return named === null || named === opened ? [opened] : [named, opened];
}

function portOf(session: object): number {
  return held(session, 'protocol') === 'http:' ? 80 : 443;
}
