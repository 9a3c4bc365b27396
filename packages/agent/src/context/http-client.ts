// Requests of `node:http` and `node:https`, and of all clients made on them. It decides nothing about what is stamped.

import { channel } from 'node:diagnostics_channel';
import { EventEmitter } from 'node:events';
import { Agent, ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import { headOf, replaceHead, setOwn } from '../internals.ts';
import { bind, guardEmit, isMethod, ownerOf, setOwner } from './bound.ts';
import type { Context } from './context.ts';
import { valuesIn, withLine, withLineMore } from './header-lines.ts';
import type { Hook } from './hook.ts';
import type { Draft } from './outgoing.ts';
import { current } from './store.ts';

export function hookHttpClient(hook: Hook): void {
  guardEmit(IncomingMessage.prototype);
  guardEmit(ServerResponse.prototype);
  guardEmit(ClientRequest.prototype, passOwner);
  // A request is written to later, maybe by somebody else: whose it is, is settled when it is made.
  channel('http.client.request.created').subscribe((message) => {
    const request: unknown = typeof message === 'object' && message !== null ? Reflect.get(message, 'request') : null;
    if (request instanceof ClientRequest) claim(request);
  });
  claimWithoutChannel();
  completeHead(hook);
}

/** Node 20 has no such channel; there the agent sees each request, or, without one, a socket does, while it is made. */
function claimWithoutChannel(): void {
  const add: unknown = Reflect.get(Agent.prototype, 'addRequest');
  const start: unknown = Reflect.get(ClientRequest.prototype, 'onSocket');
  if (!process.version.startsWith('v20.') || !isMethod(add) || !isMethod(start)) return;
  setOwn(Agent.prototype, 'addRequest', function (this: object, ...args: unknown[]): unknown {
    if (args[0] instanceof ClientRequest) claim(args[0]);
    return add.apply(this, args);
  });
  setOwn(ClientRequest.prototype, 'onSocket', function (this: ClientRequest, ...args: unknown[]): unknown {
    claim(this);
    return start.apply(this, args);
  });
}

/** Once: headers given as a list are put together before anybody is told of the request. */
function claim(request: ClientRequest): Context | null {
  const owner = ownerOf(request);
  if (owner !== undefined) return owner;
  const context = current();
  setOwner(request, context);
  return context;
}

/**
 * The one moment at which all headers are known (http.js: `_storeHeader`): some clients set theirs one by one. Ours go into the
 * finished head, where Node has nothing more to check, and where clients that follow redirects copy nothing from.
 */
function completeHead({ stamp, guard }: Hook): void {
  const store: unknown = Reflect.get(ClientRequest.prototype, '_storeHeader');
  if (!isMethod(store)) throw new TypeError('a ClientRequest without _storeHeader');
  setOwn(ClientRequest.prototype, '_storeHeader', function (this: ClientRequest, ...args: unknown[]): unknown {
    const result = store.apply(this, args);
    guard('http request', () => stamp(new HeadDraft(this, Array.isArray(args[1])), claim(this)));
    return result;
  });
}

/** A response belongs to whom its request belongs to, and so does a connection that it was upgraded to. */
function passOwner(request: object, args: readonly unknown[]): void {
  const event = args[0];
  if (event !== 'response' && event !== 'upgrade') return;
  const [, response, socket] = args;
  const owner: Context | null = ownerOf(request) ?? null;
  if (response instanceof EventEmitter) setOwner(response, owner);
  if (event === 'upgrade' && socket instanceof EventEmitter) bind(socket, owner);
}

/** A request whose head is text by now (http.js: `_header`). */
class HeadDraft implements Draft {
  readonly #request: ClientRequest;
  readonly #isListed: boolean;

  /** `isListed`: its headers were given as a list, and are nowhere but in the text. */
  constructor(request: ClientRequest, isListed: boolean) {
    this.#request = request;
    this.#isListed = isListed;
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
    if (this.#isListed) return valuesIn(headOf(this.#request), name);
    const value = this.#request.getHeader(name);
    return value === undefined ? null : Array.isArray(value) ? value.join(', ') : String(value);
  }

  set(name: string, value: string): void {
    const head = headOf(this.#request);
    replaceHead(this.#request, this.get(name) === null ? withLineMore(head, name, value) : withLine(head, name, value));
  }
}
