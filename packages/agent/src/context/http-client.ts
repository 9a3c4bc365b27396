// Requests of `node:http` and `node:https`, and of all clients made on them. It decides nothing about what is stamped.

import { channel } from 'node:diagnostics_channel';
import { EventEmitter } from 'node:events';
import { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import { setOwn } from '../internals.ts';
import { bind, guardMethod, isMethod, ownerOf, setOwner } from './bound.ts';
import type { Context } from './context.ts';
import { valuesIn, withLine } from './header-lines.ts';
import type { Hook } from './hook.ts';
import type { Draft } from './outgoing.ts';
import { current } from './store.ts';

/** The first releases whose `http.client.request.created` is there. */
const CHANNEL_SINCE: readonly (readonly [major: number, minor: number])[] = [[22, 12], [23, 2]];

export function hookHttpClient({ stamp, guard }: Hook, version: string = process.versions.node): void {
  guardMethod(IncomingMessage.prototype, 'emit');
  guardMethod(ServerResponse.prototype, 'emit');
  guardMethod(ClientRequest.prototype, 'emit', passOwner);
  const begin = (request: ClientRequest): void => guard('http request', () => {
    const context = current();
    setOwner(request, context);
    stamp(new HttpDraft(request), context);
  });
  if (hasChannel(version)) {
    channel('http.client.request.created').subscribe((message) => {
      const request: unknown = typeof message === 'object' && message !== null ? Reflect.get(message, 'request') : null;
      if (request instanceof ClientRequest) begin(request);
    });
  } else {
    beforeHead(begin);
  }
}

function hasChannel(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 23 || CHANNEL_SINCE.some(([line, since]) => line === major && minor >= since);
}

/** Without the channel (Node 20): when the head is put together, which is when the request is first written to. */
function beforeHead(begin: (request: ClientRequest) => void): void {
  const store: unknown = Reflect.get(ClientRequest.prototype, '_storeHeader');
  if (!isMethod(store)) return;
  setOwn(ClientRequest.prototype, '_storeHeader', function (this: ClientRequest, ...args: unknown[]): unknown {
    const result = store.apply(this, args);
    begin(this);
    return result;
  });
}

/** A response belongs to whom its request belongs to, and so does a connection that it was upgraded to. */
function passOwner(request: object, [event, response, socket]: readonly unknown[]): void {
  if (event !== 'response' && event !== 'upgrade') return;
  const owner: Context | null = ownerOf(request) ?? null;
  if (response instanceof EventEmitter) setOwner(response, owner);
  if (event === 'upgrade' && socket instanceof EventEmitter) bind(socket, owner);
}

/** A request whose head may be text already: with its headers given as an array, or with `Expect`. */
class HttpDraft implements Draft {
  readonly #request: ClientRequest;
  /** The finished head (http.js: `_header`), or null. */
  readonly #head: string | null;

  constructor(request: ClientRequest) {
    this.#request = request;
    const head: unknown = Reflect.get(request, '_header');
    this.#head = typeof head === 'string' ? head : null;
  }

  get authorities(): readonly string[] {
    const { host } = this.#request;
    const named = this.get('host');
    return named === null || named === host ? [host] : [named, host];
  }

  get port(): number {
    return this.#request.protocol === 'https:' ? 443 : 80;
  }

  get(name: string): string | null {
    if (this.#head !== null) return valuesIn(this.#head, name);
    const value = this.#request.getHeader(name);
    return value === undefined ? null : Array.isArray(value) ? value.join(', ') : String(value);
  }

  set(name: string, value: string): void {
    const head: unknown = Reflect.get(this.#request, '_header');
    if (typeof head === 'string') replaceHead(this.#request, head, withLine(head, name, value));
    else if (value === '') this.#request.removeHeader(name);
    else this.#request.setHeader(name, value);
  }
}

/** With `Expect` the head waits for its connection already, as the first piece of output (http.js: `outputData`). */
function replaceHead(request: ClientRequest, before: string, after: string): void {
  Reflect.set(request, '_header', after);
  const output: unknown = Reflect.get(request, 'outputData');
  const first: unknown = Array.isArray(output) ? output[0] : null;
  if (typeof first === 'object' && first !== null && Reflect.get(first, 'data') === before) Reflect.set(first, 'data', after);
}
